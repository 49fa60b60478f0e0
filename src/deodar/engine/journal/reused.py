"""Tasks that were reused, as the journal keeps them: many together.

A run that finds nothing to do reuses what the run before it did, so what it would write is there already. A thousand
tasks take one row; with a row and an event for each it was half a megabyte, and half the time of writing such a run.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence

from ..._records import dataclass
from ..cache.digests import digest_text
from .store import Journal

EVENT = "TasksReused"


@dataclass(frozen=True, slots=True)
class Reused:
    """One task that did not have to run.

    Attributes:
        at: when that was found.
        fingerprint: root of what it is made of.
    """

    task: str
    at: float
    reason: str
    fingerprint: str | None


def note_reused(
    connection: sqlite3.Connection, run: str, at: float, tasks: Sequence[tuple[str, str, str | None]]
) -> str:
    """Write down tasks that a run reuses, and return what their one event says.

    Args:
        tasks: of each the reason, the name, and the root of its fingerprint.
    """
    by_reason: dict[str, list[tuple[str, str | None]]] = {}
    for reason, task, root in tasks:
        by_reason.setdefault(reason, []).append((task, root))
    text = json.dumps(by_reason)
    bundle = digest_text("reused", text)
    connection.execute("INSERT OR IGNORE INTO bundles (digest, tasks) VALUES (?, ?)", (bundle, text))
    return note_bundle(connection, run, at, len(tasks), bundle)


def note_bundle(connection: sqlite3.Connection, run: str, at: float, count: int, bundle: str) -> str:
    """Write down that a run reuses the tasks of a bundle that is there, and return what its one event says."""
    connection.execute("INSERT INTO reused (run, at, tasks, bundle) VALUES (?, ?, ?, ?)", (run, at, count, bundle))
    return json.dumps({"bundle": bundle})


def reused_in(journal: Journal, run: str) -> list[Reused]:
    """List the tasks that a run reused."""
    rows = journal.read("SELECT at, bundles.tasks FROM reused JOIN bundles ON digest = bundle WHERE run = ?", run)
    return [task for at, text in rows for task in _opened(at, text)]


def count_reused(journal: Journal, run: str) -> int:
    """Return how many tasks a run reused."""
    return int(journal.read("SELECT coalesce(sum(tasks), 0) FROM reused WHERE run = ?", run)[0][0])


def bundle_of(journal: Journal, at: float, bundle: str) -> list[Reused]:
    """List the tasks of one bundle."""
    rows = journal.read("SELECT tasks FROM bundles WHERE digest = ?", bundle)
    return list(_opened(at, rows[0][0])) if rows else []


def roots_of_bundles(connection: sqlite3.Connection) -> set[str | None]:
    """Return the roots of the fingerprints of all tasks in bundles."""
    return {
        task.fingerprint for row in connection.execute("SELECT tasks FROM bundles") for task in _opened(0.0, row[0])
    }


def _opened(at: float, text: str) -> Iterator[Reused]:
    for reason, tasks in json.loads(text).items():
        for task, root in tasks:
            yield Reused(task, at, reason, root)
