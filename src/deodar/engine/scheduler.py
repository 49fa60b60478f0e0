"""Which task runs next: a pure state machine from events to commands.

Work per event is O(degree of the task), plus the distinct demands for admission; nothing scans the graph twice. It
knows no clock, chance or I/O, so a run can be replayed, simulated and tested against a naive oracle.
"""

from __future__ import annotations

from collections import deque

from .admission import Admission
from .commands import Announce, Cancel, Command, Finish, Free, Submit, Wake
from .events import (
    Event,
    Interrupted,
    RetryDue,
    RunStatus,
    TaskEnded,
    TaskFailed,
    TaskRetried,
    TaskReused,
    TaskSkipped,
    ValuesHeld,
    WindowChanged,
)
from .graph import TaskGraph, tail_costs
from .lifetimes import Lifetimes
from .model import DEFAULT_POLICY, Failure, FailureKind, RetryPolicy, RunPolicy, TaskId


class Scheduler:
    """The state of one run.

    Attributes:
        done: tasks that ended well (or were reused), in the order in which they ended.
        failures: tasks that failed for good, in the order in which they failed.
        skipped: tasks that will not run, with the failed task that is the reason.

    Args:
        window: at most this many tasks are submitted and not ended.
    """

    def __init__(self, graph: TaskGraph, *, window: int, policy: RunPolicy = DEFAULT_POLICY) -> None:
        self._tasks = graph.tasks
        self._children = graph.children
        self._waits = list(graph.waits)
        self._lifetimes = Lifetimes(graph)
        demands = [task.resources for task in graph.tasks]
        self._admission = Admission(demands, _preference(graph, policy.by_cost), policy.budget)
        self._window = window
        self._on_error = policy.on_error
        self._running: dict[TaskId, int] = {}
        self._attempts: dict[TaskId, int] = {}
        self._waiting: dict[TaskId, Failure] = {}
        self._alone: deque[TaskId] = deque()
        self._alone_running = False
        self._was_alone: set[TaskId] = set()
        self._draining = False
        self._closing = False
        self._cancelled = False
        self._finished = False
        self.done: list[TaskId] = []
        self.failures: dict[TaskId, Failure] = {}
        self.skipped: dict[TaskId, TaskId] = {}

    def start(self) -> list[Command]:
        """Return the first commands; call once, before any ``handle``."""
        for task, count in enumerate(self._waits):
            if not count:
                self._admission.add(TaskId(task))
        commands: list[Command] = []
        self._continue(commands)
        return commands

    def handle(self, event: Event) -> list[Command]:
        """Take one event and return what to do because of it, in order. Events it has no use for give nothing."""
        commands: list[Command] = []
        match event:
            case TaskEnded(task=task) | TaskReused(task=task):
                self._leave(task)
                self._settle(task, commands)
            case TaskFailed(task=task, failure=failure):
                self._leave(task)
                self._fail(task, failure, commands)
            case RetryDue(task=task):
                if self._waiting.pop(task, None) is not None:
                    self._admission.add(task)
            case WindowChanged(window=window):
                self._window = window
            case ValuesHeld(size=size):
                self._admission.hold(size)
            case Interrupted():
                self._cancelled = True
                self._close(commands)
            case _:
                return commands
        self._continue(commands)
        return commands

    def _leave(self, task: TaskId) -> None:
        del self._running[task]
        self._admission.give_back(task)
        self._alone_running = False

    def _settle(self, task: TaskId, commands: list[Command]) -> None:
        """Count a task as done: free what it was the last to read, and wake who waited for it."""
        self.done.append(task)
        for value in self._lifetimes.release(task):
            commands.append(Free(value))
        waits, blocked = self._waits, self._draining or self._closing
        for child in self._children[task]:
            waits[child] -= 1
            if not waits[child] and not blocked and child not in self.skipped:
                self._admission.add(child)

    def _fail(self, task: TaskId, failure: Failure, commands: list[Command]) -> None:
        if not self._closing and self._try_again(task, failure, commands):
            return
        self.failures[task] = failure
        if self._on_error == "continue":
            self._skip_after(task, commands)
        elif self._on_error == "drain":
            self._draining = True
        else:
            self._close(commands)

    def _try_again(self, task: TaskId, failure: Failure, commands: list[Command]) -> bool:
        policy = self._tasks[task].retry
        attempt = self._attempts[task]
        # A task that was refused memory, and lived to say so, is helped by the same as one that was killed for it.
        short = failure.kind is FailureKind.MEMORY or isinstance(failure.error, MemoryError)
        if short and policy.alone_after_memory and task not in self._was_alone:
            self._was_alone.add(task)
            self._alone.append(task)
            commands.append(Announce(TaskRetried(task, attempt + 1, 0.0)))
            return True
        if attempt >= policy.attempts or not _is_retryable(failure, policy):
            return False
        delay = policy.delay * policy.backoff ** (attempt - 1)
        self._waiting[task] = failure
        commands.append(Announce(TaskRetried(task, attempt + 1, delay)))
        commands.append(Wake(task, delay, delay * policy.jitter))
        return True

    def _skip_after(self, failed: TaskId, commands: list[Command]) -> None:
        """Give up all that depends on a failed task, and the values that only they would have read."""
        commands.extend(map(Free, self._lifetimes.release(failed)))
        stack = [failed]
        while stack:
            for child in self._children[stack.pop()]:
                if child in self.skipped or child in self.failures:
                    continue
                self.skipped[child] = failed
                commands.append(Announce(TaskSkipped(child, failed)))
                commands.extend(map(Free, self._lifetimes.release(child)))
                stack.append(child)

    def _close(self, commands: list[Command]) -> None:
        self._closing = True
        self._admission.clear()
        self._alone.clear()
        self.failures.update(self._waiting)
        self._waiting.clear()
        commands.extend(Cancel(task) for task in self._running)

    def _continue(self, commands: list[Command]) -> None:
        """Submit what fits, or say that the run is over."""
        running, admission = self._running, self._admission
        if not self._alone and not self._alone_running:
            while len(running) < self._window:
                task = admission.take(idle=not running)
                if task is None:
                    break
                commands.append(self._submit(task))
        elif self._alone and not running:
            self._alone_running = True
            commands.append(self._submit(self._alone.popleft(), alone=True))
        if not running and not self._waiting and not self._alone and not self._finished:
            self._finished = True
            commands.append(Finish(self._status()))

    def _submit(self, task: TaskId, alone: bool = False) -> Submit:
        attempt = self._attempts[task] = self._attempts.get(task, 0) + 1
        self._running[task] = attempt
        return Submit(task, attempt, alone)

    def _status(self) -> RunStatus:
        if self._cancelled:
            return "cancelled"
        if self.failures:
            return "failed"
        return "completed" if len(self.done) == len(self._tasks) else "stuck"


def _preference(graph: TaskGraph, by_cost: bool) -> list[int]:
    """Return the tasks, the one to prefer first; ties keep the order of the graph, so runs repeat exactly."""
    order = list(range(len(graph.tasks)))
    if by_cost:
        tails = tail_costs(graph)
        order.sort(key=lambda task: -tails[task])
    return order


def _is_retryable(failure: Failure, policy: RetryPolicy) -> bool:
    if failure.kind is FailureKind.CANCELLED or not isinstance(failure.error, Exception):
        return False
    if not policy.retry_on:
        return True
    classes = type(failure.error).__mro__
    names = {cls.__name__ for cls in classes} | {f"{cls.__module__}.{cls.__qualname__}" for cls in classes}
    return not names.isdisjoint(policy.retry_on)
