"""Questions about runs that were, and about those under way."""

from __future__ import annotations

import json
import logging
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..._records import dataclass, field
from ..cache.fingerprint import Leaf, list_changes, load_leaves
from ..events import TaskReused
from .alive import SILENCE_SECONDS, Process
from .reused import EVENT as REUSED
from .reused import Reused, bundle_of, count_reused, reused_in, roots_of_bundles
from .store import Journal, JournalError

logger = logging.getLogger(__name__)

# SQLite takes no more than 999 values in one statement where it is old.
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Run:
    """One run.

    Attributes:
        status: ``running``, ``killed`` (it never said that it ended), or how it ended.
        done: tasks that ended well in it.
        failed: tasks that failed in it, for good or on the way.
        reused: tasks that did not have to run.
    """

    id: str
    status: str
    started: float
    ended: float | None
    tasks: int
    done: int
    failed: int
    reused: int
    scope: str
    resumes: str | None
    facts: Mapping[str, Any]

    @property
    def seconds(self) -> float | None:
        """How long it took, or None while nobody knows."""
        return None if self.ended is None else self.ended - self.started


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a task."""

    task: str
    attempt: int
    outcome: str
    worker: str
    started: float
    ended: float | None
    seconds: float | None
    cpu: float | None
    peak: int | None
    reason: str | None
    fingerprint: str | None
    error: str | None
    traceback: str | None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Happening:
    """One event, as it was stored."""

    id: int
    run: str
    at: float
    kind: str
    task: str | None
    data: Mapping[str, Any]


class UnknownRunError(JournalError):
    """No run of this name."""

    def __init__(self, run: str, known: Sequence[str]) -> None:
        self.run, self.known = run, known
        hint = f"The latest: {', '.join(known)}." if known else "No run was recorded yet."
        super().__init__(f"No run {run!r} in the journal. {hint}")


class History:
    """Reads a journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def runs(self, limit: int = 50) -> list[Run]:
        """List the latest runs, the newest first."""
        rows = self._journal.read("SELECT * FROM runs ORDER BY started DESC, rowid DESC LIMIT ?", limit)
        return [self._run(row) for row in rows]

    def run(self, name: str | None = None) -> Run:
        """Return a run by its id, the start of its id, or the last one.

        Raises:
            UnknownRunError: if there is none, or several start that way.
        """
        if name is None:
            rows = self._journal.read("SELECT * FROM runs ORDER BY started DESC, rowid DESC LIMIT 1")
        else:
            rows = self._journal.read("SELECT * FROM runs WHERE id = ?", name)
            rows = rows or self._journal.read("SELECT * FROM runs WHERE substr(id, 1, ?) = ? LIMIT 2", len(name), name)
        if len(rows) != 1:
            raise UnknownRunError(name or "last", [run.id for run in self.runs(5)])
        return self._run(rows[0])

    def has(self, name: str) -> bool:
        """Say whether there is a run of exactly this id."""
        return bool(self._journal.read("SELECT 1 FROM runs WHERE id = ?", name))

    def unfinished(self) -> Run | None:
        """Return the last run, if it did not complete and nobody is working on it."""
        last = self.runs(1)
        return last[0] if last and last[0].status not in ("completed", "running") else None

    def lineage(self, run: Run) -> list[str]:
        """Return the ids of a run and of those that it resumed, the newest first."""
        ids = [run.id]
        current: Run | None = run
        while current is not None and current.resumes and current.resumes not in ids:
            ids.append(current.resumes)
            rows = self._journal.read("SELECT * FROM runs WHERE id = ?", current.resumes)
            current = self._run(rows[0]) if rows else None
        return ids

    def attempts(self, run: str) -> list[Attempt]:
        """List the attempts of a run in the order of their start."""
        found = [_attempt(row) for row in self._journal.read("SELECT * FROM attempts WHERE run = ?", run)]
        found += map(_reuse, reused_in(self._journal, run))
        return sorted(found, key=lambda attempt: (attempt.started, attempt.task, attempt.attempt))

    def last_failure(self, task: str, run: str | None = None) -> tuple[str, Attempt] | None:
        """Return the last failed attempt at a task, with the run it belongs to."""
        return self._last("task = ? AND outcome = 'failed'", task, run)

    def last_attempt(self, task: str, run: str | None = None) -> tuple[str, Attempt] | None:
        """Return the last attempt at a task that ran, with the run it belongs to."""
        return self._last("task = ? AND outcome != 'reused'", task, run)

    def _last(self, condition: str, task: str, run: str | None) -> tuple[str, Attempt] | None:
        query, arguments = f"SELECT * FROM attempts WHERE {condition}", [task]
        if run is not None:
            query, arguments = f"{query} AND run = ?", [task, run]
        rows = self._journal.read(f"{query} ORDER BY started DESC LIMIT 1", *arguments)
        return (str(rows[0]["run"]), _attempt(rows[0])) if rows else None

    def happenings(self, after: int = 0, run: str | None = None, limit: int = 1000) -> list[Happening]:
        """List events in the order in which they happened, from after one of them.

        Tasks that were reused together share the number of their event, and count as one for the limit.
        """
        if run is None:
            rows = self._journal.read("SELECT * FROM events WHERE id > ? ORDER BY id LIMIT ?", after, limit)
        else:
            query = "SELECT * FROM events WHERE run = ? AND id > ? ORDER BY id LIMIT ?"
            rows = self._journal.read(query, run, after, limit)
        return [happening for row in rows for happening in self._happenings_of(row)]

    def _happenings_of(self, row: sqlite3.Row) -> Iterable[Happening]:
        number, run, at, data = row["id"], row["run"], row["at"], json.loads(row["data"] or "{}")
        if row["kind"] != REUSED:
            yield Happening(number, run, at, row["kind"], row["task"], data)
            return
        for task in bundle_of(self._journal, at, data["bundle"]):
            yield Happening(number, run, at, TaskReused.__name__, task.task, {"reason": task.reason})

    def last_event(self) -> int:
        """Return the number of the latest event, 0 before the first."""
        return int(self._journal.read("SELECT coalesce(max(id), 0) FROM events")[0][0])

    def leaves(self, root: str | None) -> tuple[Leaf, ...]:
        """Return what a remembered fingerprint is made of; nothing when it is not remembered."""
        rows = self._journal.read("SELECT leaves FROM fingerprints WHERE root = ?", root)
        return load_leaves(rows[0]["leaves"]) if rows else ()

    def diff(self, old: str, new: str) -> list[str]:
        """Say what is different between two runs, a line each."""
        before = {attempt.task: attempt for attempt in self.attempts(old)}
        after = {attempt.task: attempt for attempt in self.attempts(new)}
        lines = [f"{task}: only in {old}" for task in before if task not in after]
        lines += [f"{task}: only in {new}" for task in after if task not in before]
        for task, attempt in after.items():
            if task in before:
                lines += [f"{task}: {change}" for change in self._task_changes(before[task], attempt)]
        return lines

    def _task_changes(self, old: Attempt, new: Attempt) -> Iterable[str]:
        if old.outcome != new.outcome:
            yield f"{old.outcome} → {new.outcome}"
        if old.fingerprint != new.fingerprint:
            yield from list_changes(self.leaves(old.fingerprint), self.leaves(new.fingerprint))
        before, after = _rows(old), _rows(new)
        for name, count in after.items():
            was = before.get(name)
            if was is not None and was != count:
                share = f" ({(count - was) / was:+.0%})" if was else ""
                # A fifth of the rows gone is rarely meant.
                yield f"{name}: {was} → {count} rows{share}{' !' if count < 0.8 * was else ''}"

    def _run(self, row: sqlite3.Row) -> Run:
        counts = {
            found["outcome"]: found["tasks"]
            for found in self._journal.read(
                "SELECT outcome, count(DISTINCT task) AS tasks FROM attempts WHERE run = ? GROUP BY outcome", row["id"]
            )
        }
        return Run(
            row["id"],
            row["status"] or self._status_of_open(row),
            row["started"],
            row["ended"],
            row["tasks"],
            counts.get("done", 0),
            counts.get("failed", 0),
            counts.get("reused", 0) + count_reused(self._journal, row["id"]),
            row["scope"],
            row["resumes"],
            json.loads(row["facts"]),
        )

    def _status_of_open(self, row: sqlite3.Row) -> str:
        lives = Process(row["pid"], row["host"], row["born"]).lives()
        if lives is None:
            lives = time.time() - float(row["beat"] or row["started"]) < SILENCE_SECONDS
        return "running" if lives else "killed"


