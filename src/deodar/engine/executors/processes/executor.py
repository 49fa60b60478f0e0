"""Warm worker processes as a place where tasks run.

Workers are prepared once for a run and then get messages of a few dozen bytes; carried values lie in shared memory
(see ``engine.transport``). A worker that dies takes along only the task it was running; whatever else was meant for
it goes elsewhere.
"""

from __future__ import annotations

import os
import pickle
import signal
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any

from ...commands import Submit
from ...events import Event, TaskEnded, TaskFailed, TaskStarted, ValuesHeld, WindowChanged, WorkerLost, WorkerStarted
from ...graph import TaskGraph
from ...model import Failure, FailureKind, TaskId, TaskReport, TaskSpec, ValueId
from ...transport.shelf import Shelf
from ...transport.writer import LARGE, Handle, mapped_bytes
from .. import _wire
from .._attempt import NO_FACTS
from .._blame import MemoryWatch, TaskCancelledError, WorkerNotReadyError
from .._driver_side import DriverChannel, DriverSide
from .._outfit import capture_outfit
from .._pace import Pace
from .._remote_errors import unpack_error
from .._reporting import Warner, handle_record
from ..protocol import Work
from . import pool
from .crew import Crew
from .devices import Devices
from .holdings import Holdings
from .launch import start_method
from .overseer import GRACE, Overseer
from .pool import Exit, Link, Pool

MOST_WORKERS = 512


