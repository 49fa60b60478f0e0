"""What every runner is: ``AbstractRunner``, and which nodes ``only_missing_outputs`` leaves."""

from __future__ import annotations

import logging
import os
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from ..compat._gone import OldNames
from ..engine.executors.inline import InlineExecutor
from ..pipeline import Pipeline
from ._compile import compile_pipeline
from ._hooks import NULL_MANAGER, _NullPluginManager
from ._inherited import inherited
from ._memory.options import foreseen
from ._policies import SpecMaker, local_supply
from ._resume_hint import (
    _enumerate_nodes_with_outputs,
    _enumerate_non_persistent_inputs,
    _find_all_nodes_for_resumed_pipeline,
    _find_initial_node_group,
    _find_nodes_to_resume_from,
    _nodes_with_external_inputs,
)
from ._run import PipelineRun, unwrapped
from ._work import LocalWork
from .task import Task, TaskError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from pluggy import PluginManager

    from ..engine.executors.protocol import Executor as EngineExecutor
    from ..engine.model import TaskId
    from ..pipeline import Node
    from ._catalog import Catalog

__all__ = [
    "AbstractRunner",
    "Pipeline",
    "Task",
    "TaskError",
    "_NullPluginManager",
    "_enumerate_nodes_with_outputs",
    "_enumerate_non_persistent_inputs",
    "_find_all_nodes_for_resumed_pipeline",
    "_find_initial_node_group",
    "_find_nodes_to_resume_from",
    "_nodes_with_external_inputs",
]

# WaitForMultipleObjects, which the standard library's process pool stands on, takes no more on Windows.
_MAX_WINDOWS_WORKERS = 61


