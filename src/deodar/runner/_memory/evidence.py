"""The state of a catalog, as evidence for the one decision."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ...engine.cache import memory
from ...engine.cache.content import ContentMemo
from ...engine.cache.packages import installed_version
from ...engine.cache.store import ValueStore
from ...engine.model import ValueId
from ...engine.plan import same_identity
from ...io.core import is_parameter
from .datasets import NOTHING, held, identify, is_in_memory, is_same, is_traceable

_MEMORY_LIMIT = 16 << 20


class CatalogEvidence:
    """Looks at datasets only when asked, and anew each time but in a block of ``standing_still``.

    Args:
        datasets: by value; None for what the catalog does not know.
        names: by value.
        made: identities that were recorded of values which tasks of this graph write.

    Attributes:
        looked_at: the values that were looked at in the last block of ``standing_still``, each with the identity that
            it was compared to; an empty one where it was only asked whether there is anything.
    """

    def __init__(
        self,
        datasets: Mapping[ValueId, Any],
        names: Mapping[ValueId, str],
        made: Mapping[ValueId, str | None],
        store: ValueStore,
        memo: ContentMemo | None,
    ) -> None:
        self._datasets = datasets
        self._names = names
        self._made = made
        self._store = store
        self._memo = memo
        self._seen: dict[tuple[ValueId, str | None], bool] | None = None
        self.looked_at: Collection[tuple[ValueId, str | None]] = ()

    @contextlib.contextmanager
    def standing_still(self) -> Iterator[None]:
        """Look at each thing once in this block: nothing of ours is running."""
        self._seen = {}
        try:
            yield
        finally:
            self.looked_at, self._seen = self._seen, None

    def exists(self, value: ValueId) -> bool:
        """Say whether a dataset has data."""
        if self._seen is None:
            return self._exists(value)
        # No identity is empty, so this key is free.
        key = value, ""
        if key not in self._seen:
            self._seen[key] = self._exists(value)
        return self._seen[key]

    def _exists(self, value: ValueId) -> bool:
        dataset = self._datasets.get(value)
        return dataset is not None and bool(dataset.exists())

    def is_same(self, value: ValueId, recorded: str | None) -> bool:
        """Say whether a dataset has what was recorded. Parameters are part of fingerprints."""
        if is_parameter(self._names[value]):
            return True
        if recorded is None:
            return False
        if self._seen is None:
            return self._is_same(value, recorded)
        key = value, recorded
        if key not in self._seen:
            self._seen[key] = self._is_same(value, recorded)
        return self._seen[key]

    def _is_same(self, value: ValueId, recorded: str) -> bool:
        dataset = self._datasets.get(value)
        if dataset is not None and is_in_memory(dataset):
            return same_identity(self.identity(value), recorded)
        if not is_traceable(dataset):
            # Nobody can see what is there, but whether there is anything.
            return same_identity(self._made.get(value), recorded) and self.exists(value)
        return is_same(dataset, recorded, self._memo)

    def is_stored(self, value: ValueId, key: str) -> bool:
        """Say whether the store has a value."""
        return key in self._store

    def package_version(self, name: str) -> str | None:
        """Return the version of an installed package."""
        return installed_version(name)

    def identity(self, value: ValueId, limit: int | None = None) -> str | None:
        """Return the identity of what a dataset has now.

        Args:
            limit: files of more bytes are told by their stat alone.
        """
        dataset = self._datasets.get(value)
        if dataset is None or is_parameter(self._names[value]):
            return None
        if not is_in_memory(dataset):
            return identify(dataset, self._memo, limit)
        content = held(dataset)
        return None if content is NOTHING else memory.identify(content, _MEMORY_LIMIT)
