"""One task after the other, in the caller's own thread."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from types import TracebackType

from ..commands import Submit
from ..events import Event, TaskStarted
from ..graph import TaskGraph
from ._attempt import run_attempt
from ._by_reference import ByReference
from .protocol import Work

WORKER = "main"


class InlineExecutor(ByReference):
    """Runs a task inside ``wait``. Values pass by reference; the work keeps them.

    Args:
        measured: note the CPU time of each attempt.
    """

    name = "inline"
    window = 1

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

    def submit(self, order: Submit) -> None:
        """Note the task for the next ``wait``."""
        self._orders.append(order)

    def wait(self, timeout: float | None) -> Iterator[Event]:
        """Run the next task to its end; with none submitted, let the timeout pass."""
        if not self._orders:
            time.sleep(timeout or 0.0)
            return
        order = self._orders.popleft()
        yield TaskStarted(order.task, order.attempt, WORKER)
        yield run_attempt(self._work, order, WORKER, measured=self._measured)
