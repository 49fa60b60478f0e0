"""A dataset in front of another one, that keeps in memory what went through it."""

from __future__ import annotations

import logging
from typing import Any

from .core import VERSIONED_FLAG_KEY, AbstractDataset, TCopyMode, Version
from .memory_dataset import MemoryDataset

logger = logging.getLogger(__name__)


class CachedDataset(AbstractDataset[Any, Any]):
    """Another dataset, with a memory: what was loaded or saved once is not read again."""

    _SINGLE_PROCESS = True
    _passes_on = True

    def __init__(
        self,
        dataset: AbstractDataset[Any, Any] | dict[str, Any],
        version: Version | None = None,
        copy_mode: TCopyMode | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Take the dataset to stand in front of.

        Args:
            dataset: the dataset, or its catalog entry (without ``versioned``).
            version: the versions that an entry shall load and save.
            copy_mode: how the memory copies; by default what suits the data.
            metadata: anything; this dataset ignores it.

        Raises:
            ValueError: ``dataset`` is neither, or its entry says whether it is versioned.
        """
        self._EPHEMERAL = True
        if isinstance(dataset, dict):
            self._dataset = self._from_config(dataset, version)
        elif isinstance(dataset, AbstractDataset):
            self._dataset = dataset
        else:
            raise ValueError(
                "The argument type of 'dataset' should be either a dict/YAML representation of the dataset, "
                "or the actual dataset object."
            )
        self._cache = MemoryDataset(copy_mode=copy_mode)
        self.metadata = metadata

    @staticmethod
    def _from_config(config: dict[str, Any], version: Version | None) -> AbstractDataset[Any, Any]:
        if VERSIONED_FLAG_KEY in config:
            raise ValueError(
                "Cached datasets should specify that they are versioned in the 'CachedDataset', "
                "not in the wrapped dataset."
            )
        if version:
            config[VERSIONED_FLAG_KEY] = True
            return AbstractDataset.from_config("_cached", config, version.load, version.save)
        return AbstractDataset.from_config("_cached", config)

    def load(self) -> Any:
        """Return what the memory holds, else load it from the dataset behind."""
        if self._cache.exists():
            return self._cache.load()
        data = self._dataset.load()
        self._cache.save(data)
        return data

    def save(self, data: Any) -> None:
        """Save to the dataset behind, then to the memory."""
        self._dataset.save(data)
        self._cache.save(data)

    def _exists(self) -> bool:
        return self._cache.exists() or self._dataset.exists()

    def _release(self) -> None:
        self._cache.release()
        self._dataset.release()

    def _describe(self) -> dict[str, Any]:
        return {"dataset": self._dataset._describe(), "cache": self._cache._describe()}

    def __repr__(self) -> str:
        return self._pretty_repr(
            {
                "dataset": self._dataset._pretty_repr(self._dataset._describe()),
                "cache": self._cache._pretty_repr(self._cache._describe()),
            }
        )

    def __getstate__(self) -> dict[str, Any]:
        logger.warning("%s: clearing cache to pickle.", str(self))
        self._cache.release()
        return self.__dict__
