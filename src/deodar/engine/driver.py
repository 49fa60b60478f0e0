"""The thin shell round the scheduler: the executor's events in, commands out, observers told."""

from __future__ import annotations

import functools
import heapq
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from .commands import Announce, Cancel, Command, Finish, Free, Submit, Wake
from .events import AllReused, Event, Interrupted, RetryDue, RunEnded, RunStarted, RunStatus, TaskReused, ValueFreed
from .executors.protocol import Executor, Work
from .graph import TaskGraph, count_parents
from .lifetimes import Lifetimes
from .model import DEFAULT_POLICY, RunPolicy, TaskId, ValueId
from .observers import Observer, Observers
from .scheduler import Scheduler


class Gate(Protocol):
    """Who may say, when a task is about to start, that it need not."""

    def reason_to_reuse(self, task: TaskId) -> str | None:
        """Return why the task need not run, or None; all its parents are over."""
        ...

    def reasons_to_reuse_all(self) -> Sequence[str] | None:
        """Return for each task why it need not run, if that is known of all of them from the start, or None."""
        ...


class Driver:
    """Runs one graph on one executor.

    Args:
        observers: told of every event, in order.
        gate: asked before each first attempt.
        on_free: told of values nobody will read again, in the driver's thread, before anything else is submitted.
        seed: hands the executor the carried values that are there before the run.
    """

    def __init__(
        self,
        graph: TaskGraph,
        executor: Executor,
        *,
        observers: Sequence[Observer] = (),
        policy: RunPolicy = DEFAULT_POLICY,
        gate: Gate | None = None,
        on_free: Callable[[ValueId], None] | None = None,
        seed: Callable[[Executor], None] | None = None,
    ) -> None:
        self._graph = graph
        self._executor = executor
        self._observers = Observers(observers)
        self._gate = gate
        self._on_free = on_free
        self._seed = seed
        self._timers: list[tuple[float, TaskId]] = []
        self._status: RunStatus | None = None
        self._policy = policy

    @functools.cached_property
    def scheduler(self) -> Scheduler:
        """The state of the run. A run with nothing to do needs none."""
        return Scheduler(self._graph, window=self._executor.window, policy=self._policy)

    def run(self, work: Work) -> RunStatus:
        """Run the graph to its end and say how it ended; what failed and why is in ``scheduler``.

        The executor must be open. ``KeyboardInterrupt`` and its like leave at once: the caller's ``with`` ends
        what is still running.
        """
        self._executor.begin(self._graph, work)
        if self._seed is not None:
            self._seed(self._executor)
        tasks = self._graph.tasks
        self._observers.observe(RunStarted(len(tasks), tuple(task.name for task in tasks)))
        try:
            if not self._reuse_all():
                self._carry_out(self.scheduler.start())
            while self._status is None:
                self._turn()
        except BaseException:
            self.scheduler.handle(Interrupted())
            self._observers.observe(RunEnded("cancelled"))
            raise
        self._observers.observe(RunEnded(self._status))
        return self._status

    def _reuse_all(self) -> bool:
        """Finish a run none of whose tasks has to run; return False for any other.

        There is nothing to schedule then. Task by task it was a fifth of what such a run cost (benchmarks: memory).
        """
        reasons = None if self._gate is None else self._gate.reasons_to_reuse_all()
        if reasons is None or list(self._graph.waits) != count_parents(self._graph.children):
            return False
        self._observers.observe(AllReused(reasons))
        if self._on_free is not None:
            lifetimes = Lifetimes(self._graph)
            for task in range(len(reasons)):
                for value in lifetimes.release(TaskId(task)):
                    self._free(value)
        self._status = "completed"
        return True

    def _turn(self) -> None:
        """Wait for the executor or the next timer, whichever is first, and act on what happened."""
        timeout = None
        if self._timers:
            timeout = max(0.0, self._timers[0][0] - time.monotonic())
        observers, handle = self._observers, self.scheduler.handle
        for event in self._executor.wait(timeout):
            if observers:
                observers.observe(event)
            if commands := handle(event):
                self._carry_out(commands)
        while self._timers and self._timers[0][0] <= time.monotonic():
            _, task = heapq.heappop(self._timers)
            self._carry_out(handle(RetryDue(task)))

    def _carry_out(self, commands: Iterable[Command]) -> None:
        # The loop takes up what is appended meanwhile; a chain that is reused would be too deep a recursion.
        todo = list(commands)
        for command in todo:
            match command:
                case Submit():
                    reused = self._reuse(command)
                    if reused is None:
                        self._executor.submit(command)
                    else:
                        todo.extend(self._note(reused))
                case Free(value=value):
                    self._free(value)
                case Announce(event=event):
                    self._observers.observe(event)
                case Wake(task=task, delay=delay, jitter=jitter):
                    self._wake_later(task, delay, jitter)
                case Cancel(task=task):
                    self._executor.cancel(task)
                case Finish(status=status):
                    self._status = status

    def _wake_later(self, task: TaskId, delay: float, jitter: float) -> None:
        # Imported here: only a run with retries needs chance.
        from random import uniform

        heapq.heappush(self._timers, (time.monotonic() + delay + uniform(0.0, jitter), task))

    def _reuse(self, order: Submit) -> TaskReused | None:
        if self._gate is None or order.attempt > 1:
            return None
        reason = self._gate.reason_to_reuse(order.task)
        return None if reason is None else TaskReused(order.task, reason)

    def _note(self, event: Event) -> list[Command]:
        self._observers.observe(event)
        return self.scheduler.handle(event)

    def _free(self, value: ValueId) -> None:
        self._executor.free((value,))
        if self._on_free is not None:
            self._on_free(value)
        if self._observers:
            self._observers.observe(ValueFreed(value))
