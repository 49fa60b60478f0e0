"""What the executors of all clusters share: the driver's side of missions, messages, limits and values.

Carried values stay on the cluster, as whatever the engine calls them; the driver holds references. Only what the
driver itself puts in or asks for passes through it.
"""

from __future__ import annotations

import abc
import contextlib
import logging
import pickle
import queue
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Generic, TypeVar

from ...._records import replace
from ...commands import Submit
from ...events import Event, TaskEnded, TaskFailed, TaskStarted, WindowChanged, WorkerLost
from ...graph import TaskGraph
from ...model import Failure, FailureKind, Resources, TaskId, TaskReport, TaskSpec, ValueId
from ...transport.parcel import Parcel
from ...transport.pickling import UnportableValueError, pack_by_value
from .. import _wire
from .._attempt import NO_FACTS
from .._blame import TaskCancelledError, TaskTimeoutError, WorkerDiedError, WorkerNotReadyError
from .._driver_side import Outcome
from .._pace import Pace
from .._remote_errors import unpack_error
from .._reporting import Warner, handle_record
from .._strays import made_up_modules_by_value
from ..protocol import Work
from .flight import Flight, Traffic
from .home import HomeParcels, HomeSide
from .outfit import capture_cluster_outfit
from .worker import Mission

Answer = TypeVar("Answer")
Ref = TypeVar("Ref")
"""What the engine calls a value that it holds."""


SMALL = 1 << 20
"""Bytes up to which values are fetched together."""
AT_HAND = 128
"""Tasks that a worker has at hand at most: on the way there are more of them than on one machine."""


