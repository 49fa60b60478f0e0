"""What runs in the workers of a cluster, whichever engine started them.

A worker is prepared once for a run; a process in which several tasks run at a time is prepared once for each of them,
as work runs one task at a time. What a task has to say (that it began, its log records) goes along with its result; of
a task that takes longer it is sent ahead.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from ...._records import dataclass
from ...model import TaskId, ValueId
from ...transport.parcel import Parcel
from .._remote_errors import pack_error
from .._reporting import forward_reports
from .._wire import DONE, FAILED, UNREADY
from ..processes.worker import Meter
from ..protocol import Work
from .outfit import ClusterOutfit, Guest, is_engines

HEARTBEAT = 0.05
"""Seconds after which a task that goes on sends ahead what it has to say."""
_IDLE_BEATS = 40

Tell = Callable[[bytes], None]
"""Sends a message ahead, or raises ``NobodyListensError``."""


@dataclass(frozen=True, slots=True)
class Mission:
    """What a worker needs for a run.

    Attributes:
        run: no other run ever has this name.
        outfit: of the driver's process.
        work: pickled by value; unpacked once for each task that runs at a time.
    """

    run: str
    outfit: Parcel
    work: Parcel


@dataclass(frozen=True, slots=True)
class Assignment:
    """One attempt, as it is sent to a worker."""

    task: TaskId
    attempt: int


class LostInputError(LookupError):
    """What a task reads was lost with a worker, and could not be made again."""


class NobodyListensError(Exception):
    """Nothing can be sent ahead yet."""


class ParcelChannel:
    """How one attempt takes and gives carried values. Threads of the attempt may share it."""

    def __init__(self, reads: Mapping[ValueId, Parcel]) -> None:
        self._reads = reads
        self.given: dict[ValueId, Parcel] = {}

    def take(self, value: ValueId) -> Any:
        """Return a value of the attempt's own."""
        parcel = self.given.get(value) or self._reads.get(value)
        if parcel is None:
            raise LostInputError(f"Value {value} is not one that this task reads, or it was lost with its worker.")
        return parcel.unpack()

    def give(self, value: ValueId, data: Any) -> None:
        """Pack a value as it is now."""
        self.given[value] = Parcel.of(data)


class Correspondent:
    """Collects what one attempt has to say. The herald's thread and the attempt's share it."""

    def __init__(self, assignment: Assignment, worker: str, tell: Tell) -> None:
        self._head = (assignment.task, assignment.attempt, worker)
        self._tell = tell
        self._notes: list[tuple[Any, ...]] = []
        self._lock = threading.Lock()  # guards the notes, and that messages leave in order
        self._announced = False
        self._ended = False
        self.started = time.time()

    def note(self, kind: int, *rest: Any) -> None:
        """Add something to the next message."""
        with self._lock:
            self._notes.append((kind, *rest))

    def send_ahead(self) -> None:
        """Send what there is now, and the first time that the attempt began."""
        with self._lock:
            if self._ended or (self._announced and not self._notes):
                return
            try:
                self._tell(self._message(None))
            except NobodyListensError:
                return
            self._announced = True
            self._notes.clear()

    def end(self, ending: tuple[Any, ...]) -> bytes:
        """Return the last message."""
        with self._lock:
            self._ended = True
            return self._message(ending)

    def was_heard(self) -> None:
        """Have nothing more to say of what there was until now."""
        with self._lock:
            self._notes.clear()

    def _message(self, ending: tuple[Any, ...] | None) -> bytes:
        return pickle.dumps((*self._head, self.started, self._notes, ending), protocol=5)


class Speaker(Protocol):
    """What may have something to say while an attempt goes on. It has said by then when that attempt began."""

    started: float

    def send_ahead(self) -> None:
        """Send what there is now."""
        ...


class Herald:
    """A thread that has attempts which go on for longer send ahead. It ends by itself when there are none."""

    def __init__(self) -> None:
        self._open: set[Speaker] = set()
        self._lock = threading.Lock()  # guards the set and whether there is a thread
        self._alive = False
        self._never = threading.Event()

    @contextlib.contextmanager
    def watching(self, speaker: Speaker) -> Iterator[None]:
        """Have a speaker send ahead in this block."""
        with self._lock:
            self._open.add(speaker)
            if not self._alive:
                self._alive = True
                threading.Thread(target=self._serve, name="deodar-herald", daemon=True).start()
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(speaker)

    def _serve(self) -> None:
        idle = 0
        while True:
            self._never.wait(HEARTBEAT)
            with self._lock:
                current = list(self._open)
                idle = 0 if current else idle + 1
                if idle > _IDLE_BEATS:
                    self._alive = False
                    return
            limit = time.time() - HEARTBEAT
            for speaker in current:
                if speaker.started <= limit:
                    speaker.send_ahead()


