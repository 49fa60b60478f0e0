"""A content-addressed store for values that must outlive a process.

One file for each value, named by the digest of its bytes, published by rename: what is there is whole. Any number of
processes may share a store.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from ..._records import dataclass
from .digests import FORMAT, new_hash

_KEY = r"v\d+-[0-9a-f]{32}\Z"
_STALE_SECONDS = 24 * 3600.0
_CHECKS = 20
"""How often the room is looked at while the limit is filled once; it may be exceeded by so small a share."""


class NotStorableError(TypeError):
    """A value cannot be pickled, so it cannot outlive its process."""


class TooLargeError(ValueError):
    """A value is larger than what may be stored."""


class NotStoredError(KeyError):
    """The store has no such value, or what it has is damaged."""


@dataclass(frozen=True, slots=True)
class StoreStats:
    """What a store holds."""

    values: int
    size: int


@dataclass(frozen=True, slots=True)
class _Entry:
    path: Path
    size: int
    used: float


class _Writer:
    """Passes bytes on to a file, counting and hashing them."""

    __slots__ = ("_file", "_limit", "size", "state")

    def __init__(self, file: BinaryIO, limit: int | None) -> None:
        self._file = file
        self._limit = limit
        self.size = 0
        self.state = new_hash()

    def restart(self) -> None:
        """Forget all that was written."""
        self._file.seek(0)
        self._file.truncate()
        self.size = 0
        self.state = new_hash()

    def write(self, data: Any) -> int:
        """Write bytes of any kind."""
        size = memoryview(data).nbytes
        self.size += size
        if self._limit is not None and self.size > self._limit:
            raise TooLargeError(f"The pickle is larger than {self._limit} bytes.")
        self.state.update(data)
        self._file.write(data)
        return size


class ValueStore:
    """Values in a folder, by the digest of their bytes.

    Args:
        limit: about the most bytes that ``put`` lets the store hold; what was not used for longest goes first. None
            means no limit.
    """

    def __init__(self, folder: Path, limit: int | None = None) -> None:
        self._folder = folder
        self._limit = limit
        self._unchecked = 0

    def put(self, value: Any, limit: int | None = None) -> str:
        """Store a value and return its key.

        Args:
            limit: the most bytes of this one value.

        Raises:
            NotStorableError: if it cannot be pickled.
            TooLargeError: if it is larger than ``limit``.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        staged = self._folder / f"tmp-{os.getpid()}-{os.urandom(8).hex()}"
        try:
            with staged.open("xb") as file:
                writer = _Writer(file, limit)
                _dump(value, writer)
            key = f"v{FORMAT}-{writer.state.hexdigest()}"
            target = self._path(key)
            target.parent.mkdir(exist_ok=True)
            os.replace(staged, target)  # noqa: PTH105
        finally:
            staged.unlink(missing_ok=True)
        self._unchecked += writer.size
        if self._limit is not None and self._unchecked > self._limit // _CHECKS:
            # Not each time: it lists the whole folder.
            self._unchecked = 0
            self.prune(self._limit, keep={key})
        return key

    def get(self, key: str) -> Any:
        """Return a stored value, a fresh copy each time.

        Raises:
            NotStoredError: if it is not there, or cannot be read.
        """
        # Imported here, and where values are written: most runs keep none.
        import pickle

        path = self._path(key)
        try:
            with path.open("rb") as file:
                value = pickle.load(file)
            os.utime(path)
        except FileNotFoundError:
            raise NotStoredError(key) from None
        except Exception as error:
            # A class that moved, a package that went: for the caller the value is as good as gone.
            raise NotStoredError(f"{key} cannot be read: {type(error).__name__}: {error}") from error
        return value

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and bool(re.match(_KEY, key)) and self._path(key).exists()

    def stats(self) -> StoreStats:
        """Count what is there."""
        sizes = [entry.size for entry in self._entries()]
        return StoreStats(len(sizes), sum(sizes))

    def prune(self, limit: int, keep: set[str] | frozenset[str] = frozenset()) -> StoreStats:
        """Drop what was not used for longest until at most ``limit`` bytes are left; say what was dropped."""
        self._sweep()
        entries = sorted(self._entries(), key=lambda entry: entry.used)
        size = sum(entry.size for entry in entries)
        dropped = freed = 0
        for entry in entries:
            if size - freed <= limit:
                break
            if entry.path.name not in keep:
                entry.path.unlink(missing_ok=True)
                dropped, freed = dropped + 1, freed + entry.size
        return StoreStats(dropped, freed)

    def clear(self) -> StoreStats:
        """Drop everything; say what was dropped."""
        return self.prune(-1)

    def _path(self, key: str) -> Path:
        if not re.match(_KEY, key):
            raise NotStoredError(f"{key!r} is no key of a stored value.")
        digest = key.partition("-")[2]
        return self._folder / digest[:2] / key

    def _entries(self) -> Iterator[_Entry]:
        for path in self._folder.glob("??/v*"):
            try:
                found = path.stat()
            except FileNotFoundError:
                continue
            yield _Entry(path, found.st_size, found.st_mtime)

    def _sweep(self) -> None:
        """Remove what writers that died left behind."""
        for path in self._folder.glob("tmp-*"):
            try:
                if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                    path.unlink(missing_ok=True)
            except FileNotFoundError:
                continue


def _dump(value: Any, writer: _Writer) -> None:
    import pickle

    try:
        pickle.dump(value, writer, protocol=5)
        return
    except (TooLargeError, OSError):
        raise
    except Exception:
        # Not importable by name, most likely: the second pickler carries the code itself.
        writer.restart()
    # Costs some 30 ms, and only values with functions made on the spot need it.
    import cloudpickle

    try:
        cloudpickle.dump(value, writer, protocol=5)
    except (TooLargeError, OSError):
        raise
    except Exception as error:
        raise NotStorableError(f"A {type(value).__name__} cannot be stored: {error}") from error
