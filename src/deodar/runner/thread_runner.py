"""Nodes in parallel, in threads of this process."""

from __future__ import annotations

import warnings
from concurrent.futures import Executor
from typing import TYPE_CHECKING

from ..engine.executors.futures import FuturesExecutor
from ..engine.executors.threads import DaemonThreadPool
from .runner import AbstractRunner

if TYPE_CHECKING:
    from pluggy import PluginManager

    from ..engine.executors.protocol import Executor as EngineExecutor
    from ..pipeline import Pipeline
    from ._catalog import Catalog
    from ._work import LocalWork

# What threads are taken from; a program may put another class in its place.
ThreadPoolExecutor = DaemonThreadPool


class ThreadRunner(AbstractRunner):
    """Runs a node as soon as its own parents are done, in one of several threads.

    Values pass between nodes by reference through the catalog. Hooks are called concurrently, in the threads.

    Args:
        max_workers: number of threads; one per CPU when None.
        is_async: not supported, as the nodes run in threads already; a warning says so.

    Raises:
        ValueError: if ``max_workers`` is not positive.
    """

    def __init__(self, max_workers: int | None = None, is_async: bool = False) -> None:
        if is_async:
            warnings.warn(
                "'ThreadRunner' doesn't support loading and saving the node inputs and outputs asynchronously with "
                "threads. Setting 'is_async' to False.",
                stacklevel=2,
            )
        super().__init__(is_async=False)
        self._max_workers = self._validate_max_workers(max_workers)

    def _get_required_workers_count(self, pipeline: Pipeline) -> int:
        # With as many layers as nodes nothing can overlap; each node more than layers can need one worker more.
        return min(len(pipeline.nodes) - len(pipeline.grouped_nodes) + 1, self._max_workers)

    def _get_executor(self, max_workers: int) -> Executor:
        return ThreadPoolExecutor(max_workers=max_workers)

    def _adapt(self, pool: Executor, work: LocalWork, size: int) -> EngineExecutor:
        if not isinstance(pool, DaemonThreadPool):
            return super()._adapt(pool, work, size)
        return FuturesExecutor(pool, window=self._max_workers, name="threads")

    def _run(
        self,
        pipeline: Pipeline,
        catalog: Catalog,
        hook_manager: PluginManager | None = None,
        run_id: str | None = None,
    ) -> None:
        super()._run(pipeline, catalog, hook_manager, run_id)