def prune(journal: Journal, *, keep: int, is_stale: Callable[[Run], bool] = lambda run: True) -> list[str]:
    """Forget runs but for the latest ``keep``; return which.

    What incremental runs need (the last good record of each task) stays, and so do runs that one of the latest has
    resumed: to resume that one takes them all.
    """
    history = History(journal)
    runs = history.runs(1 << 30)
    needed = {name for run in runs[:keep] if run.resumes for name in history.lineage(run)}
    gone = [run.id for run in runs[keep:] if run.id not in needed and run.status != "running" and is_stale(run)]

    def forget(connection: sqlite3.Connection) -> None:
        for table, column in (("runs", "id"), ("attempts", "run"), ("reused", "run")):
            connection.executemany(f"DELETE FROM {table} WHERE {column} = ?", [(run,) for run in gone])
        for start in range(0, len(gone), _AT_ONCE):
            # Events are in the order of time alone: to look for a run is to look at all of them.
            some = gone[start : start + _AT_ONCE]
            connection.execute(f"DELETE FROM events WHERE run IN ({', '.join('?' * len(some))})", some)
        connection.execute("DELETE FROM bundles WHERE digest NOT IN (SELECT bundle FROM reused)")
        unnamed = connection.execute(
            "SELECT root FROM fingerprints WHERE root NOT IN (SELECT fingerprint FROM records)"
            " AND root NOT IN (SELECT fingerprint FROM attempts WHERE fingerprint IS NOT NULL)"
        ).fetchall()
        reused = roots_of_bundles(connection)
        connection.executemany(
            "DELETE FROM fingerprints WHERE root = ?", [row for row in unnamed if row[0] not in reused]
        )

    if gone and not journal.write(forget):
        return []
    return gone


