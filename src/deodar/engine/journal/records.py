"""What is known of the last time each task ended well: the memory that plans are made from."""

from __future__ import annotations

import json
import logging
import sqlite3
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..cache.content import Stat
from ..cache.fingerprint import Leaf, load_leaves
from ..plan import Record, same_identity
from .reused import reused_in
from .store import FILE_NAME, Journal, JournalError, storable

logger = logging.getLogger(__name__)

STORED = "INSERT OR REPLACE INTO stored (scope, value, identity, key) VALUES (?, ?, ?, ?)"


class Records:
    """The last good record of each task, in one scope."""

    def __init__(self, journal: Journal, scope: str = "") -> None:
        self._journal = journal
        self._scope = scope
        self._leaves: dict[str, tuple[Leaf, ...]] = {}
        self._stored: dict[str, tuple[str, str]] | None = None

    def latest(self) -> dict[str, Record]:
        """Return the last good record of every task."""
        rows = self._journal.read("SELECT task, run, fingerprint, facts FROM records WHERE scope = ?", self._scope)
        return {row["task"]: self._record(row) for row in rows}

    def of_runs(self, runs: Sequence[str]) -> dict[str, Record]:
        """Return the good records of some runs alone, the first run that has one counting."""
        found: dict[str, Record] = {}
        latest: dict[str, Record] | None = None
        for run in runs:
            rows = self._journal.read(
                "SELECT task, run, outcome, fingerprint, facts FROM attempts"
                " WHERE run = ? AND outcome IN ('done', 'reused')",
                run,
            )
            for row in rows:
                if row["outcome"] == "done" and row["task"] not in found:
                    found[row["task"]] = self._record(row)
            # What was reused was made by an older run, and is what the last good record tells of. The first version
            # of the journal had a row for each.
            reused = [row["task"] for row in rows if row["outcome"] == "reused"]
            reused += [task.task for task in reused_in(self._journal, run)]
            if reused and latest is None:
                latest = self.latest()
            for name in reused:
                if latest and name in latest:
                    found.setdefault(name, latest[name])
        return found

    def accept(self, task: str, fingerprint: str, leaves: str, facts: dict[str, Any]) -> bool:
        """Record by hand that what a task writes is right as it is."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT OR IGNORE INTO fingerprints (root, leaves) VALUES (?, ?)", (fingerprint, leaves))
            connection.execute(
                "INSERT OR REPLACE INTO records (scope, task, run, ended, fingerprint, facts)"
                " VALUES (?, ?, 'accepted', ?, ?, ?)",
                (self._scope, task, time.time(), fingerprint, json.dumps(facts, default=str)),
            )

        return self._journal.write(write)

    def note_stored(self, value: str, identity: str | None, key: str) -> bool:
        """Remember under which key the store has a value."""
        row = (self._scope, value, identity or "", key)
        return self._journal.write(lambda connection: connection.execute(STORED, row))

    def forget(self, tasks: Iterable[str]) -> bool:
        """Drop the records of some tasks."""
        rows = [(self._scope, task) for task in tasks]
        return self._journal.write(
            lambda connection: connection.executemany("DELETE FROM records WHERE scope = ? AND task = ?", rows)
        )

    def _record(self, row: sqlite3.Row) -> Record:
        facts = json.loads(row["facts"] or "{}")
        root = row["fingerprint"] or ""
        writes = facts.get("writes") or {}
        return Record(
            root,
            facts.get("reads") or {},
            writes,
            facts.get("packages") or {},
            self._keys(writes),
            lambda: self._leaves_of(root),
            row["run"],
        )

    def _keys(self, writes: dict[str, str | None]) -> dict[str, str]:
        """Return the keys of those values that the store has as they were written then."""
        if self._stored is None:
            rows = self._journal.read("SELECT value, identity, key FROM stored WHERE scope = ?", self._scope)
            self._stored = {row["value"]: (row["identity"], row["key"]) for row in rows}
        found = {name: self._stored[name] for name in writes if name in self._stored}
        return {name: key for name, (identity, key) in found.items() if same_identity(identity, writes[name])}

    def _leaves_of(self, root: str) -> tuple[Leaf, ...]:
        if root not in self._leaves:
            rows = self._journal.read("SELECT leaves FROM fingerprints WHERE root = ?", root)
            self._leaves[root] = load_leaves(rows[0]["leaves"]) if rows else ()
        return self._leaves[root]


class LearnedCosts:
    """What tasks cost in earlier runs, for the scheduler."""

    def __init__(self, journal: Journal, scope: str = "") -> None:
        rows = journal.read("SELECT task, seconds, peak FROM costs WHERE scope = ?", scope)
        self._costs: dict[str, tuple[float, int]] = {row["task"]: (row["seconds"], row["peak"]) for row in rows}

    def seconds(self, task: str) -> float | None:
        """Return how long a task takes, or None when it never ran."""
        found = self._costs.get(task)
        return None if found is None else found[0]

    def all_seconds(self) -> dict[str, float]:
        """Return how long each task takes."""
        return {task: seconds for task, (seconds, _) in self._costs.items()}

    def all_peaks(self) -> dict[str, int]:
        """Return the most bytes that each task was seen to use, where that was measured."""
        return {task: peak for task, (_, peak) in self._costs.items() if peak}

    def peak_memory(self, task: str) -> int | None:
        """Return the most bytes that a task was seen to use, or None when it never was measured."""
        found = self._costs.get(task)
        return None if found is None or not found[1] else found[1]


def learned_costs(home: Path, scope: str) -> tuple[dict[str, float], dict[str, int]]:
    """Return seconds and peak memory of tasks in earlier runs; nothing where there was none.

    Args:
        home: the folder of the journal.
    """
    if not (home / FILE_NAME).exists():
        return {}, {}
    try:
        with Journal(home / FILE_NAME, read_only=True) as journal:
            costs = LearnedCosts(journal, scope)
            return costs.all_seconds(), costs.all_peaks()
    except (JournalError, sqlite3.Error):
        logger.debug("What earlier runs cost cannot be read.", exc_info=True)
        return {}, {}


class FileMemo:
    """Digests of files with their stats, kept in a journal. Read when it is made, written by ``save``."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        rows = journal.read("SELECT path, size, mtime, ctime, inode, digest FROM content")
        # As they come: a record for each would take as long as all else here.
        self._known: dict[str, tuple[int | str, ...]] = {row[0]: tuple(row) for row in rows}
        self._new: dict[str, tuple[Stat, str]] = {}

    def find(self, path: str, found: Stat) -> str | None:
        """Return the digest of a file that had this very stat."""
        entry = self._known.get(path)
        if entry is None or entry[1:5] != (found.size, found.mtime_ns, found.ctime_ns, found.inode):
            return None
        return str(entry[5])

    def note(self, path: str, found: Stat, digest: str) -> None:
        """Remember a digest."""
        self._known[path] = (path, found.size, found.mtime_ns, found.ctime_ns, found.inode, digest)
        self._new[path] = (found, digest)

    def save(self) -> None:
        """Write what is new."""
        # Inodes are unsigned and may not fit into SQLite's integers, nor need names be text; then the file is simply
        # read again.
        rows = [
            (path, found.size, found.mtime_ns, found.ctime_ns, found.inode, digest)
            for path, (found, digest) in self._new.items()
            if found.inode < 1 << 63 and storable(path) == path
        ]
        if rows and self._journal.write(
            lambda connection: connection.executemany("INSERT OR REPLACE INTO content VALUES (?, ?, ?, ?, ?, ?)", rows)
        ):
            self._new.clear()


class CodeMemo:
    """Facts of code objects, kept in a journal. Loaded at once, written by ``save``."""

    _KEEP_SECONDS = 90 * 24 * 3600.0

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._known: dict[str, str] | None = None
        self._new: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        """Return what was put, or None."""
        if self._known is None:
            self._known = {row[0]: row[1] for row in self._journal.read("SELECT key, text FROM memo")}
        return self._known.get(key) or self._new.get(key)

    def put(self, key: str, text: str) -> None:
        """Remember a text."""
        self._new[key] = text

    def save(self) -> None:
        """Write what is new, and drop what was written long ago."""
        now = time.time()
        rows = [(key, text, now) for key, text in self._new.items()]

        def write(connection: sqlite3.Connection) -> None:
            connection.executemany("INSERT OR REPLACE INTO memo VALUES (?, ?, ?)", rows)
            connection.execute("DELETE FROM memo WHERE used < ?", (now - self._KEEP_SECONDS,))

        if rows and self._journal.write(write):
            self._new.clear()
