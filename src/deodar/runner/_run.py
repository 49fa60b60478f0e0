"""One run of a compiled pipeline on an executor, with what runners promise around it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..engine.driver import Driver
from ..engine.events import AllReused, Event, RunEnded, TaskEnded, TaskFailed, TaskReused
from ..io._joint_saves import sweep_beside
from ._inherited import inherited
from ._memory import remembered
from ._pinned_versions import PinnedVersions
from .task import TaskError

if TYPE_CHECKING:
    from ..engine.executors.protocol import Executor, Work
    from ..engine.model import Failure, RunPolicy, TaskId, ValueId
    from ..engine.observers import Observer
    from ..pipeline import Node, Pipeline
    from ._catalog import Catalog
    from ._compile import CompiledPipeline

logger = logging.getLogger(__name__)

_LISTED = 20
"""How many skipped nodes are named in the log."""


class ProgressLog:
    """Logs each node that is done, and how many there are; those that are reused in one line for each reason."""

    _NAMED = 5

    def __init__(self, nodes: Sequence[Node], log: logging.Logger) -> None:
        self._nodes = nodes
        self._log = log
        self._done = 0
        self._reused: dict[str, list[str]] = {}

    def observe(self, event: Event) -> None:
        """Count and log."""
        match event:
            case TaskReused(task=task, reason=reason):
                self._reused.setdefault(reason, []).append(self._nodes[task].name)
            case AllReused(reasons=reasons):
                for node, reason in zip(self._nodes, reasons, strict=True):
                    self._reused.setdefault(reason, []).append(node.name)
            case TaskEnded(task=task):
                self._tell_reused()
                self._log.info("Completed node: %s", self._nodes[task].name)
                self._count(1)
            case TaskFailed() | RunEnded():
                self._tell_reused()
            case _:
                pass

    def _tell_reused(self) -> None:
        if not self._reused:
            return
        for reason, names in self._reused.items():
            more = len(names) - self._NAMED
            named = ", ".join(names[: self._NAMED]) + (f" and {more} more" if more > 0 else "")
            self._log.info("Reused %s: %s (%s)", "node" if len(names) == 1 else "nodes", named, reason)
        self._count(sum(map(len, self._reused.values())))
        self._reused.clear()

    def _count(self, more: int) -> None:
        self._done += more
        self._log.info("Completed %d out of %d tasks", self._done, len(self._nodes))


class PipelineRun:
    """A pipeline, its graph and the catalog, about to run.

    Args:
        log: where progress is logged: the runner's own logger.
        suggest_resume: called with the nodes that are done when the run fails.
        raise_stuck: called when nodes can never run.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        compiled: CompiledPipeline,
        catalog: Catalog,
        *,
        log: logging.Logger,
        suggest_resume: Callable[[Pipeline, set[Node], Catalog], None],
        raise_stuck: Callable[[set[Node], set[Node], set[Node], Any], None],
    ) -> None:
        self._pipeline = pipeline
        self._compiled = compiled
        self._catalog = catalog
        self._log = log
        self._suggest_resume = suggest_resume
        self._raise_stuck = raise_stuck

    def execute(
        self,
        executor: Executor,
        work: Work,
        *,
        policy: RunPolicy,
        seed: Callable[[Executor], None] | None = None,
        finish: Callable[[Executor], None] | None = None,
        observers: Sequence[Observer] = (),
    ) -> None:
        """Run all nodes, or raise what the first one that failed raised.

        Args:
            seed: hands the executor the values that are there before the run.
            finish: collects the results of a completed run while the executor is still open.
            observers: the runner's own, told after the memory's.
        """
        project = inherited()
        with (
            PinnedVersions(self._compiled, self._catalog) as versions,
            remembered(project, self._compiled, self._catalog, work, versions) as memory,
        ):
            versions.settle()
            gate = memory.gate or project.gate
            # What reuses everything saves nothing.
            if gate is None or gate.reasons_to_reuse_all() is None:
                self._sweep()
            driver = Driver(
                self._compiled.graph,
                executor,
                # The memory's first, then the project's: the journal must know before anybody says so.
                observers=[*memory.observers, *observers, *project.observers, *self._progress()],
                policy=policy,
                gate=gate,
                # Where nothing runs, nothing was loaded; and to release a dataset is to build it.
                on_free=None if memory.is_settled else self._release,
                seed=seed,
            )
            self._note_what_needs_processes(executor)
            memory.connect(executor)
            with executor:
                status = driver.run(memory.work(work))
                if finish is not None and status == "completed":
                    finish(executor)
        if status != "completed":
            self._explain(driver)

    def _progress(self) -> list[ProgressLog]:
        # Asked once, not per node: a tenth of the cost of a no-op node (benchmarks: overhead).
        return [ProgressLog(self._compiled.nodes, self._log)] if self._log.isEnabledFor(logging.INFO) else []

    def _sweep(self) -> None:
        """Remove what killed runs left where this one will save."""
        known = self._catalog._datasets
        sweep_beside([known[name] for node in self._compiled.nodes for name in node.outputs if name in known])

    def _note_what_needs_processes(self, executor: Executor) -> None:
        if executor.can_kill:
            return
        # There is one environment for all threads of a process.
        at_devices = [task.name for task in self._compiled.graph.tasks if task.resources.gpu]
        if at_devices:
            self._log.warning(
                "CUDA_VISIBLE_DEVICES is not set for %s on the %s executor, which minds the number of GPUs only. Use "
                "ParallelRunner.",
                ", ".join(at_devices),
                executor.name,
            )
        limited = [task.name for task in self._compiled.graph.tasks if task.timeout is not None]
        if limited:
            self._log.warning(
                "A timeout needs a process that can be ended: it is not enforced for %s on the %s executor. Use "
                "ParallelRunner.",
                ", ".join(limited),
                executor.name,
            )

    def _release(self, value: ValueId) -> None:
        self._catalog.release(self._compiled.datasets[value])

    def _explain(self, driver: Driver) -> None:
        """Log how to resume, and raise the first failure."""
        nodes, state = self._compiled.nodes, driver.scheduler
        done = {nodes[task] for task in state.done}
        if not state.failures:
            left = set(nodes) - done
            self._raise_stuck(left, done, set(), set())
            raise RuntimeError(f"Unable to run {len(left)} nodes.")
        try:
            self._suggest_resume(self._pipeline, done, self._catalog)
        except Exception:
            # A hint must never hide the error that it is a hint about.
            logger.exception("No hint on how to resume could be made.")
        (first, failure), *others = state.failures.items()
        self._report(others, state.skipped)
        raise_failure(nodes[first], failure)

    def _report(self, others: Sequence[tuple[TaskId, Failure]], skipped: Mapping[TaskId, TaskId]) -> None:
        """Log what else failed; only one error can be raised."""
        for task, failure in others:
            name, error = self._compiled.nodes[task].name, unwrapped(failure.error)
            self._log.error("Node %s failed too: %s: %s", name, type(error).__name__, error)
        if skipped:
            nodes = self._compiled.nodes
            listed = [f"{nodes[task].name} ({nodes[because].name})" for task, because in skipped.items()]
            left_out = "" if len(listed) <= _LISTED else f" and {len(listed) - _LISTED} more"
            self._log.error(
                "%d nodes were skipped because a node that they depend on failed: %s%s",
                len(skipped),
                ", ".join(listed[:_LISTED]),
                left_out,
            )


def unwrapped(error: BaseException) -> BaseException:
    """Return what a ``TaskError`` wraps, or the error itself."""
    if isinstance(error, TaskError) and error.original_exception is not None:
        return error.original_exception
    return error


def raise_failure(node: Node, failure: Failure) -> None:
    """Raise the error of a failed node, the very object; where it left a traceback in another process, log that."""
    error = unwrapped(failure.error)
    if failure.traceback:
        logger.error("Node %s failed in a worker:\n%s", node.name, failure.traceback)
    raise error