class ProcessExecutor:
    """Runs tasks in worker processes that outlive the run.

    Args:
        workers: how many; by default one for each core.
        method: ``forkserver``, ``spawn`` or ``fork``; by default what ``DEODAR_MP_CONTEXT`` or ``KEDRO_MP_CONTEXT``
            say, and else ``forkserver`` where there is one.
        budget: bytes of shared memory for carried values, before they go to disk; by default half of what is free.
        eager: start the workers when the run begins, beside what else there is to do then; otherwise when the first
            task for them comes, which it may never do.

    Attributes:
        counts: messages so far.
    """

    name = "processes"
    can_kill = True

    def __init__(
        self, workers: int | None = None, *, method: str | None = None, budget: int | None = None, eager: bool = True
    ) -> None:
        self.workers = (os.cpu_count() or 1) if workers is None else workers
        if not 0 < self.workers <= MOST_WORKERS:
            raise ValueError(f"The number of workers must be between 1 and {MOST_WORKERS}, not {workers}.")
        self.method = start_method(method)
        self.counts = _wire.MessageCount()
        self._budget = budget
        self._is_eager = eager
        self._events: deque[Event] = deque()
        self._ready: deque[Submit] = deque()
        self._outstanding: dict[TaskId, Submit] = {}
        self._started: set[TaskId] = set()
        self._side: DriverSide[DriverChannel] | None = None
        self._pace = Pace(self.workers)
        self._devices = Devices()
        self._warner = Warner()

    @property
    def window(self) -> int:
        """Enough for every worker to have its next tasks at hand, which is more the shorter tasks are."""
        return self._pace.window + (len(self._side.waiting) if self._side else 0)

    @property
    def shelf(self) -> Shelf:
        """Where the carried values of this run lie."""
        return self._holdings.shelf

    def __enter__(self) -> ProcessExecutor:
        self._memory = MemoryWatch()
        self._pool: Pool = pool.borrow(self.method)
        try:
            self._holdings = Holdings(Shelf(writers=self.workers + 1, budget=self._budget))
        except BaseException:
            self._pool.close()
            raise
        self._crew = Crew(self._pool, self.shelf)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is not None:
                self._pool.end([link for link in self._crew.links if link.sent or not link.ready], GRACE)
            if self._side is not None:
                self._pool.unwatch(self._side.bell)
                self._side.close()
            for link in self._pool.links.values():
                if not link.retired:
                    link.lane.send(_wire.encode(_wire.REST))
        finally:
            self.shelf.close()
            if kind is None or issubclass(kind, Exception):
                pool.give_back(self._pool)
            else:
                # An interrupt may have struck anywhere: what the books say cannot be relied on.
                self._pool.close(GRACE / 2)

    def begin(self, graph: TaskGraph, work: Work) -> None:
        """Take the graph and the work of this run.

        Raises:
            UnportableValueError: if the work cannot be pickled.
        """
        self._graph = graph
        self._work = work
        self._overseer = Overseer(self._crew.links, graph.tasks, self._pool)
        outfit = capture_outfit(self.workers)
        travelling = sum(not task.in_driver for task in graph.tasks)
        self._crew.plan(min(self.workers, travelling), outfit.key())
        if self._is_eager:
            # Before the work is pickled: both take a while, and the one goes on beside the other.
            self._crew.start()
        if travelling:
            self._crew.equip(outfit, work)

    def put(self, value: ValueId, data: Any) -> None:
        """Publish a value that is there before the run."""
        # Tasks in this process can read what cannot travel; for any other the error comes when it is submitted.
        self._holdings.put(value, data)

    def submit(self, order: Submit) -> None:
        """Send the task to a worker that has room, or keep it until one has."""
        self._outstanding[order.task] = order
        spec = self._graph.tasks[order.task]
        if spec.in_driver:
            self._submit_here(order, spec)
            return
        obstacle = self._holdings.obstacle(self._graph, spec)
        if obstacle is not None:
            del self._outstanding[order.task]
            self._events.append(TaskFailed(order.task, order.attempt, Failure(FailureKind.ERROR, obstacle), "main"))
            return
        self._ready.append(order)
        self._crew.start()

    def cancel(self, task: TaskId) -> None:
        """Drop the task if it has not begun; else end the worker that runs it."""
        order = self._outstanding.get(task)
        if order is None:
            return
        if order in self._ready:
            self._ready.remove(order)
            self._drop(order)
        elif self._side is not None and self._side.cancel(task):
            self._drop(order)
        for link in self._crew.links:
            if order in link.sent:
                self._ready.extendleft(reversed(self._take_back(link)))
                if order in self._ready:
                    self._ready.remove(order)
                    self._drop(order)
                elif link.doom is None:
                    self._doom(link, FailureKind.CANCELLED)
                self._dispatch()

    def free(self, values: Iterable[ValueId]) -> None:
        """Remove values from the shelf."""
        self._holdings.free(values)
        self._tell_held()

    def fetch(self, value: ValueId) -> Any:
        """Return a value, mapped where it lies; it stays usable when the executor is closed."""
        return self._holdings.fetch(value)

    def wait(self, timeout: float | None) -> Iterator[Event]:
        """Yield what happened."""
        # Here, when all that could be submitted has been: or an idle worker would be given what waits at another, and
        # get work of its own a moment later.
        self._spread()
        limit = None if timeout is None else time.monotonic() + timeout
        while not self._events and (self._outstanding or limit is not None):
            self._hear(self._overseer.patience(limit))
            if not self._events:
                self._spread()
            if limit is not None and time.monotonic() >= limit:
                break
        while self._events:
            yield self._events.popleft()

    # What comes in.

    def _hear(self, timeout: float | None) -> None:
        for link, message in self._pool.poll(timeout):
            if isinstance(message, Exit):
                self._on_exit(link, message)
            else:
                self._on_message(link, message)
        if self._side is not None:
            self._hear_here(self._side)
        for link in self._overseer.overdue():
            self._doom(link, FailureKind.TIMEOUT)

    def _on_message(self, link: Link, message: tuple[Any, ...]) -> None:
        kind, rest = message[0], message[1:]
        if kind == _wire.DONE:
            self._on_done(link, *rest)
        elif kind == _wire.FAILED:
            task, packed = rest
            self._conclude(link, task, Failure(FailureKind.ERROR, unpack_error(packed), packed[3]))
        elif kind == _wire.LOG:
            run, task, record = rest
            handle_record(record, self._name_of(run, task))
        elif kind == _wire.WARNING:
            self._warner.show(*rest[2:])
        elif rest[0] != self._crew.run:
            return  # it tells of a run that was over before it was ready
        elif kind == _wire.READY:
            self._crew.note_ready(link)
            self.counts.modules = max(self.counts.modules, rest[1])
            self._events.append(WorkerStarted(link.name, link.pid))
        elif kind == _wire.STALE:
            self._crew.swap(link)
        elif kind == _wire.UNREADY:
            error = unpack_error(rest[1])
            raise WorkerNotReadyError.because_of(error) from error

    def _on_done(self, link: Link, task: TaskId, figures: Sequence[Any], given: Any, facts: bytes | None) -> None:
        handles = {value: Handle(*rest) for value, rest in given}
        self._holdings.take_over(link.slot, handles)
        started, seconds, cpu, peak, before = figures
        if before is not None and link.looks is not None:
            peak = link.looks.own_share(peak, before)
        sizes = tuple((value, handle.size) for value, handle in handles.items())
        self._tell_held()
        known = NO_FACTS if facts is None else pickle.loads(facts)
        self._conclude(link, task, TaskReport(started, seconds, cpu, peak, sizes, known))
        if self._pace.note(seconds):
            self._events.append(WindowChanged(self.window))

    def _conclude(self, link: Link, task: TaskId, outcome: TaskReport | Failure) -> None:
        """Tell how a task ended."""
        self.counts.answers += 1
        order = self._outstanding.pop(task)
        link.sent.remove(order)
        self._devices.give_back(task)
        self._tell_start(link, order)
        self._started.discard(task)
        if isinstance(outcome, Failure):
            self._events.append(TaskFailed(task, order.attempt, outcome, link.name))
        else:
            self._events.append(TaskEnded(task, order.attempt, outcome, link.name))
        self._look_at_head(link)

    def _on_exit(self, link: Link, end: Exit) -> None:
        if link not in self._crew.links:
            return  # it served another run
        back = self._recall(link, end.unread)
        # Without packets nobody knows what it had read; it worked on the first.
        lost = link.sent.popleft() if link.sent else None
        self._ready.extendleft(reversed([*link.sent, *back]))
        link.sent.clear()
        self._holdings.forget_writer(link.slot, str(link.serial))
        if not link.retired and not end.refused:
            self._events.append(WorkerLost(link.name, end.code, lost.task if lost else None))
        if lost is not None:
            self._lose(link, lost, end)
        self._crew.replace(link, end)

    def _lose(self, link: Link, order: Submit, end: Exit) -> None:
        """Tell of a task whose worker is gone."""
        task = order.task
        spec = self._graph.tasks[task]
        failure = self._memory.failure_of(spec, link.doom, end.code, end.peak)
        del self._outstanding[task]
        self._devices.give_back(task)
        self._tell_start(link, order)
        self._started.discard(task)
        self._events.append(TaskFailed(task, order.attempt, failure, link.name))

    def _hear_here(self, side: DriverSide[DriverChannel]) -> None:
        for outcome, channel in side.outcomes():
            if isinstance(outcome, TaskStarted):
                self._events.append(WindowChanged(self.window))
            else:
                self._outstanding.pop(outcome.task, None)
                self._holdings.take_from_channel(channel, well=isinstance(outcome, TaskEnded))
            self._events.append(outcome)

    # What goes out.

    def _spread(self) -> None:
        """See to it that no worker waits while there is something that it could do."""
        self._dispatch()
        if not self._ready and self._balance():
            self._dispatch()

    def _dispatch(self) -> None:
        """Send what is ready to the workers that have least to do, up to what each should have at hand."""
        depth = self._pace.depth
        while self._ready:
            links = [link for link in self._crew.links if link.has_room(depth)]
            if not links:
                return
            if not self._send(min(links, key=lambda link: len(link.sent)), self._ready[0]):
                return
            self._ready.popleft()

    def _send(self, link: Link, order: Submit) -> bool:
        spec = self._graph.tasks[order.task]
        reads = self._holdings.reads(spec, _wire.PACKET_LIMIT)
        packet = _wire.encode(
            _wire.TASK,
            order.task,
            order.attempt,
            {value: (h.size, h.data, h.name, h.home) for value, h in reads.items()},
            self._devices.take(order.task, spec.resources.gpu) if spec.resources.gpu else None,
        )
        if not link.lane.send(packet):
            self._devices.give_back(order.task)
            return False
        if mapped_bytes(reads.values()) >= LARGE:
            self._overseer.large.add(order.task)
        self.counts.packets += 1
        self.counts.packet_bytes += len(packet)
        link.sent.append(order)
        if len(link.sent) == 1:
            self._look_at_head(link)
        return True

    def _look_at_head(self, link: Link) -> None:
        """Note that a worker now works on the first of what it was sent."""
        if link.sent:
            self._overseer.note_start(link)
            self._tell_start(link, link.sent[0])

    def _tell_start(self, link: Link, order: Submit) -> None:
        if order.task not in self._started:
            self._started.add(order.task)
            self._events.append(TaskStarted(order.task, order.attempt, link.name))

    def _submit_here(self, order: Submit, spec: TaskSpec) -> None:
        if self._side is None:
            self._side = DriverSide(self._work)
            self._pool.watch(self._side.bell)
        self._side.submit(order, self._holdings.channel(spec, self._graph.tasks))
        self._events.append(WindowChanged(self.window))

    # What is undone.

    def _take_back(self, link: Link) -> list[Submit]:
        """Return, in order, what was sent to a worker and not begun; it will not see it any more."""
        return self._recall(link, link.lane.take_back())

    def _recall(self, link: Link, packets: Iterable[bytes]) -> list[Submit]:
        """Return the orders that a worker was sent in packets that it did not read."""
        messages = [_wire.decode(packet) for packet in packets]
        back = [self._outstanding[message[1]] for message in messages if message[0] == _wire.TASK]
        for order in back:
            link.sent.remove(order)
            self._devices.give_back(order.task)
        self.counts.taken_back += len(back)
        return back

    def _balance(self) -> bool:
        """Take back what waits behind others' tasks and that workers can have who have nothing to do."""
        idle = sum(link.ready and not link.sent and link.doom is None for link in self._crew.links)
        for link in self._crew.links if idle else ():
            waiting = len(link.sent) - 1
            if waiting > 0:
                # As much as leaves all with the same; the first ones, which would have been next.
                self._ready.extend(self._recall(link, link.lane.take_back(-(-waiting * idle // (idle + 1)))))
        return bool(self._ready)

    def _drop(self, order: Submit) -> None:
        task = order.task
        del self._outstanding[task]
        self._started.discard(task)
        error = TaskCancelledError(self._graph.tasks[task].name)
        self._events.append(TaskFailed(task, order.attempt, Failure(FailureKind.CANCELLED, error), ""))

    def _doom(self, link: Link, why: FailureKind) -> None:
        """Have a worker end what it does, and itself; what waits behind that goes elsewhere."""
        link.doom = why
        link.kill_at = time.monotonic() + GRACE
        self._pool.kill(link, signal.SIGTERM)
        self._ready.extendleft(reversed(self._take_back(link)))

    def _tell_held(self) -> None:
        """Say how much memory the values hold, when that has changed by something worth saying."""
        if (held := self._holdings.news_of_held()) is not None:
            self._events.append(ValuesHeld(held))

    def _name_of(self, run: int, task: int) -> str | None:
        return self._graph.tasks[task].name if run == self._crew.run and task >= 0 else None
