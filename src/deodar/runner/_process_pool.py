"""A pool of processes of the standard library's kind, and a manager that keeps datasets for such processes.

Both bring multiprocessing along, which takes as long to import as all the rest of ``ParallelRunner``, which needs
them seldom: it has workers of its own.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor as ProcessPoolExecutor
from multiprocessing.managers import SyncManager
from typing import TYPE_CHECKING, Any

from .. import _environment
from ..io import CatalogConfigResolver, MemoryDataset, SharedMemoryDataCatalog, SharedMemoryDataset
from ..pipeline import Pipeline
from ._remote_runner import in_memory
from .runner import AbstractRunner

if TYPE_CHECKING:
    from ..pipeline import Node
    from ._catalog import Catalog

START_METHODS = ("fork", "spawn", "forkserver")


class ParallelRunnerManager(SyncManager):
    """A process that keeps datasets for others, and a pool to run nodes in.

    For programs that share datasets between processes of their own. ``ParallelRunner`` itself moves data through
    shared memory and starts no such process.

    Args:
        max_workers: of the pool; one per CPU when None.

    Other keyword arguments are those of ``multiprocessing.managers.BaseManager``.
    """

    def __init__(self, max_workers: int | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._max_workers = AbstractRunner._validate_max_workers(max_workers)
        self._started = False

    def start(self, initializer: Any = None, initargs: Iterable[Any] = ()) -> None:
        """Start the process."""
        super().start(initializer, tuple(initargs))
        self._started = True

    def _init_manager(self) -> SyncManager:
        """Return this manager, started."""
        if not self._started:
            self.start()
        return self

    def _create_process_pool(self) -> ProcessPoolExecutor:
        """Return a pool of the configured size; the caller shuts it down."""
        return ProcessPoolExecutor(max_workers=self._max_workers, mp_context=process_context())

    def _sync_catalog(self, catalog: Catalog, manager: SyncManager) -> SharedMemoryDataCatalog:
        """Return a catalog whose datasets in memory live in the manager, with the data that they hold now.

        A catalog that is shared already is returned as it is.
        """
        if isinstance(catalog, SharedMemoryDataCatalog):
            return catalog
        return share_catalog(catalog, manager)

    def run_nodes_in_parallel(self, nodes: Iterable[Node], catalog: Catalog, run_id: str | None = None) -> None:
        """Run nodes in processes; one starts when those that it depends on are done."""
        # Imported here, as that module has this class at its front door.
        from .parallel_runner import ParallelRunner

        ParallelRunner(max_workers=self._max_workers).run(Pipeline(list(nodes)), catalog, run_id=run_id)


ParallelRunnerManager.register("MemoryDataset", MemoryDataset)


def process_context() -> Any:
    """Return the start method that the environment asks for, or the system's own."""
    wanted = _environment.read("MP_CONTEXT")
    return multiprocessing.get_context(wanted if wanted in START_METHODS else None)


class _SharedCopy(SharedMemoryDataCatalog):
    """A catalog whose shared datasets have their manager, and data in it, before a run begins."""

    def set_manager_datasets(self, manager: Any) -> None:
        """Let this manager hold the shared datasets that have none yet."""
        for dataset in self._datasets.values():
            if isinstance(dataset, SharedMemoryDataset) and dataset.shared_memory_dataset is None:
                dataset.set_manager(manager)


def share_catalog(catalog: Catalog, manager: SyncManager) -> SharedMemoryDataCatalog:
    """Return a copy of a catalog whose datasets in memory live in a manager, with the data that they hold now."""
    resolver = getattr(catalog, "config_resolver", None)
    shared = _SharedCopy(
        datasets={name: dataset for name, dataset in catalog._datasets.items() if not in_memory(dataset)},
        config_resolver=CatalogConfigResolver(
            {**getattr(resolver, "_dataset_patterns", {}), **getattr(resolver, "_user_catch_all_pattern", {})},
            default_runtime_patterns=SharedMemoryDataCatalog.default_runtime_patterns,
        ),
        load_versions=dict(getattr(catalog, "_load_versions", None) or {}),
        save_version=getattr(catalog, "_save_version", None),
    )
    for name, lazy in getattr(catalog, "_lazy_datasets", {}).items():
        shared[name] = lazy
    for name, dataset in list(catalog._datasets.items()):
        if in_memory(dataset):
            # Not as an argument: a dataset keeps those, and a manager cannot go to another process.
            held = shared[name] = SharedMemoryDataset()
            held.set_manager(manager)
            if dataset.exists():
                held.save(dataset.load())
    return shared