class AbstractRunner(OldNames, ABC):
    """Runs pipelines.

    A subclass implements ``_run`` alone; its body here is a working engine, to be called by ``super()._run(...)``,
    which runs the nodes on what ``_get_executor`` returns, or one after the other when that is None.

    Args:
        is_async: load the inputs of a node in parallel threads, and save its outputs likewise.
    """

    def __init__(self, is_async: bool = False) -> None:
        self._is_async = is_async

    @property
    def _logger(self) -> logging.Logger:
        return logging.getLogger(self.__module__)

    def run(
        self,
        pipeline: Pipeline,
        catalog: Catalog,
        hook_manager: PluginManager | None = None,
        run_id: str | None = None,
        only_missing_outputs: bool = False,
    ) -> dict[str, Any]:
        """Run a pipeline and return the datasets of its free outputs, by name; nothing is loaded from them.

        Args:
            pipeline: what to run.
            catalog: where nodes load from and save to. Datasets that it does not know are made by its runtime
                pattern (in memory) and stay registered.
            hook_manager: whose hooks are called.
            run_id: given to the hooks.
            only_missing_outputs: leave out nodes whose persistent outputs all exist and whose other outputs nobody
                needs.

        Raises:
            ValueError: if a free input is not in the catalog.
            Exception: what the first failing node, dataset or hook raised, the very object.
        """
        store = inherited().store
        if store is not None:
            # Imported here: ordinary runs have no store.
            from ._store import attach_store

            attach_store(store, pipeline, catalog, run_id)
        if only_missing_outputs:
            pipeline = self._filter_pipeline_for_missing_outputs(pipeline, catalog)
        _check_inputs(pipeline, catalog)
        manager: Any = hook_manager or NULL_MANAGER
        original: BaseException | None = None
        with foreseen(pipeline, catalog, type(self)) as is_nothing_to_do:
            if not is_nothing_to_do:
                _register_datasets(pipeline, catalog)
            if self._is_async:
                self._logger.info("Asynchronous mode is enabled for loading and saving data.")
            started = time.perf_counter()
            try:
                self._run(pipeline, catalog, manager, run_id)
            except TaskError as error:
                original = unwrapped(error)
        if original is not None:
            # Outside of the except block: the caller shall see the node's own error and no other.
            raise original
        self._logger.info("Pipeline execution completed successfully in %.1f sec.", time.perf_counter() - started)
        return {name: catalog[name] for name in pipeline.outputs()}

    @abstractmethod
    def _run(
        self,
        pipeline: Pipeline,
        catalog: Catalog,
        hook_manager: PluginManager | None = None,
        run_id: str | None = None,
    ) -> None:
        """Run the nodes of a pipeline whose inputs are known to be in the catalog."""
        nodes = pipeline.nodes
        self._validate_catalog(catalog)
        self._validate_nodes(nodes)
        self._set_manager_datasets(catalog)
        manager: Any = hook_manager or NULL_MANAGER
        project = inherited()
        maker = SpecMaker.inherited_by(project)
        compiled = compile_pipeline(pipeline, maker=maker)
        work = LocalWork(compiled.nodes, catalog, manager, run_id, is_async=self._is_async)
        workers = self._get_required_workers_count(pipeline)
        pool = self._get_executor(workers)
        executor: EngineExecutor = (
            InlineExecutor(measured=bool(project.observers)) if pool is None else self._adapt(pool, work, len(nodes))
        )
        self._pipeline_run(pipeline, compiled, catalog).execute(
            executor,
            work,
            policy=maker.run_policy(
                project, on_error="stop" if pool is None else "drain", supply=local_supply(workers)
            ),
        )

    def _log_synchronous_mode(self) -> None:
        """Say that datasets are loaded and saved one after the other, in runners that could do otherwise."""
        if not self._is_async:
            self._logger.info(
                "Using synchronous mode for loading and saving data. Use the --async flag for potential performance "
                "gains."
            )

    def _pipeline_run(self, pipeline: Pipeline, compiled: Any, catalog: Catalog) -> PipelineRun:
        return PipelineRun(
            pipeline,
            compiled,
            catalog,
            log=self._logger,
            suggest_resume=self._suggest_resume_scenario,
            raise_stuck=self._raise_runtime_error,
        )

    def _adapt(self, pool: Executor, work: LocalWork, size: int) -> EngineExecutor:
        """Make the engine run on a pool; what is ready is submitted at once, the pool has its own queue."""
        # Imported here: only runners with pools need it, and a pool of processes brings multiprocessing along.
        from concurrent.futures import ProcessPoolExecutor

        from ..engine.executors.futures import FuturesExecutor

        parallel = isinstance(pool, ProcessPoolExecutor)

        def call_for(task: TaskId) -> Task:
            return work.task_for(task, parallel=parallel)

        return FuturesExecutor(pool, window=max(size, 1), call_for=call_for)

    def _get_executor(self, max_workers: int) -> Executor | None:
        """Return the pool that nodes run on, or None to run them one after the other in the caller's thread."""
        return None

    def _get_required_workers_count(self, pipeline: Pipeline) -> int:
        return 1

    @classmethod
    def _validate_max_workers(cls, max_workers: int | None) -> int:
        """Return how many workers to use: what was asked for, or one per CPU."""
        if max_workers is None:
            count = os.cpu_count() or 1
            return min(_MAX_WINDOWS_WORKERS, count) if sys.platform == "win32" else count
        if max_workers <= 0:
            raise ValueError(f"max_workers should be positive, got {max_workers!r}. Leave it out for one per CPU.")
        return max_workers

    def _validate_catalog(self, catalog: Catalog) -> None:
        """Raise if the catalog cannot be used by this runner."""
        return

    def _validate_nodes(self, nodes: Collection[Node]) -> None:
        """Raise if a node cannot be used by this runner."""
        return

    def _set_manager_datasets(self, catalog: Catalog) -> None:
        """Prepare datasets that workers share."""
        return

    @staticmethod
    def _release_datasets(node: Node, catalog: Catalog, load_counts: dict[str, int], pipeline: Pipeline) -> None:
        """Release what nobody will read again now that a node is done; for subclasses with a loop of their own."""
        free_inputs, free_outputs = pipeline.inputs(), pipeline.outputs()
        for name in node.inputs:
            load_counts[name] -= 1
            if load_counts[name] < 1 and name not in free_inputs:
                catalog.release(name)
        for name in node.outputs:
            if load_counts.get(name, 0) < 1 and name not in free_outputs:
                catalog.release(name)

    def _suggest_resume_scenario(self, pipeline: Pipeline, done_nodes: Collection[Node], catalog: Catalog) -> None:
        """Log from which nodes the rest of the pipeline can be run."""
        remaining = set(pipeline.nodes) - set(done_nodes)
        if not done_nodes:
            self._logger.warning("No nodes ran. Repeat the previous command to attempt a new run.")
            return
        names = sorted(_find_nodes_to_resume_from(pipeline, remaining, catalog))
        hint = ",".join(names)
        command = f'  --from-nodes "{hint}"' if names else ""
        self._logger.warning(
            "There are %d nodes that have not run.\nYou can resume the pipeline run from the nearest nodes with "
            "persisted inputs by adding the following argument to your previous command:\n%s",
            len(remaining),
            command,
        )

    @staticmethod
    def _raise_runtime_error(todo_nodes: set[Node], done_nodes: set[Node], ready: set[Node], done_futures: Any) -> None:
        """Raise when nodes are left that can never run."""
        raise RuntimeError(
            "Unable to schedule new tasks although some nodes have not been run:\n"
            f"{todo_nodes=}\n{done_nodes=}\n{ready=}\n{done_futures=}"
        )

    def _filter_pipeline_for_missing_outputs(self, pipeline: Pipeline, catalog: Catalog) -> Pipeline:
        """Return the part of a pipeline that has to run so that all its persistent outputs exist."""
        children = _build_node_children_map(pipeline)
        names = _determine_nodes_to_run(pipeline, catalog, children)
        filtered = pipeline.filter(node_names=sorted(names)) if names else Pipeline([])
        self._log_filtering_results(len(pipeline.nodes), filtered, pipeline.nodes)
        return filtered

    def _log_filtering_results(self, original_count: int, filtered: Pipeline, all_nodes: Collection[Node]) -> None:
        running = {node.name for node in filtered.nodes}
        skipped = sorted(node.name for node in all_nodes if node.name not in running)
        if not running:
            self._logger.info("Skipping all %d nodes (all persistent outputs exist)", original_count)
            return
        if skipped:
            self._logger.info("Skipping %d nodes with existing outputs: %s", len(skipped), ", ".join(skipped))
        self._logger.info("Running %d out of %d nodes", len(running), original_count)


