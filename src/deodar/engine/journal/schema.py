"""The tables of the journal, and how older files come up to date.

``MIGRATIONS[n]`` brings a file from version n to n + 1. A migration that was released is never edited.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

MIGRATIONS = (
    """
    CREATE TABLE runs (
        id TEXT PRIMARY KEY, started REAL NOT NULL, ended REAL, status TEXT,
        pid INTEGER NOT NULL, host TEXT NOT NULL, born TEXT NOT NULL,
        scope TEXT NOT NULL, tasks INTEGER NOT NULL, resumes TEXT, facts TEXT NOT NULL, beat REAL
    );
    CREATE INDEX runs_by_time ON runs (started);
    CREATE TABLE attempts (
        run TEXT NOT NULL, task TEXT NOT NULL, attempt INTEGER NOT NULL, scope TEXT NOT NULL,
        outcome TEXT NOT NULL, worker TEXT NOT NULL, started REAL NOT NULL, ended REAL,
        seconds REAL, cpu REAL, peak INTEGER, reason TEXT, fingerprint TEXT, facts TEXT,
        error TEXT, traceback TEXT,
        PRIMARY KEY (run, task, attempt)
    ) WITHOUT ROWID;
    CREATE INDEX attempts_by_task ON attempts (task, started);
    CREATE TABLE records (
        scope TEXT NOT NULL, task TEXT NOT NULL, run TEXT NOT NULL, ended REAL NOT NULL,
        fingerprint TEXT NOT NULL, facts TEXT NOT NULL,
        PRIMARY KEY (scope, task)
    ) WITHOUT ROWID;
    CREATE TABLE fingerprints (root TEXT PRIMARY KEY, leaves TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE events (
        id INTEGER PRIMARY KEY, run TEXT NOT NULL, at REAL NOT NULL, kind TEXT NOT NULL, task TEXT, data TEXT
    );
    CREATE TABLE costs (
        scope TEXT NOT NULL, task TEXT NOT NULL, seconds REAL NOT NULL, peak INTEGER NOT NULL, times INTEGER NOT NULL,
        PRIMARY KEY (scope, task)
    ) WITHOUT ROWID;
    CREATE TABLE stored (
        scope TEXT NOT NULL, value TEXT NOT NULL, identity TEXT NOT NULL, key TEXT NOT NULL,
        PRIMARY KEY (scope, value)
    ) WITHOUT ROWID;
    CREATE TABLE content (
        path TEXT PRIMARY KEY, size INTEGER, mtime INTEGER, ctime INTEGER, inode INTEGER, digest TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE memo (key TEXT PRIMARY KEY, text TEXT NOT NULL, used REAL NOT NULL) WITHOUT ROWID;
    CREATE TABLE locks (
        target TEXT PRIMARY KEY, run TEXT NOT NULL, pid INTEGER NOT NULL, host TEXT NOT NULL, born TEXT NOT NULL,
        since REAL NOT NULL
    ) WITHOUT ROWID;
    """,
    # Tasks that were reused, many in a row: most runs have the same as the one before, so a bundle is there once.
    """
    CREATE TABLE bundles (digest TEXT PRIMARY KEY, tasks TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE reused (run TEXT NOT NULL, at REAL NOT NULL, tasks INTEGER NOT NULL, bundle TEXT NOT NULL);
    CREATE INDEX reused_by_run ON reused (run);
    """,
    # Decisions that nothing has to run, which stand until something does: whoever writes a record, by whatever way,
    # ends those of its scope.
    """
    CREATE TABLE standing (
        scope TEXT NOT NULL, question TEXT NOT NULL, made REAL NOT NULL, bundle TEXT NOT NULL, answer TEXT NOT NULL,
        PRIMARY KEY (scope, question)
    ) WITHOUT ROWID;
    CREATE TRIGGER record_made AFTER INSERT ON records BEGIN DELETE FROM standing WHERE scope = NEW.scope; END;
    CREATE TRIGGER record_changed AFTER UPDATE ON records BEGIN DELETE FROM standing WHERE scope = NEW.scope; END;
    CREATE TRIGGER record_dropped AFTER DELETE ON records BEGIN DELETE FROM standing WHERE scope = OLD.scope; END;
    """,
)
VERSION = len(MIGRATIONS)


class NewerJournalError(Exception):
    """The file was written by a later release."""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a file up to date; any number of processes may try at once.

    Raises:
        NewerJournalError: if it comes from a later release.
    """
    if check(connection) == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Again under the lock: another process may have been faster.
        version = check(connection)
        for script in MIGRATIONS[version:]:
            for statement in _statements(script):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _statements(script: str) -> Iterator[str]:
    """Yield the statements of a script; a trigger has some inside."""
    statement = ""
    for piece in script.split(";"):
        statement += f"{piece};"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def check(connection: sqlite3.Connection) -> int:
    """Return the version of a file, which is not changed by asking.

    Raises:
        NewerJournalError: if it comes from a later release.
    """
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        raise NewerJournalError(f"version {version}, and this release knows {VERSION}")
    return version
