"""Any ``concurrent.futures.Executor`` as a place where tasks run."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from concurrent.futures import Executor as Pool
from types import TracebackType
from typing import Any

from ..commands import Submit
from ..events import Event, TaskEnded, TaskFailed, TaskStarted
from ..graph import TaskGraph
from ..model import Failure, FailureKind, TaskId, TaskReport
from ._attempt import run_attempt
from ._by_reference import ByReference
from .protocol import Work

TaskCall = Callable[[TaskId], Callable[[], Any]]
"""What to submit to the pool for a task; it must pickle when the pool is one of processes."""


class FuturesExecutor(ByReference):
    """Runs tasks on a pool that somebody else made, and that is shut down when this is closed.

    Args:
        pool: any executor of the standard library's kind.
        window: how many tasks to have submitted at once; for a pool of n workers, at least n.
        call_for: what to submit for a task, where the work itself cannot go to the pool (a pool of processes).
    """

    def __init__(self, pool: Pool, *, window: int, call_for: TaskCall | None = None, name: str = "futures") -> None:
        self.name = name
        self.window = window
        self._pool = pool
        self._call_for = call_for
        self._work: Work | None = None
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def __enter__(self) -> FuturesExecutor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A thread cannot be interrupted: after Ctrl-C, what has not started is dropped and the rest is not waited for.
        gone = kind is not None and not issubclass(kind, Exception)
        self._pool.shutdown(wait=not gone, cancel_futures=kind is not None)

    def begin(self, graph: TaskGraph, work: Work) -> None:
        """Take the work of this run."""
        self._work = work

    def submit(self, order: Submit) -> None:
        """Submit the task to the pool."""
        try:
            if self._call_for is None:
                self._pool.submit(self._run, order).add_done_callback(lambda ended: self._note_silence(ended, order))
            else:
                self._submit_call(order, self._call_for)
        except Exception as error:
            # A broken pool refuses; for the run that is a task that failed, not an engine that did.
            self._events.put(self._failed(order, error))

    def _submit_call(self, order: Submit, call_for: TaskCall) -> None:
        self._events.put(TaskStarted(order.task, order.attempt, self.name))
        started, clock = time.time(), time.perf_counter()
        future = self._pool.submit(call_for(order.task))
        future.add_done_callback(lambda ended: self._events.put(self._outcome(ended, order, started, clock)))

    def wait(self, timeout: float | None) -> Iterator[Event]:
        """Yield what the pool's workers reported."""
        with contextlib.suppress(queue.Empty):
            yield self._events.get(timeout=timeout)

    def _run(self, order: Submit) -> None:
        """Run one attempt in a thread of the pool."""
        worker = threading.current_thread().name
        self._events.put(TaskStarted(order.task, order.attempt, worker))
        # Nobody else listens in this thread, so whatever was raised is the task's failure.
        self._events.put(run_attempt(self._work, order, worker, catch=BaseException))

    def _note_silence(self, future: Future[Any], order: Submit) -> None:
        """Report an attempt that ended without a word, as when its pool broke: the driver would wait for ever."""
        error = None if future.cancelled() else future.exception()
        if error is not None:
            self._events.put(self._failed(order, error))

    def _failed(self, order: Submit, error: BaseException, kind: FailureKind = FailureKind.ERROR) -> TaskFailed:
        return TaskFailed(order.task, order.attempt, Failure(kind, error), self.name)

    def _outcome(self, future: Future[Any], order: Submit, started: float, clock: float) -> Event:
        try:
            future.result()
        except CancelledError as error:
            return self._failed(order, error, FailureKind.CANCELLED)
        except BaseException as error:
            return self._failed(order, error)
        report = TaskReport(started, time.perf_counter() - clock)
        return TaskEnded(order.task, order.attempt, report, self.name)