def _check_inputs(pipeline: Pipeline, catalog: Catalog) -> None:
    """Check that all free inputs are in the catalog."""
    unsatisfied = {name for name in pipeline.inputs() if name not in catalog}
    if unsatisfied:
        raise ValueError(
            f"Pipeline input(s) {unsatisfied} not found in the {type(catalog).__name__}. Add them to the catalog or "
            "the parameters, or check the names for typos."
        )


def _register_datasets(pipeline: Pipeline, catalog: Catalog) -> None:
    """Have the catalog know every dataset, before threads race for it."""
    # Sorted, not in set order: errors and registrations must come in the same order on every run.
    for name in sorted(pipeline.datasets()):
        catalog.get(name, fallback_to_runtime_pattern=True)


def _build_node_children_map(pipeline: Pipeline) -> dict[str, set[Node]]:
    """Return for each node, by name, who reads one of its outputs."""
    children: dict[str, set[Node]] = {node.name: set() for node in pipeline.nodes}
    for node, parents in pipeline.node_dependencies.items():
        for parent in parents:
            children[parent.name].add(node)
    return children


def _determine_nodes_to_run(pipeline: Pipeline, catalog: Catalog, children: dict[str, set[Node]]) -> set[str]:
    """Return the names of the nodes that have to run; whether a node does depends on its children."""
    names: set[str] = set()
    for node in reversed(pipeline.nodes):
        if _should_node_run(node, catalog, names, children):
            names.add(node.name)
    return names


def _should_node_run(node: Node, catalog: Catalog, nodes_to_run: set[str], children: dict[str, set[Node]]) -> bool:
    logger = logging.getLogger(__name__)
    if not node.outputs:
        logger.debug("Node '%s' must run: has no outputs", node.name)
        return True
    if _has_missing_persistent_outputs(node, catalog):
        return True
    return _outputs_needed_by_children(node, catalog, nodes_to_run, children)


def _has_missing_persistent_outputs(node: Node, catalog: Catalog) -> bool:
    for name in node.outputs:
        if _is_persistent_dataset_missing(name, catalog):
            logging.getLogger(__name__).debug("Node '%s' must run: has missing output '%s'", node.name, name)
            return True
    return False


def _outputs_needed_by_children(
    node: Node, catalog: Catalog, nodes_to_run: set[str], children: dict[str, set[Node]]
) -> bool:
    running = sorted((child for child in children[node.name] if child.name in nodes_to_run), key=lambda n: n.name)
    for child in running:
        for name in node.outputs:
            if name in child.inputs and _is_dataset_ephemeral_or_missing(name, catalog):
                logging.getLogger(__name__).debug(
                    "Node '%s' must run: produces '%s' needed by running child '%s'", node.name, name, child.name
                )
                return True
    return False


def _is_persistent_dataset_missing(dataset_name: str, catalog: Catalog) -> bool:
    if dataset_name not in catalog:
        return False
    dataset = catalog.get(dataset_name)
    return not getattr(dataset, "_EPHEMERAL", False) and not catalog.exists(dataset_name)


def _is_dataset_ephemeral_or_missing(dataset_name: str, catalog: Catalog) -> bool:
    if dataset_name not in catalog:
        return True
    dataset = catalog.get(dataset_name)
    return bool(getattr(dataset, "_EPHEMERAL", False)) or not catalog.exists(dataset_name)