@contextlib.contextmanager
def quiet(name: str) -> Iterator[None]:
    """Let an engine that was started for one run warn only: its own coming and going is no news to the user."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(max(before, logging.WARNING))
    try:
        yield
    finally:
        logger.setLevel(before)


class ClusterExecutor(abc.ABC, Generic[Ref]):
    """Runs tasks on a cluster that is connected already.

    Args:
        name: for people.
        supply: what all workers have together; ``cpu`` is how many tasks they can run at a time.
        ours: it was started for this run, by this process.

    Attributes:
        traffic: what passed through the driver.
    """

    can_kill = True
    patience = 1.0
    """Seconds without news after which the engine is asked whether it gave something up."""

    def __init__(self, name: str, supply: Resources, *, ours: bool = False) -> None:
        self.name = name
        self.supply = replace(supply, cpu=max(1.0, supply.cpu))
        self.ours = ours
        self.traffic = Traffic()
        self._inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._events: list[Event] = []
        self._flights: dict[TaskId, Flight] = {}
        self._refs: dict[ValueId, Ref] = {}
        self._sizes: dict[ValueId, int] = {}
        self._brought: dict[ValueId, Parcel] = {}
        self._at_home: dict[ValueId, Any] = {}
        self._side: HomeSide | None = None
        self._pace = Pace(int(self.supply.cpu), AT_HAND)
        self._warner = Warner()
        self._run = uuid.uuid4().hex

    # What an engine has to do.

    @abc.abstractmethod
    def _open(self, mission: Mission) -> None:
        """Put the mission on the cluster, and listen to the messages of its workers."""

    @abc.abstractmethod
    def _post(self, flight: Flight) -> None:
        """See to it that an attempt is launched, and gets its call, when ``_next`` is called."""

    @abc.abstractmethod
    def _harvest(self, flight: Flight, written: Mapping[ValueId, int]) -> Mapping[ValueId, Ref]:
        """Return references to the values that an attempt which ended well wrote, of which the bytes are given."""

    def _keep(self, value: ValueId, parcel: Parcel) -> None:
        """Keep what the engine cannot make again, if it might lose it."""
        return

    @abc.abstractmethod
    def _hold(self, parcel: Parcel) -> Ref:
        """Put a value on the cluster."""

    @abc.abstractmethod
    def _bring_all(self, values: Sequence[ValueId]) -> dict[ValueId, Parcel]:
        """Fetch values, in one go if that can be; may be called in any thread."""

    @abc.abstractmethod
    def _end(self, flight: Flight) -> None:
        """End an attempt that may be running, by force."""

    @abc.abstractmethod
    def _given_up(self, flight: Flight) -> BaseException | None:
        """Return why the engine gave an attempt up, or None."""

    @abc.abstractmethod
    def ask_workers(self, function: Callable[..., Answer], *arguments: Any) -> dict[str, Answer]:
        """Call a function in a process of every worker, or of every machine, and return the answers by its name."""

    @abc.abstractmethod
    def _shut(self) -> None:
        """Listen no more; the cluster itself stays."""

    # The protocol.

    @property
    def window(self) -> int:
        """Enough for every slot to have its next tasks at hand, which is more the shorter tasks are."""
        return self._pace.window + (len(self._side.waiting) if self._side else 0)

    def __enter__(self) -> ClusterExecutor[Ref]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is not None:
                for flight in self._flights.values():
                    if flight.call is not None:
                        self._end(flight)
            if self._side is not None:
                self._side.close()
        finally:
            self._flights.clear()
            self._refs.clear()
            self._shut()

    def begin(self, graph: TaskGraph, work: Work) -> None:
        """Take the work of this run.

        Raises:
            UnportableValueError: if the work cannot be pickled.
        """
        self._graph = graph
        self._work = work
        self._is_timed = any(task.timeout is not None for task in graph.tasks)
        if all(task.in_driver for task in graph.tasks):
            return
        with made_up_modules_by_value():
            parcels = [Parcel.of_packed(pack_by_value(thing)) for thing in (capture_cluster_outfit(), work)]
        self._open(Mission(self._run, *parcels))

    def put(self, value: ValueId, data: Any) -> None:
        """Put a value that is there before its readers run on the cluster."""
        try:
            parcel = Parcel.of(data)
        except UnportableValueError:
            # Tasks in this process can still read it; for any other the error comes when it is submitted.
            self._at_home[value] = data
        else:
            self._send(value, parcel)

    def submit(self, order: Submit) -> None:
        """Hand the task to the engine."""
        spec = self._graph.tasks[order.task]
        flight = self._flights[order.task] = Flight(order)
        if spec.in_driver:
            self._submit_here(order, spec)
            return
        for value in spec.reads:
            if value in self._at_home:
                self._refuse(order, spec, value)
                return
        self._post(flight)

    def cancel(self, task: TaskId) -> None:
        """End the task, with the worker that runs it if need be."""
        flight = self._flights.get(task)
        if flight is None or flight.doom is not None:
            return
        spec = self._graph.tasks[task]
        if flight.call is not None:
            self._doom(flight, FailureKind.CANCELLED)
        elif not spec.in_driver or (self._side is not None and self._side.cancel(task)):
            # It was posted, but has not been launched.
            self._fail(flight, Failure(FailureKind.CANCELLED, TaskCancelledError(spec.name)))

    def free(self, values: Iterable[ValueId]) -> None:
        """Let go of values; the engine removes what nobody refers to."""
        for value in values:
            self._refs.pop(value, None)
            self._at_home.pop(value, None)

    def fetch(self, value: ValueId) -> Any:
        """Bring a value here."""
        if value in self._at_home:
            return self._at_home[value]
        parcel = self._brought.pop(value, None) or self.bring(value)
        return parcel.unpack()

    def prefetch(self, values: Iterable[ValueId]) -> None:
        """Bring values that will be fetched, small ones together: one by one each would take a round trip."""
        wanted = [value for value in values if value in self._refs and self._sizes.get(value, SMALL) < SMALL]
        for start in range(0, len(wanted), 1000):
            found = self._bring_all(wanted[start : start + 1000])
            self.traffic.fetched += sum(parcel.size for parcel in found.values())
            self._brought.update(found)

    def wait(self, timeout: float | None) -> Iterator[Event]:
        """Yield what happened."""
        limit = None if timeout is None else time.monotonic() + timeout
        while not self._events and (self._flights or limit is not None):
            self._hear(limit)
            if limit is not None and time.monotonic() >= limit:
                break
        while self._events:
            yield self._events.pop(0)

    # For tasks in the driver's process.

    def bring(self, value: ValueId) -> Parcel:
        """Fetch a value and count it."""
        if value not in self._refs:
            raise LookupError(f"No carried value {value}: its task has not ended well, or it was freed.")
        parcel = self._bring_all([value])[value]
        self.traffic.fetched += parcel.size
        return parcel

    def stays_here(self, value: ValueId) -> bool:
        """Return whether nobody reads a value outside of the driver's process."""
        return all(task.in_driver for task in self._graph.tasks if value in task.reads)

    # What comes in.

    def _hear(self, limit: float | None) -> None:
        first = time.monotonic() + self.patience
        if limit is not None:
            first = min(first, limit)
        if self._is_timed:
            first = min([first, *map(self._due, self._flights.values())])
        try:
            item = self._next(max(0.0, first - time.monotonic()))
        except queue.Empty:
            self._keep_limits()
            for flight in list(self._flights.values()):
                self._look_after(flight)
            return
        self._take(item)
        with contextlib.suppress(queue.Empty):
            while True:
                self._take(self._inbox.get_nowait())
        self._keep_limits()

    def _next(self, timeout: float) -> Any:
        """Wait for something to come in, or raise ``queue.Empty``."""
        return self._inbox.get(timeout=timeout)

    def _take(self, item: Any) -> None:
        if isinstance(item, bytes):
            self.traffic.messages += 1
            self.traffic.message_bytes += len(item)
            self._read(*pickle.loads(item))
        elif isinstance(item, tuple):
            self._hear_here(*item)
        else:
            item()

    def _is_active(self, flight: Flight) -> bool:
        """Return whether nothing was told yet of how an attempt ended."""
        return self._flights.get(flight.order.task) is flight

    def _read(
        self, task: TaskId, attempt: int, worker: str, started: float, notes: list[Any], ending: tuple[Any, ...] | None
    ) -> None:
        """Take a message of a worker."""
        name = self._graph.tasks[task].name
        for kind, *rest in notes:
            if kind == _wire.LOG:
                handle_record(rest[0], name)
            else:
                self._warner.show(*rest)
        flight = self._flights.get(task)
        if flight is None or flight.order.attempt != attempt or flight.doom is not None:
            return  # it was given up, or runs again for what it wrote alone
        self._note_worker(flight, worker)
        if ending is not None:
            self._conclude(flight, *ending)

    def _note_worker(self, flight: Flight, worker: str) -> None:
        if not flight.worker:
            flight.since = time.monotonic()
            self._events.append(TaskStarted(flight.order.task, flight.order.attempt, worker))
        elif flight.worker != worker:
            # The engine runs it again by itself.
            self._events.append(WorkerLost(flight.worker, None, flight.order.task))
            flight.since = time.monotonic()
        flight.since = min(flight.since, time.monotonic())
        flight.worker = worker

    def _conclude(self, flight: Flight, kind: int, *rest: Any) -> None:
        if kind == _wire.DONE:
            (started, seconds, cpu, peak), sizes, facts = rest
            self._sizes.update(sizes)
            self._refs.update(self._harvest(flight, dict(sizes)))
            known = NO_FACTS if facts is None else pickle.loads(facts)
            order = flight.order
            del self._flights[order.task]
            report = TaskReport(started, seconds, cpu, peak, sizes, known)
            self._events.append(TaskEnded(order.task, order.attempt, report, flight.worker))
            if self._pace.note(seconds):
                self._events.append(WindowChanged(self.window))
        elif kind == _wire.FAILED:
            packed = rest[0]
            self._fail(flight, Failure(FailureKind.ERROR, unpack_error(packed), packed[3]))
        else:
            error = unpack_error(rest[0])
            raise WorkerNotReadyError(
                f"Worker {flight.worker} could not be made ready: {type(error).__name__}: {error}. "
                "What the tasks use must be importable, and loadable, on every worker of the cluster."
            ) from error

    def _look_after(self, flight: Flight) -> None:
        """Ask whether the engine gave an attempt up, because of which no message of it will come."""
        if flight.call is None or not self._is_active(flight) or flight.doom is not None:
            return
        reason = self._given_up(flight)
        if reason is None:
            return
        name = self._graph.tasks[flight.order.task].name
        if not flight.worker:
            self._note_worker(flight, self.name)
        error = WorkerDiedError(name, None, 0, f"{self.name} gave it up: {reason}")
        error.__cause__ = reason
        self._events.append(WorkerLost(flight.worker, None, flight.order.task))
        self._fail(flight, Failure(FailureKind.LOST, error))

    def _fail(self, flight: Flight, failure: Failure) -> None:
        order = flight.order
        self._flights.pop(order.task, None)
        self._events.append(TaskFailed(order.task, order.attempt, failure, flight.worker))

    # What goes out.

    def _send(self, value: ValueId, parcel: Parcel) -> None:
        self.traffic.sent += parcel.size
        self._sizes[value] = parcel.size
        self._keep(value, parcel)
        self._refs[value] = self._hold(parcel)

    def _submit_here(self, order: Submit, spec: TaskSpec) -> None:
        if self._side is None:
            self._side = HomeSide(self._work, self._inbox)
        at_home = {value: self._at_home[value] for value in spec.reads if value in self._at_home}
        self._side.submit(order, HomeParcels(self, at_home))
        self._events.append(WindowChanged(self.window))

    def _hear_here(self, outcome: Outcome, channel: HomeParcels) -> None:
        if isinstance(outcome, TaskStarted):
            self._events.append(WindowChanged(self.window))
        else:
            self._flights.pop(outcome.task, None)
            if isinstance(outcome, TaskEnded):
                for value, parcel in channel.given.items():
                    self._send(value, parcel)
                self._at_home.update(channel.kept)
        self._events.append(outcome)

    def _refuse(self, order: Submit, spec: TaskSpec, value: ValueId) -> None:
        """Fail a task that would have to read what cannot travel."""
        error = UnportableValueError(
            type(self._at_home[value]),
            TypeError(f"it is the input {self._graph.values[value].name!r} of {spec.name!r}"),
        )
        self._fail(self._flights[order.task], Failure(FailureKind.ERROR, error))

    # Limits.

    def _due(self, flight: Flight) -> float:
        """Return when the time of an attempt is over."""
        seconds = self._graph.tasks[flight.order.task].timeout
        known = flight.worker and flight.call is not None and flight.doom is None
        return flight.since + seconds if known and seconds is not None else float("inf")

    def _keep_limits(self) -> None:
        if not self._is_timed:
            return
        now = time.monotonic()
        for flight in [flight for flight in self._flights.values() if self._due(flight) <= now]:
            self._doom(flight, FailureKind.TIMEOUT)

    def _doom(self, flight: Flight, why: FailureKind) -> None:
        """End an attempt and tell of it: what it may still say does not count."""
        spec = self._graph.tasks[flight.order.task]
        flight.doom = why
        self._end(flight)
        error: BaseException = TaskCancelledError(spec.name)
        if why is FailureKind.TIMEOUT:
            error = TaskTimeoutError(spec.name, spec.timeout or 0.0)
        self._fail(flight, Failure(why, error))
