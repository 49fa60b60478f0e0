"""Nodes in parallel, in processes of their own."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, cast

from .._front_door import front_door
from .._records import replace
from ..io import SharedMemoryDataCatalog
from ._inherited import Inherited, inherit, inherited
from ._memory import is_selective
from ._policies import local_supply
from ._remote_runner import RemoteRunner, in_memory, keep_result

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from pluggy import PluginManager

    from ..engine.executors.protocol import Executor as EngineExecutor
    from ..pipeline import Node, Pipeline
    from ._catalog import Catalog
    from ._process_pool import ParallelRunnerManager as ParallelRunnerManager
    from ._process_pool import ProcessPoolExecutor as ProcessPoolExecutor

__getattr__, __dir__ = front_door(
    __name__, {"ParallelRunnerManager": "_process_pool", "ProcessPoolExecutor": "_process_pool"}
)


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
            # Imported here, like all of that module: it brings multiprocessing along.
            from ._process_pool import ParallelRunnerManager

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
        from ._process_pool import process_context

        # The class that the module has now: a program may have put another one there.
        pool = sys.modules[__name__].ProcessPoolExecutor(max_workers=max_workers, mp_context=process_context())
        return cast("Executor", pool)

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
        with inherit(project), self._started_early(pipeline, workers, project):
            executor = self._make_executor(workers)
            self._run_remotely(pipeline, catalog, hook_manager, run_id, executor=executor, supply=local_supply(workers))

    def _started_early(self, pipeline: Pipeline, workers: int, project: Inherited) -> AbstractContextManager[None]:
        """Let workers start beside all that is done here before the first node, if it is sure that one will run."""
        is_ours = type(self)._make_executor is ParallelRunner._make_executor
        if not is_ours or not pipeline.nodes or is_selective(project):
            return nullcontext()
        # Imported here, before all else that a run needs: nothing takes as long as the start of processes.
        from ..engine.executors.processes import start_method, warmed

        return warmed(start_method(warn=False), workers, _modules_of_work(pipeline.nodes, project))

    def _has_a_pool_of_its_own(self) -> bool:
        """Return whether a subclass, or a program that replaced names of this module, brings the pool to run on."""
        if getattr(self._get_executor, "__func__", None) is not _OWN_GET_EXECUTOR:
            return True
        # Only there when somebody has asked for it, or put it there.
        pool = globals().get("ProcessPoolExecutor")
        standard = sys.modules.get("concurrent.futures.process")
        return pool is not None and pool is not getattr(standard, "ProcessPoolExecutor", None)

    def _make_executor(self, workers: int) -> EngineExecutor:
        # Imported here: a subclass with an executor of its own needs no pool.
        from ..engine.executors.processes import ProcessExecutor

        return ProcessExecutor(workers, eager=not is_selective(inherited()))

    def _run_on_pool(
        self, pipeline: Pipeline, catalog: Catalog, hook_manager: PluginManager | None, run_id: str | None
    ) -> None:
        """Run on a pool of the standard library's kind, sharing what is in memory through the manager."""
        from ._process_pool import share_catalog

        shared = share_catalog(catalog, self._manager)
        super()._run(pipeline, shared, hook_manager, run_id)
        for name in pipeline.outputs():
            dataset: Any = catalog.get(name)
            # The manager ends with this runner, and the results must not.
            if in_memory(dataset):
                keep_result(dataset, shared.load(name))


def _modules_of_work(nodes: Sequence[Node], project: Inherited) -> list[str]:
    """Return modules, of this package or known not to mind, that workers will need for a run."""
    package = __name__.partition(".")[0]
    modules = [f"{__package__}._remote_work", f"{package}.pipeline.node"]
    if project.state is not None:
        modules.append(f"{__package__}._memory.work")
    if project.prepare_worker is not None:
        modules.append(getattr(project.prepare_worker, "func", project.prepare_worker).__module__)
    modules = [module for module in modules if module.startswith(f"{package}.")]
    if any(getattr(node.func, "__module__", None) == "__main__" for node in nodes):
        modules.append("cloudpickle")  # which such functions travel by
    return modules


_OWN_GET_EXECUTOR = ParallelRunner._get_executor
