"""Writes a run down while it happens.

An event that ends something is in the file before anything else starts, unless events come so fast that they are
better written together: then within a few milliseconds. The cost in the driver's thread is a few microseconds.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

from ..._records import dataclass, field
from ..cache.fingerprint import Fingerprint
from ..events import (
    AllReused,
    Event,
    Interrupted,
    RunEnded,
    RunStarted,
    TaskEnded,
    TaskFailed,
    TaskRetried,
    TaskReused,
    TaskSkipped,
    TaskStarted,
    WorkerLost,
    WorkerStarted,
)
from ..model import FailureKind, TaskId
from .alive import BEAT_SECONDS, Process
from .records import STORED
from .reused import EVENT as REUSED
from .reused import note_bundle, note_reused
from .store import Journal, storable

# Written at once when the last batch is this long ago; otherwise together with what follows.
_BATCH_SECONDS = 0.005
# What only says that something began waits longer for an end that takes it along; who looks on does not see it.
_PATIENT_SECONDS = 0.05
# A commit is some seven pages of the log. Long before it has a thousand, the thread that waits anyway folds it.
_FOLDED_COMMITS = 40

_NOTED = frozenset(
    {
        *(RunStarted, RunEnded, Interrupted, WorkerStarted, WorkerLost),
        *(TaskStarted, TaskEnded, TaskFailed, TaskRetried, TaskReused, TaskSkipped, AllReused),
    }
)

_START_RUN = (
    "INSERT OR REPLACE INTO runs (id, started, pid, host, born, scope, tasks, resumes, facts)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_END_RUN = "UPDATE runs SET ended = ?, status = ? WHERE id = ?"
_FINGERPRINT = "INSERT OR IGNORE INTO fingerprints (root, leaves) VALUES (?, ?)"
_EVENT = "INSERT INTO events (run, at, kind, task, data) VALUES (?, ?, ?, ?, ?)"
_START = (
    "INSERT OR IGNORE INTO attempts (run, task, attempt, scope, fingerprint, reason, outcome, worker, started)"
    " VALUES (?, ?, ?, ?, ?, ?, 'running', ?, ?)"
)
# Not every executor tells of a start, and a worker may die before it does: so these insert, too.
_END = (
    "INSERT INTO attempts (run, task, attempt, scope, fingerprint, reason, outcome, worker, started, ended, seconds,"
    " cpu, peak, facts) VALUES (?, ?, ?, ?, ?, ?, 'done', ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run, task, attempt) DO"
    " UPDATE SET outcome = 'done', started = excluded.started, ended = excluded.ended, seconds = excluded.seconds,"
    " cpu = excluded.cpu, peak = excluded.peak, facts = excluded.facts"
)
_FAIL = (
    "INSERT INTO attempts (run, task, attempt, scope, fingerprint, reason, outcome, worker, started, ended, peak,"
    " error, traceback, facts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run, task, attempt) DO"
    " UPDATE SET outcome = excluded.outcome, ended = excluded.ended, peak = excluded.peak, error = excluded.error,"
    " traceback = excluded.traceback, facts = excluded.facts, seconds = excluded.ended - started"
)
_RECORD = "INSERT OR REPLACE INTO records (scope, task, run, ended, fingerprint, facts) VALUES (?, ?, ?, ?, ?, ?)"
# A moving average for the time, since machines vary; the maximum for memory, since running out is worse.
_COST = (
    "INSERT INTO costs (scope, task, seconds, peak, times) VALUES (?, ?, ?, ?, 1) ON CONFLICT (scope, task) DO UPDATE"
    " SET seconds = seconds + 0.3 * (excluded.seconds - seconds), peak = max(peak, excluded.peak), times = times + 1"
)


@dataclass(frozen=True, slots=True)
class RunHeader:
    """What is known of a run before it starts.

    Attributes:
        scope: runs learn from others of the same scope only (an environment of the project, say).
        resumes: the run that this one finishes.
        facts: command line, parameters, state of the repository, …; anything that JSON can say.
    """

    id: str
    scope: str = ""
    resumes: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


class Recorder:
    """An observer that writes one run into the journal. Close it (or use ``with``) when the run is over.

    Args:
        names: of the tasks, by number.
        fingerprints: of the tasks, by number, when somebody wants them remembered.
        reasons: why each task runs, by number.
        facts_of: says what is to be recorded of a task that ended well; without it, what its attempt reported.
        bundle: under which digest the journal has all tasks as reused, if it is known that they will be.
    """

    def __init__(
        self,
        journal: Journal,
        header: RunHeader,
        names: Sequence[str],
        fingerprints: Sequence[Fingerprint | None] = (),
        reasons: Sequence[str] = (),
        facts_of: Callable[[TaskId], Mapping[str, Any]] | None = None,
        bundle: str | None = None,
    ) -> None:
        self._journal = journal
        self._header = header
        self._names = names
        self._fingerprints = fingerprints
        self._reasons = reasons
        self._facts_of = facts_of
        self._bundle = bundle
        self._lock = threading.Lock()  # Guards _buffer and _written.
        self._flushing = threading.Lock()  # Keeps batches in order.
        self._buffer: list[tuple[float, Event]] = []
        self._written = 0.0
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._closing = threading.Event()
        self._unfolded = 0  # Commits since the log was folded.
        self._beaten = time.time()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def observe(self, event: Event) -> None:
        """Take note of an event."""
        if type(event) not in _NOTED:
            # A run frees as many values as it has tasks.
            return
        match event:
            # To reuse a task again costs nothing, so that it may be forgotten.
            case TaskStarted() | WorkerStarted() | TaskRetried() | TaskSkipped() | TaskReused() | AllReused():
                urgent = False
            case TaskEnded() | TaskFailed() | WorkerLost() | Interrupted():
                urgent = time.monotonic() - self._written > _BATCH_SECONDS
            case _:
                urgent = True
        with self._lock:
            self._buffer.append((time.time(), event))
        if self._thread is None:
            self._thread = threading.Thread(target=self._keep_flushing, name="deodar-journal", daemon=True)
            self._thread.start()
        if urgent:
            self.flush()
            return
        if isinstance(event, (TaskEnded, TaskFailed)):
            self._hurry.set()
        if not self._wake.is_set():
            # To set it again costs as much as all else here.
            self._wake.set()

    def flush(self) -> None:
        """Write down what was noted so far."""
        with self._flushing:
            with self._lock:
                self._hurry.clear()
                batch, self._buffer = self._buffer, []
                self._written = time.monotonic()
            if batch:
                self._unfolded += 1
                self._journal.write(lambda connection: self._write(connection, batch))

    def close(self) -> None:
        """Write what is left, and stop."""
        self._closing.set()
        self._hurry.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self.flush()

    def _keep_flushing(self) -> None:
        while not self._closing.is_set():
            is_due = self._wake.wait(BEAT_SECONDS)
            self._wake.clear()
            # The last events are written by whoever closes.
            if is_due and not self._closing.is_set():
                self._hurry.wait(self._patience_left())
                # Let a few more come: one commit for many costs little more than one for one.
                if not self._closing.wait(_BATCH_SECONDS):
                    self._flush_what_is_due()
            self._beat()
            if self._unfolded >= _FOLDED_COMMITS and not self._closing.is_set():
                self._unfolded = 0
                self._journal.fold()

    def _patience_left(self) -> float:
        """Return for how many seconds what was noted may still wait for an end that takes it along."""
        with self._lock:
            began = self._buffer[0][0] if self._buffer else time.time()
        # Not longer, should somebody have set the clock back.
        return min(max(began + _PATIENT_SECONDS - time.time(), 0.0), _PATIENT_SECONDS)

    def _flush_what_is_due(self) -> None:
        """Write from beside the run only what it will not soon write itself.

        A node that computes lets go of the interpreter every 5 ms, and a commit asks for it some ten times: all the
        while the end of the node could not be written. It was half of what a journal cost.
        """
        if self._hurry.is_set() or not self._patience_left():
            self.flush()
        elif self._buffer:
            self._wake.set()

    def _beat(self) -> None:
        """Say that the run goes on, for those on other machines who cannot look at its process."""
        now = time.time()
        if now - self._beaten >= BEAT_SECONDS:
            self._beaten = now
            row = (now, self._header.id)
            self._journal.write(lambda connection: connection.execute("UPDATE runs SET beat = ? WHERE id = ?", row))

    def _write(self, connection: sqlite3.Connection, batch: list[tuple[float, Event]]) -> None:
        """Write a batch, like rows together: that costs half of one statement after the other."""
        over = {(event.task, event.attempt) for _, event in batch if isinstance(event, (TaskEnded, TaskFailed))}
        statements = (_START, _END, _FAIL, _RECORD, _COST, STORED)
        rows: dict[str, list[tuple[Any, ...]]] = {statement: [] for statement in statements}
        for at, event in batch:
            match event:
                case RunStarted(tasks=tasks):
                    self._start_run(connection, at, tasks)
                case TaskStarted(task=task, attempt=attempt):
                    if (task, attempt) not in over:
                        rows[_START].append((*self._key(task, attempt), event.worker, at))
                case TaskEnded():
                    self._end_attempt(rows, at, event)
                case TaskFailed():
                    rows[_FAIL].append(self._failure_row(at, event))
                case _:
                    pass
        for statement, parameters in rows.items():
            if parameters:
                connection.executemany(statement, parameters)
        connection.executemany(_EVENT, self._event_rows(connection, batch))
        for at, event in batch:
            if isinstance(event, RunEnded):
                connection.execute(_END_RUN, (at, event.status, self._header.id))

    def _start_run(self, connection: sqlite3.Connection, at: float, tasks: int) -> None:
        header, process = self._header, Process.this()
        facts = json.dumps(dict(header.facts), default=str)
        who = (process.pid, process.host, process.born)
        connection.execute(_START_RUN, (header.id, at, *who, header.scope, tasks, header.resumes, facts))
        known = {row[0] for row in connection.execute("SELECT root FROM fingerprints")}
        fresh = {mark.root: mark for mark in self._fingerprints if mark is not None and mark.root not in known}
        connection.executemany(_FINGERPRINT, [(root, mark.dumps()) for root, mark in fresh.items()])

    def _key(self, task: TaskId, attempt: int) -> tuple[Any, ...]:
        """Return what every row of an attempt begins with."""
        reason = self._reasons[task] if self._reasons else None
        return self._header.id, self._names[task], attempt, self._header.scope, self._mark(task), reason

    def _end_attempt(self, rows: dict[str, list[tuple[Any, ...]]], at: float, event: TaskEnded) -> None:
        report, scope, name = event.report, self._header.scope, self._names[event.task]
        facts = dict(report.facts if self._facts_of is None else self._facts_of(event.task))
        if report.sizes:
            facts["sizes"] = sum(size for _, size in report.sizes)
        text = json.dumps(facts, default=str)
        cost = (report.seconds, report.cpu_seconds, report.peak_memory)
        rows[_END].append((*self._key(event.task, event.attempt), event.worker, report.started, at, *cost, text))
        rows[_RECORD].append((scope, name, self._header.id, at, self._mark(event.task) or "", text))
        rows[_COST].append((scope, name, report.seconds, report.peak_memory))
        for value, key in (facts.get("stored") or {}).items():
            rows[STORED].append((scope, value, facts["writes"].get(value) or "", key))

    def _failure_row(self, at: float, event: TaskFailed) -> tuple[Any, ...]:
        failure = event.failure
        error = failure.error
        trace = failure.traceback or "".join(traceback.format_exception(type(error), error, error.__traceback__))
        facts = self._facts_of(event.task) if self._facts_of is not None else {}
        return (
            *self._key(event.task, event.attempt),
            "cancelled" if failure.kind is FailureKind.CANCELLED else "failed",
            event.worker,
            at,
            at,
            failure.peak_memory,
            storable(f"{type(error).__name__}: {error}"),
            storable(trace),
            json.dumps(dict(facts), default=str),
        )

    def _mark(self, task: TaskId) -> str | None:
        mark = self._fingerprints[task] if self._fingerprints else None
        return None if mark is None else mark.root

    def _event_rows(self, connection: sqlite3.Connection, batch: list[tuple[float, Event]]) -> list[tuple[Any, ...]]:
        """Return a row for each event, and one for all tasks that are reused; those are written down here."""
        reused = [
            (event.reason, self._names[event.task], self._mark(event.task))
            for _, event in batch
            if isinstance(event, TaskReused)
        ]
        rows: list[tuple[Any, ...]] = []
        for at, event in batch:
            if isinstance(event, AllReused):
                rows.append((self._header.id, at, REUSED, None, self._note_all(connection, at, event)))
            elif not isinstance(event, TaskReused):
                rows.append(self._event_row(at, event))
            elif reused:
                data = note_reused(connection, self._header.id, at, reused)
                rows.append((self._header.id, at, REUSED, None, data))
                reused = []
        return rows

    def _note_all(self, connection: sqlite3.Connection, at: float, event: AllReused) -> str:
        """Write down that a run reuses all its tasks, and return what its event says."""
        if self._bundle is not None:
            return note_bundle(connection, self._header.id, at, len(event.reasons), self._bundle)
        named = enumerate(zip(event.reasons, self._names, strict=True))
        reused = [(reason, name, self._mark(TaskId(task))) for task, (reason, name) in named]
        return note_reused(connection, self._header.id, at, reused)

    def _event_row(self, at: float, event: Event) -> tuple[str, float, str, str | None, str | None]:
        name: str | None = None
        data: dict[str, Any] = {}
        match event:
            case TaskStarted(task=task, attempt=attempt, worker=worker):
                name, data = self._names[task], {"attempt": attempt, "worker": worker}
            case TaskEnded(task=task, attempt=attempt, report=report):
                name, data = self._names[task], {"attempt": attempt, "seconds": round(report.seconds, 6)}
            case TaskFailed(task=task, attempt=attempt, failure=failure):
                name = self._names[task]
                data = {"attempt": attempt, "kind": failure.kind.value, "error": f"{failure.error!r:.500}"}
            case TaskRetried(task=task, attempt=attempt, delay=delay):
                name, data = self._names[task], {"attempt": attempt, "delay": delay}
            case TaskSkipped(task=task, because=because):
                name, data = self._names[task], {"because": self._names[because]}
            case RunStarted(tasks=tasks):
                data = {"tasks": tasks}
            case RunEnded(status=status):
                data = {"status": status}
            case WorkerStarted(worker=worker, pid=pid):
                data = {"worker": worker, "pid": pid}
            case WorkerLost(worker=worker, exit_code=exit_code):
                data = {"worker": worker, "exit_code": exit_code}
            case _:
                pass
        return self._header.id, at, type(event).__name__, name, json.dumps(data) if data else None
