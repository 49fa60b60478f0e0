"""Nodes in parallel, in processes of their own."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import sys
from collections.abc import Collection, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing.managers import SyncManager
from typing import TYPE_CHECKING, Any

from .. import _environment
from ..io import CatalogConfigResolver, MemoryDataset, SharedMemoryDataCatalog, SharedMemoryDataset
from ..pipeline import Pipeline
from ._inherited import inherit, inherited
from ._policies import local_supply
from ._remote_runner import RemoteRunner, in_memory, keep_result
from .runner import AbstractRunner

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from pluggy import PluginManager

    from ..engine.executors.protocol import Executor as EngineExecutor
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
        return ProcessPoolExecutor(max_workers=self._max_workers, mp_context=_process_context())

    def _sync_catalog(self, catalog: Catalog, manager: SyncManager) -> SharedMemoryDataCatalog:
        """Return a catalog whose datasets in memory live in the manager, with the data that they hold now.

        A catalog that is shared already is returned as it is.
        """
        if isinstance(catalog, SharedMemoryDataCatalog):
            return catalog
        return share_catalog(catalog, manager)

    def run_nodes_in_parallel(self, nodes: Iterable[Node], catalog: Catalog, run_id: str | None = None) -> None:
        """Run nodes in processes; one starts when those that it depends on are done."""
        ParallelRunner(max_workers=self._max_workers).run(Pipeline(list(nodes)), catalog, run_id=run_id)


ParallelRunnerManager.register("MemoryDataset", MemoryDataset)


class ParallelRunner(RemoteRunner):
    """Runs a node as soon as its own parents are done, in one of several processes.

    Data in memory travels through shared memory; hooks run in the workers; nodes and datasets that cannot be pickled
    stay in the main process. Any catalog will do, and the results outlive the runner.

    Args:
        max_workers: number of processes; one per CPU when None.
        is_async: load the inputs of a node in parallel threads, and save its outputs likewise.

    Raises:
        ValueError: if ``max_workers`` is not positive.
    """

    def __init__(self, max_workers: int | None = None, is_async: bool = False) -> None:
        super().__init__(is_async=is_async)
        self._max_workers = self._validate_max_workers(max_workers)
        self._own_manager: ParallelRunnerManager | None = None

    @property
    def _manager(self) -> ParallelRunnerManager:
        """A started manager, for subclasses and programs that put datasets into one; most runs need none."""
        if self._own_manager is None:
            self._own_manager = ParallelRunnerManager(self._max_workers)
            self._own_manager._init_manager()
        return self._own_manager

    def __del__(self) -> None:
        manager = getattr(self, "_own_manager", None)
        if manager is not None:
            manager.shutdown()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_own_manager": None}

    def _get_required_workers_count(self, pipeline: Pipeline) -> int:
        return min(len(pipeline.nodes) - len(pipeline.grouped_nodes) + 1, self._max_workers)

    def _get_executor(self, max_workers: int) -> Executor:
        """Return a pool of processes; a subclass that overrides this has its nodes run on what it returns."""
        return ProcessPoolExecutor(max_workers=max_workers, mp_context=_process_context())

    def _validate_catalog(self, catalog: Catalog) -> None:
        validate = getattr(catalog, "validate_catalog", None)
        if validate is not None:
            validate()

    def _set_manager_datasets(self, catalog: Catalog) -> None:
        prepare = getattr(catalog, "set_manager_datasets", None)
        if prepare is not None:
            prepare(self._manager)

    @classmethod
    def _validate_nodes(cls, nodes: Collection[Node]) -> None:
        """Raise if a node cannot go to a pool of the standard library, which knows no lambdas and closures."""
        from multiprocessing.reduction import ForkingPickler
        from pickle import PicklingError

        refused = []
        for node in nodes:
            try:
                ForkingPickler.dumps(node)
            except (AttributeError, PicklingError, TypeError):
                refused.append(node)
        if refused:
            raise AttributeError(
                f"The following nodes cannot be serialised: {sorted(refused)}\nIn order to utilize multiprocessing "
                "you need to make sure all nodes are serialisable, i.e. nodes should not include lambda functions, "
                "nested functions, closures, etc.\nIf you are using custom decorators ensure they are correctly "
                "decorated using functools.wraps()."
            )

    def _run(
        self,
        pipeline: Pipeline,
        catalog: Catalog,
        hook_manager: PluginManager | None = None,
        run_id: str | None = None,
    ) -> None:
        self._log_synchronous_mode()
        # The worker pool stands on pipes and signals that Windows does not have; the standard library's does not.
        if self._has_a_pool_of_its_own() or sys.platform == "win32":
            self._run_on_pool(pipeline, catalog, hook_manager, run_id)
            return
        project = inherited()
        if isinstance(catalog, SharedMemoryDataCatalog) and project.project_path is None:
            # Put there by hand for the sake of processes, so it is held to what such a catalog promises. A session
            # puts one there whatever the datasets are, and there what cannot travel stays at home.
            self._validate_catalog(catalog)
            self._validate_nodes(pipeline.nodes)
            project = replace(project, plain_values=True)
        workers = self._get_required_workers_count(pipeline)
        executor = self._make_executor(workers)
        with inherit(project):
            self._run_remotely(pipeline, catalog, hook_manager, run_id, executor=executor, supply=local_supply(workers))

    def _has_a_pool_of_its_own(self) -> bool:
        """Return whether a subclass, or a program that replaced names of this module, brings the pool to run on."""
        method = getattr(self._get_executor, "__func__", None)
        return method is not _OWN_GET_EXECUTOR or ProcessPoolExecutor is not concurrent.futures.ProcessPoolExecutor

    def _make_executor(self, workers: int) -> EngineExecutor:
        # Imported here: a subclass with an executor of its own needs no pool.
        from ..engine.executors.processes import ProcessExecutor

        return ProcessExecutor(workers)

    def _run_on_pool(
        self, pipeline: Pipeline, catalog: Catalog, hook_manager: PluginManager | None, run_id: str | None
    ) -> None:
        """Run on a pool of the standard library's kind, sharing what is in memory through the manager."""
        shared = share_catalog(catalog, self._manager)
        super()._run(pipeline, shared, hook_manager, run_id)
        for name in pipeline.outputs():
            dataset: Any = catalog.get(name)
            # The manager ends with this runner, and the results must not.
            if in_memory(dataset):
                keep_result(dataset, shared.load(name))


_OWN_GET_EXECUTOR = ParallelRunner._get_executor


def _process_context() -> Any:
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
