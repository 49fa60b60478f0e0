"""One task after the other, in the caller's own thread."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any

from ..commands import Submit
from ..events import Event, TaskStarted
from ..graph import TaskGraph
from ..model import TaskId, ValueId
from ._attempt import run_attempt
from .protocol import Work

WORKER = "main"


class InlineExecutor:
    """Runs a task inside ``wait``. Values pass by reference; the work keeps them.

    Args:
        measured: note the CPU time of each attempt.
    """

    name = "inline"
    window = 1
    can_kill = False

    def __init__(self, *, measured: bool = False) -> None:
        self._measured = measured
        self._orders: deque[Submit] = deque()
        self._work: Work | None = None

    def __enter__(self) -> InlineExecutor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._orders.clear()
        self._work = None

    def begin(self, graph: TaskGraph, work: Work) -> None:
        """Take the work of this run."""
        self._work = work

    def put(self, value: ValueId, data: Any) -> None:
        """Nothing to do: values pass by reference."""

    def submit(self, order: Submit) -> None:
        """Note the task for the next ``wait``."""
        self._orders.append(order)

    def cancel(self, task: TaskId) -> None:
        """Nothing to do: whoever could call this waits for the task itself."""

    def free(self, values: Iterable[ValueId]) -> None:
        """Nothing to do: the work keeps the values."""

    def wait(self, timeout: float | None) -> Iterator[Event]:
        """Run the next task to its end; with none submitted, let the timeout pass."""
        if not self._orders:
            time.sleep(timeout or 0.0)
            return
        order = self._orders.popleft()
        yield TaskStarted(order.task, order.attempt, WORKER)
        yield run_attempt(self._work, order, WORKER, measured=self._measured)

    def fetch(self, value: ValueId) -> Any:
        """Fail: the work keeps the values."""
        raise LookupError(f"The inline executor carries no values; ask the work for value {value}.")
