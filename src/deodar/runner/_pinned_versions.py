"""Which versions a run reads: settled when it is planned, and the same in all its processes.

What comes from outside is pinned to the version that is the latest now, whatever others save while the run goes on.
What the run saves it reads itself, so that anything known about its outputs from before must be forgotten.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..io.core import AbstractVersionedDataset

if TYPE_CHECKING:
    from ._catalog import Catalog
    from ._compile import CompiledPipeline

logger = logging.getLogger(__name__)


class PinnedVersions:
    """The versions of a run's inputs, and its outputs as they were saved; a context manager round the run."""

    def __init__(self, compiled: CompiledPipeline, catalog: Catalog) -> None:
        self._compiled = compiled
        self._catalog = catalog
        self._outputs: list[Any] = []
        self._is_settled = False

    def __enter__(self) -> PinnedVersions:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for dataset in self._outputs:
            # Saved by a worker, and looked at before here: the next look finds the version of this run.
            if dataset._cached_load_version != (dataset._version.save or dataset._cached_save_version):
                dataset._cached_load_version = None

    def settle(self) -> None:
        """Read the versions, once: whoever decides on a run must see those that it will read."""
        if self._is_settled:
            return
        self._is_settled = True
        written = {name for node in self._compiled.nodes for name in node.outputs}
        for name in self._compiled.datasets:
            dataset = _versioned(self._catalog, name)
            if dataset is None:
                continue
            if name in written:
                self._outputs.append(dataset)
                dataset._cached_load_version = None
            else:
                _pin(name, dataset)

    def keep(self, names: Iterable[str]) -> None:
        """Settle the versions of outputs that the run will not save, as they are now."""
        for name in names:
            dataset = _versioned(self._catalog, name)
            if dataset is not None:
                _pin(name, dataset)


def _pin(name: str, dataset: Any) -> None:
    try:
        dataset.resolve_load_version()
    except Exception as error:
        # It may never be loaded; if it is, the load says why it cannot be.
        logger.debug("The version of %s cannot be told yet: %s", name, error)


def _versioned(catalog: Catalog, name: str) -> Any:
    dataset: Any = catalog._datasets.get(name)
    if getattr(dataset, "_passes_on", False):
        dataset = dataset._dataset
    is_open = isinstance(dataset, AbstractVersionedDataset) and dataset._version and not dataset._version.load
    return dataset if is_open else None
