"""Several short attempts that a worker is given together: to send for one and to answer takes longer than it does.

Nothing waits behind one that turns out long: what ended before it is told ahead then, and what has not begun is handed
back. After a failure the rest is handed back too, as what that means is not for a worker to decide.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping

from ...._records import dataclass
from ...model import ValueId
from ...transport.parcel import Parcel
from .worker import HEARTBEAT, Assignment, Ended, Mission, NobodyListensError, Tell, attend, watching

SMALL_ENOUGH = 64 * 1024
"""Bytes up to which a value may go along with a message."""


@dataclass(frozen=True, slots=True)
class Advance:
    """What is said of a batch before it is over.

    Attributes:
        batch: its number.
        ended: last messages of attempts, with the values that they wrote.
        back: attempts that will not begin here.
    """

    batch: int
    ended: tuple[tuple[Assignment, bytes, Mapping[ValueId, bytes]], ...]
    back: tuple[Assignment, ...]


class Batch:
    """The attempts of one batch in its worker. The herald's thread and the attempts' share it.

    Args:
        seconds: after which no further attempt begins.

    Attributes:
        started: when the latest attempt began.
        ended: the attempts that are over.
    """

    def __init__(
        self,
        number: int,
        assignments: Iterable[Assignment],
        tell: Callable[[Advance], None],
        *,
        seconds: float = HEARTBEAT,
    ) -> None:
        self._number = number
        self._waiting = deque(assignments)
        self._tell = tell
        self._untold: list[Ended] = []
        self._lock = threading.Lock()  # guards what waits and what has ended
        self.started = time.time()
        self._limit = self.started + seconds
        self.ended: list[Ended] = []

    def next(self) -> Assignment | None:
        """Return what is to begin now; None when nothing is."""
        with self._lock:
            self.started = time.time()
            if self.ended and (self.started >= self._limit or not self.ended[-1].is_well):
                self._waiting.clear()
            return self._waiting.popleft() if self._waiting else None

    def add(self, ended: Ended) -> None:
        """Take an attempt that is over."""
        with self._lock:
            self.ended.append(ended)
            self._untold.append(ended)

    def send_ahead(self) -> None:
        """Tell what has ended, and hand back what has not begun."""
        with self._lock:
            light = [ended for ended in self._untold if _is_light(ended)]
            if not light and not self._waiting:
                return
            told = tuple((ended.assignment, ended.message(), _bytes_of(ended)) for ended in light)
            try:
                self._tell(Advance(self._number, told, tuple(self._waiting)))
            except NobodyListensError:
                return
            self._waiting.clear()
            self._untold = [ended for ended in self._untold if not _is_light(ended)]
            for ended in light:
                ended.correspondent.was_heard()


def attend_to_all(
    mission: Mission, batch: Batch, reads: Mapping[ValueId, Parcel], tell: Tell, worker: str
) -> list[Ended]:
    """Run the attempts of a batch, one after the other, and return those that ended here."""
    with watching(batch):
        while (assignment := batch.next()) is not None:
            batch.add(attend(mission, assignment, reads, tell, worker))
    return batch.ended


def _is_light(ended: Ended) -> bool:
    return sum(parcel.size for parcel in ended.given.values()) <= SMALL_ENOUGH


def _bytes_of(ended: Ended) -> dict[ValueId, bytes]:
    return {value: bytes(parcel.data) for value, parcel in ended.given.items()}