def keep_few(journal: Journal, keep: int | None) -> None:
    """Forget old runs now and then; when that fails, say so. To be called after each run.

    Args:
        keep: how many of the latest runs stay, and a tenth more; None for all.
    """
    if keep is None or journal.is_off:
        return
    try:
        prune_now_and_then(journal, keep)
    except JournalError as error:
        logger.warning("Old runs could not be removed from the journal: %s", error)


def prune_now_and_then(journal: Journal, keep: int) -> list[str]:
    """Forget old runs when a tenth more than ``keep`` are there; return which. To be called after each run."""
    runs = int(journal.read("SELECT count(*) FROM runs")[0][0])
    return prune(journal, keep=keep) if runs > keep + keep // 10 else []


def _attempt(row: sqlite3.Row) -> Attempt:
    return Attempt(
        row["task"],
        row["attempt"],
        row["outcome"],
        row["worker"],
        row["started"],
        row["ended"],
        row["seconds"],
        row["cpu"],
        row["peak"],
        row["reason"],
        row["fingerprint"],
        row["error"],
        row["traceback"],
        json.loads(row["facts"] or "{}"),
    )


def _reuse(task: Reused) -> Attempt:
    times = (task.at, task.at, 0.0)
    return Attempt(task.task, 0, "reused", "", *times, None, None, task.reason, task.fingerprint, None, None)


def _rows(attempt: Attempt) -> dict[str, int]:
    rows = attempt.facts.get("rows")
    return {str(name): int(count) for name, count in rows.items()} if isinstance(rows, dict) else {}