class Crew:
    """The prepared works of one run in this process; each runs one task at a time."""

    def __init__(self, mission: Mission, guest: Guest, *, alone: bool) -> None:
        self._mission = mission
        self._guest = guest
        self._alone = alone
        self._idle: list[tuple[Work, Meter]] = []
        self._lock = threading.Lock()  # guards the idle ones
        self._preparing = threading.Lock()  # what a project does to a process is done by one thread at a time
        self._dressed = False
        self.busy = 0

    @contextlib.contextmanager
    def work(self, worker: str, send: Callable[..., None]) -> Iterator[tuple[Work, Meter]]:
        """Lend a prepared work and what measures it."""
        with self._lock:
            found = self._idle.pop() if self._idle else None
        pair = (self._prepared(worker, send), Meter(alone=False)) if found is None else found
        try:
            yield pair
        finally:
            with self._lock:
                self._idle.append(pair)

    def _prepared(self, worker: str, send: Callable[..., None]) -> Work:
        with self._preparing:
            try:
                if not self._dressed:
                    outfit: ClusterOutfit = self._mission.outfit.unpack()
                    self._guest.put_on(outfit, alone=self._alone)
                    forward_reports(send, spare=is_engines)
                work: Work = self._mission.work.unpack()
                work.prepare(worker)
                # The project may have set up handlers of its own.
                forward_reports(send, spare=is_engines)
            except Exception as error:
                raise NotReadyError(error) from error
            self._dressed = True
        return work


class NotReadyError(Exception):
    """This process could not be made ready for a run."""


class Desk:
    """What this process knows of runs. There is one."""

    def __init__(self) -> None:
        self._crews: dict[str, Crew] = {}
        self._guest = Guest()
        self._lock = threading.Lock()  # guards the crews
        self._speaking: dict[int, Correspondent] = {}
        self._at: list[tuple[str, Assignment]] = []
        self.herald = Herald()

    @contextlib.contextmanager
    def crew(self, mission: Mission) -> Iterator[Crew]:
        """Lend the crew of a run, and forget those of runs that seem to be over."""
        with self._lock:
            crew = self._crews.get(mission.run)
            if crew is None:
                for run in [run for run, known in self._crews.items() if not known.busy]:
                    del self._crews[run]
                crew = self._crews[mission.run] = Crew(mission, self._guest, alone=not self._crews)
            crew.busy += 1
        try:
            yield crew
        finally:
            with self._lock:
                crew.busy -= 1

    def is_at(self, run: str, assignment: Assignment) -> bool:
        """Return whether this process is at an attempt now."""
        return (run, assignment) in self._at

    @contextlib.contextmanager
    def speaking(self, run: str, assignment: Assignment, correspondent: Correspondent) -> Iterator[None]:
        """Have what this thread reports go to an attempt's correspondent."""
        thread, attempt = threading.get_ident(), (run, assignment)
        self._speaking[thread] = correspondent
        self._at.append(attempt)
        try:
            yield
        finally:
            self._at.remove(attempt)
            del self._speaking[thread]

    def send(self, kind: int, *rest: Any) -> None:
        """Take a report; one from a thread that is no task's own goes along with any task that is running."""
        correspondent = self._speaking.get(threading.get_ident())
        if correspondent is None:
            correspondent = next(iter(list(self._speaking.values())), None)
        if correspondent is not None:
            correspondent.note(kind, *rest)


_desk = Desk()


def watching(speaker: Speaker) -> AbstractContextManager[None]:
    """Have a speaker send ahead in a block, as long as an attempt goes on."""
    return _desk.herald.watching(speaker)


def end_if_running(run: str, task: TaskId, attempt: int) -> None:
    """End this process by force if it is at an attempt: code that runs in a thread cannot be ended otherwise."""
    if _desk.is_at(run, Assignment(task, attempt)):
        os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Ended:
    """An attempt that is over.

    Attributes:
        ending: how, in plain values.
        given: the carried values that it wrote.
    """

    assignment: Assignment
    correspondent: Correspondent
    ending: tuple[Any, ...]
    given: dict[ValueId, Parcel]

    @property
    def is_well(self) -> bool:
        """Whether it ended well."""
        return bool(self.ending[0] == DONE)

    def message(self) -> bytes:
        """Return the last message, with what was not said before."""
        return self.correspondent.end(self.ending)


def attend(
    mission: Mission,
    assignment: Assignment,
    reads: Mapping[ValueId, Parcel],
    tell: Tell,
    worker: str,
    *,
    announced: bool = False,
) -> Ended:
    """Run one attempt.

    Args:
        tell: sends a message ahead; called in another thread.
        announced: send ahead that it begins, before it does.
    """
    correspondent = Correspondent(assignment, worker, tell)
    if announced:
        correspondent.send_ahead()
    channel = ParcelChannel(reads)
    with _desk.herald.watching(correspondent), _desk.speaking(mission.run, assignment, correspondent):
        ending = _ending(mission, assignment, channel, worker)
    return Ended(assignment, correspondent, ending, channel.given)


def _ending(mission: Mission, assignment: Assignment, channel: ParcelChannel, worker: str) -> tuple[Any, ...]:
    """Run an attempt and say how it ended, in plain values."""
    started = time.time()
    try:
        with _desk.crew(mission) as crew, crew.work(worker, _desk.send) as (work, meter):
            clock = time.perf_counter()
            meter.start()
            facts = work.run(assignment.task, assignment.attempt, channel)
            seconds, (cpu, peak) = time.perf_counter() - clock, meter.stop()
        packed_facts = None if facts is None else pickle.dumps(facts, protocol=5)
    except NotReadyError as error:
        return UNREADY, pack_error(error.args[0])
    except BaseException as error:
        channel.given.clear()
        packed = pack_error(error)
        # Or frames, and with them the data they hold, would live until the next failure.
        error.__traceback__ = None
        return FAILED, packed
    sizes = tuple((value, parcel.size) for value, parcel in channel.given.items())
    return DONE, (started, seconds, cpu, peak), sizes, packed_facts
