"""Tasks that cannot travel: run in the driver's process, one after the other, in a thread of their own."""

from __future__ import annotations

import dataclasses
import queue
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any, Generic, Protocol, TypeVar

from ..commands import Submit
from ..events import TaskEnded, TaskFailed, TaskStarted
from ..model import TaskId, ValueId
from ..transport.pickling import UnportableValueError
from ..transport.writer import Handle, Writer
from ._attempt import run_attempt
from .protocol import Channel, Work

WORKER = "main"
Outcome = TaskStarted | TaskEnded | TaskFailed


class _Sized(Protocol):
    @property
    def size(self) -> int: ...


class HomeChannel(Channel, Protocol):
    """A channel of a task in the driver's process, which says afterwards what it was given."""

    @property
    def given(self) -> Mapping[ValueId, _Sized]: ...


C = TypeVar("C", bound=HomeChannel)


class DriverChannel:
    """How a task in the driver's process takes and gives carried values.

    Args:
        at_home: values that cannot travel, kept as they are.
        stays: whether nobody reads a value outside the driver's process.
    """

    def __init__(
        self,
        writer: Writer,
        reads: dict[ValueId, Handle],
        at_home: dict[ValueId, Any],
        stays: Callable[[ValueId], bool],
    ) -> None:
        self._writer = writer
        self._reads = reads
        self._at_home = at_home
        self._stays = stays
        self.given: dict[ValueId, Handle] = {}
        self.kept: dict[ValueId, Any] = {}

    def take(self, value: ValueId) -> Any:
        """Return a value of the task's own, or the very object where it cannot travel."""
        if value in self._at_home:
            return self._at_home[value]
        if value not in self._reads:
            raise LookupError(f"Value {value} is not one that this task reads.")
        return self._writer.load(self._reads[value])

    def give(self, value: ValueId, data: Any) -> None:
        """Publish a value; keep it here if it cannot travel and need not."""
        self._writer.discard([self.given.pop(value)] if value in self.given else [])
        self.kept.pop(value, None)
        try:
            self.given[value] = self._writer.put(data)
        except UnportableValueError:
            if not self._stays(value):
                raise
            self.kept[value] = data


class DriverSide(Generic[C]):
    """The thread and its queue. Started with the first order."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._orders: queue.SimpleQueue[tuple[Submit, C] | None] = queue.SimpleQueue()
        self._outcomes: queue.SimpleQueue[tuple[Outcome, C]] = queue.SimpleQueue()
        self.bell, self._ringer = socket.socketpair()
        self.bell.setblocking(False)
        self.waiting: dict[TaskId, Submit] = {}
        self._cancelled: set[TaskId] = set()
        self._lock = threading.Lock()  # guards what is waiting and what was cancelled
        threading.Thread(target=self._serve, name="deodar-driver-tasks", daemon=True).start()

    def submit(self, order: Submit, channel: C) -> None:
        """Take a task."""
        self.waiting[order.task] = order
        self._orders.put((order, channel))

    def cancel(self, task: TaskId) -> bool:
        """Return whether the task was waiting, and will now not run."""
        with self._lock:
            if task in self.waiting and task not in self._cancelled:
                self._cancelled.add(task)
                del self.waiting[task]
                return True
        return False

    def outcomes(self) -> list[tuple[Outcome, C]]:
        """Return what happened since the last call."""
        try:
            self.bell.recv(4096)
        except BlockingIOError:
            return []
        found = []
        while True:
            try:
                found.append(self._outcomes.get_nowait())
            except queue.Empty:
                return found

    def close(self) -> None:
        """Take no more; a task that runs cannot be ended, and is left to itself."""
        with self._lock:
            self._cancelled.update(self.waiting)
        self._orders.put(None)

    def _tell(self, outcome: Outcome, channel: C) -> None:
        self._outcomes.put((outcome, channel))
        self._ringer.send(b"!")

    def _serve(self) -> None:
        while (item := self._orders.get()) is not None:
            order, channel = item
            with self._lock:
                if order.task in self._cancelled:
                    self._cancelled.discard(order.task)
                    continue
                self.waiting.pop(order.task, None)
            self._tell(TaskStarted(order.task, order.attempt, WORKER), channel)
            outcome = run_attempt(self._work, order, WORKER, catch=BaseException, channel=channel)
            if isinstance(outcome, TaskEnded):
                sizes = tuple((value, handle.size) for value, handle in channel.given.items())
                outcome = dataclasses.replace(outcome, report=dataclasses.replace(outcome.report, sizes=sizes))
            self._tell(outcome, channel)
            # Or the last task's values would live as long as the thread waits.
            del item, channel, outcome
        self.bell.close()
        self._ringer.close()
