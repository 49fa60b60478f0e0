"""A test double: tasks end when, and how, a script says so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from types import TracebackType

from ..commands import Submit
from ..events import Event, TaskEnded, TaskFailed, TaskStarted
from ..graph import TaskGraph
from ..model import Failure, FailureKind, TaskId, TaskReport, ValueId
from ._by_reference import ByReference
from .protocol import Work

Script = Callable[[list[Submit]], tuple[Submit, BaseException | None]]
"""Given what is submitted and not ended, in the order of submission, say what ends next and with which error."""


class ScriptedExecutor(ByReference):
    """Runs nothing; ends submitted tasks as its script dictates, one per ``wait``.

    Attributes:
        submitted: every order, in the order in which it came.
        freed: every value, in the order in which it was freed.
        most_running: the highest number of tasks submitted and not ended.
    """

    name = "scripted"
    can_kill = True

    def __init__(self, script: Script, *, window: int = 2) -> None:
        self.window = window
        self.submitted: list[Submit] = []
        self.freed: list[ValueId] = []
        self.cancelled: list[TaskId] = []
        self.most_running = 0
        self._running: list[Submit] = []
        self._script = script

    def __enter__(self) -> ScriptedExecutor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.clear()

    def begin(self, graph: TaskGraph, work: Work) -> None:
        """Nothing to do: the script decides."""

    def submit(self, order: Submit) -> None:
        """Note the order."""
        self.submitted.append(order)
        self._running.append(order)
        self.most_running = max(self.most_running, len(self._running))

    def cancel(self, task: TaskId) -> None:
        """Note the wish; the script may let the task end as it likes."""
        self.cancelled.append(task)

    def free(self, values: Iterable[ValueId]) -> None:
        """Note the values."""
        self.freed.extend(values)

    def wait(self, timeout: float | None) -> Iterator[Event]:
        """Yield the start and the end of the task that the script picks."""
        if not self._running:
            return
        order, error = self._script(list(self._running))
        self._running.remove(order)
        yield TaskStarted(order.task, order.attempt, self.name)
        if error is None:
            yield TaskEnded(order.task, order.attempt, TaskReport(0.0, 0.0), self.name)
        else:
            yield TaskFailed(order.task, order.attempt, Failure(FailureKind.ERROR, error), self.name)
