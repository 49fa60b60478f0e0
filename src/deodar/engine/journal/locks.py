"""Who writes where: two runs must not write the same outputs at once.

A lock belongs to a process. When that process is gone, so is its lock: whoever comes next takes it over, and nothing
has to be cleaned up by hand.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType

from ..._records import dataclass
from .alive import SILENCE_SECONDS, Process
from .store import Journal, storable

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.2
_HOLDERS = "SELECT locks.*, runs.beat FROM locks LEFT JOIN runs ON runs.id = locks.run"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock, since when, and when it last said that it goes on."""

    target: str
    run: str
    process: Process
    since: float
    heard: float

    def __str__(self) -> str:
        since = time.strftime("%H:%M:%S", time.localtime(self.since))
        return f"run {self.run!r} (process {self.process.pid} on {self.process.host}, since {since})"


class OutputBusyError(Exception):
    """Another run is writing what this one would write."""

    def __init__(self, holder: Holder) -> None:
        self.holder = holder
        super().__init__(f"'{holder.target}' is being written by {holder}. Wait until it is over, or end it.")


class OutputLocks:
    """The locks of one run on all it will write; a context manager. A nested run of the same process is let in.

    Args:
        patience: seconds to wait for other runs; 0 fails at once, None waits for as long as they live.
    """

    def __init__(
        self,
        journal: Journal,
        run: str,
        targets: Sequence[str],
        patience: float | None = 0.0,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._journal = journal
        self._run = run
        self._targets = sorted(set(map(storable, targets)))
        self._patience = patience
        self._pause = pause
        self._held: list[str] = []

    def __enter__(self) -> OutputLocks:
        started, told = time.monotonic(), False
        while (holder := self._try()) is not None:
            if self._patience is not None and time.monotonic() - started >= self._patience:
                raise OutputBusyError(holder)
            if not told:
                logger.warning("Waiting for %s: it is writing '%s', as this run would.", holder, holder.target)
                told = True
            self._pause(_POLL_SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        rows = [(target, self._run) for target in self._held]
        self._held = []
        self._journal.write(
            lambda connection: connection.executemany("DELETE FROM locks WHERE target = ? AND run = ?", rows)
        )

    def _try(self) -> Holder | None:
        """Take all the locks or none; return who is in the way."""
        me, now = Process.this(), time.time()
        try:
            with self._journal.transaction() as connection:
                taken: list[str] = []
                holders = _holders(connection.execute(_HOLDERS))
                for target in self._targets:
                    holder = holders.get(target)
                    if holder is None or not _counts(holder, now):
                        taken.append(target)
                    elif holder.process != me:
                        return holder
                connection.executemany(
                    "INSERT OR REPLACE INTO locks (target, run, pid, host, born, since) VALUES (?, ?, ?, ?, ?, ?)",
                    [(target, self._run, me.pid, me.host, me.born, now) for target in taken],
                )
        except sqlite3.Error as error:
            # Better an unguarded run than none: this is how it would be without a journal.
            logger.warning("The outputs of this run could not be locked (%s).", error)
            return None
        self._held = taken
        return None


def is_anybody_writing(journal: Journal) -> bool:
    """Say whether any run that lives holds the lock of an output."""
    now = time.time()
    return any(_counts(holder, now) for holder in _holders(journal.read(_HOLDERS)).values())


def _holders(rows: Iterable[sqlite3.Row]) -> dict[str, Holder]:
    """Return who has which output: of the runs that are under way, and of those that were killed."""
    return {
        row["target"]: Holder(
            row["target"],
            row["run"],
            Process(row["pid"], row["host"], row["born"]),
            row["since"],
            max(row["since"], row["beat"] or 0.0),
        )
        for row in rows
    }


def _counts(holder: Holder, now: float) -> bool:
    lives = holder.process.lives()
    # A process of another machine cannot be looked at, only heard.
    return now - holder.heard < SILENCE_SECONDS if lives is None else lives
