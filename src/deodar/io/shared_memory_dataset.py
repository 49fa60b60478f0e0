"""A dataset whose data lives in a process of its own, where all workers of a run reach it."""

from __future__ import annotations

from typing import Any

from .core import AbstractDataset, DatasetError


class SharedMemoryDataset(AbstractDataset[Any, Any]):
    """Data in memory that several processes share, through a ``multiprocessing`` manager."""

    def __init__(self, manager: Any = None) -> None:
        """Take the manager, if there is one yet.

        Args:
            manager: a started ``SyncManager`` on which ``MemoryDataset`` is registered.
        """
        self._EPHEMERAL = True
        self.shared_memory_dataset: Any = None
        self.set_manager(manager)

    def set_manager(self, manager: Any) -> None:
        """Keep the data in this manager from now on, empty to begin with."""
        self.shared_memory_dataset = manager.MemoryDataset() if manager else None

    def __getattr__(self, name: str) -> Any:
        # Only for what is not found here. Unpickling asks for some before there is anything to ask.
        if name.startswith("__") or name in ("shared_memory_dataset", "_init_args"):
            raise AttributeError(name)
        return getattr(self.shared_memory_dataset, name)

    def load(self) -> Any:
        """Return the data."""
        return self.shared_memory_dataset.load()

    def save(self, data: Any) -> None:
        """Hand the data to the manager.

        Raises:
            DatasetError: the data cannot be pickled.
        """
        try:
            self.shared_memory_dataset.save(data)
        except Exception as exc:
            if isinstance(exc, DatasetError) or _can_be_pickled(data):
                raise
            raise DatasetError(
                f"{type(data)!s} cannot be serialised. ParallelRunner implicit memory datasets can only be "
                "used with serialisable data"
            ) from exc

    def _exists(self) -> bool:
        return self.shared_memory_dataset is not None and bool(self.shared_memory_dataset.exists())

    def _release(self) -> None:
        if self.shared_memory_dataset is not None:
            self.shared_memory_dataset.release()

    def _describe(self) -> dict[str, Any]:
        return {}


def _can_be_pickled(data: Any) -> bool:
    # Imported here: only a save that failed needs it.
    import pickle

    try:
        pickle.dumps(data)
    except Exception:  # Whatever a class raises when asked for its state, it cannot.
        return False
    return True
