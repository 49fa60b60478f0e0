"""Threads of this process as a place where tasks run."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import ParamSpec, TypeVar

from .futures import FuturesExecutor

P = ParamSpec("P")
T = TypeVar("T")
_numbers = itertools.count(1)


class DaemonThreadPool(Executor):
    """A pool whose threads do not hold up the end of the process.

    ``concurrent.futures.ThreadPoolExecutor`` joins its threads when the interpreter exits, so that Ctrl-C in a run
    with a 60 s node takes 60 s. These threads are daemons, and all are started when the first task comes.

    Args:
        max_workers: the number of threads.
    """

    def __init__(self, max_workers: int) -> None:
        if max_workers <= 0:
            raise ValueError("max_workers should be positive")
        self._max_workers = max_workers
        self._calls: queue.SimpleQueue[tuple[Future[object], Callable[[], object]] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()  # guards _threads and _closed
        self._closed = False
        self._number = next(_numbers)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have ``fn(*args, **kwargs)`` called in one of the threads."""
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("cannot schedule new futures after shutdown")
            if len(self._threads) < self._max_workers:
                self._start_thread()
        self._calls.put((future, lambda: fn(*args, **kwargs)))  # type: ignore[arg-type]  # Future is invariant
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls; end the threads when what was taken is done (or, when cancelled, at once)."""
        with self._lock:
            self._closed = True
            threads = list(self._threads)
        if cancel_futures:
            self._drop_waiting()
        for _ in threads:
            self._calls.put(None)
        if wait:
            for thread in threads:
                thread.join()

    def _start_thread(self) -> None:
        name = f"deodar-{self._number}_{len(self._threads)}"
        thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _drop_waiting(self) -> None:
        while True:
            try:
                call = self._calls.get_nowait()
            except queue.Empty:
                return
            if call is not None:
                call[0].cancel()

    def _serve(self) -> None:
        while (item := self._calls.get()) is not None:
            future, call = item
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(call())
            except BaseException as error:
                future.set_exception(error)
            # Or the last result would live as long as the thread waits.
            del item, future, call


class ThreadsExecutor(FuturesExecutor):
    """Runs tasks in this process's own threads.

    Args:
        workers: the number of threads.
    """

    def __init__(self, workers: int) -> None:
        super().__init__(DaemonThreadPool(workers), window=workers, name="threads")
