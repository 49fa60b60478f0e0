"""The journal's file: opened, written in batches, and given up with one warning when it cannot be written.

What is committed survives the death of the process at any moment (a write-ahead log that the kernel has), and any
number of runs may write at once. A power cut may cost the last moments, never the file.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

from .schema import NewerJournalError, check, migrate

logger = logging.getLogger(__name__)

FILE_NAME = "journal.db"
_BUSY_SECONDS = 10.0

# Folding the log into the file waits for the disk, 5 to 50 ms, and SQLite does it when the last user closes the file.
# From Python 3.12 on that can be switched off; before, whoever is the last must not be able to.
_FOLDS_WHEN_ASKED = hasattr(sqlite3.Connection, "setconfig")

Write = Callable[[sqlite3.Connection], object]


def storable(text: str) -> str:
    """Return a text as SQLite takes it: names of files may be in any encoding, and their bytes are no text then."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


class JournalError(Exception):
    """The journal cannot be used."""


class Journal:
    """One journal file. Thread-safe; not to be shared with a forked child.

    Args:
        path: of the file; it and its folder are made when missing, unless ``read_only``.

    Raises:
        JournalError: if the file cannot be opened, or was written by a later release.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self._lock = threading.RLock()  # Guards _connection and _off.
        self._off = False
        self._connection = _open(path, read_only)
        self._watcher = None if _FOLDS_WHEN_ASKED else _watch(path)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def is_off(self) -> bool:
        """Whether writing was given up."""
        return self._off

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._off = True
            self._connection.close()
            if self._watcher is not None:
                self._watcher.close()

    def fold(self) -> None:
        """Bring the log into the file, so that it begins anew; waits for the disk, and keeps no writer waiting.

        To be called now and then by a thread that has time: whoever lets the log grow to a thousand pages does it in
        the middle of a write.
        """
        try:
            # One of its own: through the other one nothing could be written meanwhile.
            with contextlib.closing(_connect(self.path)) as connection:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.Error as error:
            # What is wrong with the file is said by the next write.
            logger.debug("The log of the journal %s stays: %s", str(self.path), error)

    def write(self, *writes: Write) -> bool:
        """Do some writes in one transaction; say whether they are in the file now.

        When they cannot be (a full disk, a folder that went read-only), that is said once, and nothing is written
        any more: what watches a run must not be able to end it.
        """
        with self._lock:
            if self._off:
                return False
            try:
                with self.transaction() as connection:
                    for write in writes:
                        write(connection)
            except sqlite3.Error as error:
                self._off = True
                logger.warning(
                    "The journal %s cannot be written (%s): the run goes on, but will not be remembered from here on. "
                    "Free some space or set another place.",
                    str(self.path),
                    error,
                )
                return False
            return True

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the write lock of the file; leaving with an exception undoes everything."""
        with self._lock:
            connection = self._connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                # After a full disk SQLite may have rolled back by itself.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            try:
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    with contextlib.suppress(sqlite3.Error):
                        connection.execute("ROLLBACK")
                raise

    def read(self, query: str, *arguments: object) -> list[sqlite3.Row]:
        """Return the rows of a query.

        Raises:
            JournalError: if the file cannot be read.
        """
        with self._lock:
            try:
                return self._connection.execute(query, arguments).fetchall()
            except sqlite3.Error as error:
                raise JournalError(f"The journal '{self.path}' cannot be read: {error}") from error


def open_journal(folder: Path) -> Journal | None:
    """Open the journal of a folder for writing; when that fails, say so once and return None.

    A file that is no journal any more is set aside, never deleted.
    """
    path = folder / FILE_NAME
    for attempt in (1, 2):
        try:
            return Journal(path)
        except JournalError as error:
            cause = error.__cause__
            is_damaged = isinstance(cause, sqlite3.DatabaseError) and not isinstance(cause, sqlite3.OperationalError)
            if attempt == 1 and is_damaged and _set_aside(path):
                continue
            logger.warning("%s: this run will not be remembered.", error)
            break
    return None


def _set_aside(path: Path) -> bool:
    aside = path.with_name(f"{path.name}.damaged-{time.time_ns()}")
    try:
        path.rename(aside)
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    except OSError:
        return False
    logger.warning("The journal %s was damaged; it is now %s, and a new one begins.", str(path), aside.name)
    return True


def _connect(path: Path, suffix: str = "") -> sqlite3.Connection:
    # Our own lock is round every use, and transactions are begun by hand.
    target = f"{path.absolute().as_uri()}{suffix}" if suffix else str(path)
    connection = sqlite3.connect(
        target, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False, uri=bool(suffix)
    )
    if _FOLDS_WHEN_ASKED:
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, True)  # type: ignore[attr-defined]  # Of 3.12.
    return connection


def _watch(path: Path) -> sqlite3.Connection | None:
    """Return a connection to be closed last, which by itself cannot fold the log: it may not write to the file."""
    watcher = None
    try:
        watcher = _connect(path, "?mode=ro")
        # Now it holds its share of the file.
        check(watcher)
    except (sqlite3.Error, NewerJournalError):
        # Then closing takes longer, and nothing else is different.
        if watcher is not None:
            watcher.close()
        return None
    return watcher


def _open(path: Path, read_only: bool) -> sqlite3.Connection:
    connection = None
    try:
        if read_only and not path.exists():
            raise JournalError(f"There is no journal at '{path}': no run was recorded here yet.")
        if not read_only:
            path.parent.mkdir(parents=True, exist_ok=True)
        connection = _connect(path)
        connection.row_factory = sqlite3.Row
        check(connection)
        # Where shared memory does not work (some network drives) this stays the slower rollback journal.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        migrate(connection)
    except (sqlite3.Error, OSError, NewerJournalError) as error:
        if connection is not None:
            connection.close()
        raise JournalError(f"The journal '{path}' cannot be opened ({error})") from error
    return connection
