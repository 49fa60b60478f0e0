"""The identity of what lies in files, folders and object stores.

A file is read only when its stat says that it may have changed: the stat and the digest are remembered together, as
git's index does. A stat taken within the file system's clock tick of the change is not believed, since a second
change in the same tick would not show.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from ..._records import dataclass
from .digests import FORMAT, digest_text, new_hash

PREFIX = f"c{FORMAT}:"
STAT_PREFIX = f"s{FORMAT}:"
REMOTE_PREFIX = f"r{FORMAT}:"

_CHUNK = 1 << 20
# Coarsest clock of the file systems we expect to meet on a local disk (a kernel tick is 4 to 10 ms).
_TICK_NS = 20_000_000
# What object stores call the digest of an object, best first.
_CHECKSUMS = ("ETag", "etag", "md5Hash", "md5", "checksum", "crc32c", "sha256", "Content-MD5", "generation")
_TIMES = ("LastModified", "last_modified", "updated", "mtime", "modified", "created")


@dataclass(frozen=True, slots=True)
class Stat:
    """What tells that a file is still the one that was read."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @classmethod
    def of(cls, found: os.stat_result) -> Stat:
        """Take what counts of a stat."""
        return cls(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)

    @property
    def text(self) -> str:
        """All of it in one line."""
        return f"{self.size}-{self.mtime_ns}-{self.ctime_ns}-{self.inode}"

    @property
    def identity(self) -> str:
        """The identity of a file that nobody has read."""
        return STAT_PREFIX + self.text


class ContentMemo(Protocol):
    """Remembers digests of files with the stat they were taken at."""

    def find(self, path: str, found: Stat) -> str | None:
        """Return the digest of a file that had this very stat."""
        ...

    def note(self, path: str, found: Stat, digest: str) -> None:
        """Remember a digest."""
        ...


def identify_path(path: str | Path, memo: ContentMemo | None = None, limit: int | None = None) -> str | None:
    """Return the identity of a file, or of a folder with all in it; None when there is nothing.

    Args:
        limit: files of more bytes are told by their stat alone.
    """
    text = os.fspath(path)
    try:
        found = os.stat(text)  # noqa: PTH116  # A Path costs more than the call, and runs ask for thousands.
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISDIR(found.st_mode):
        return _identify_file(text, found, memo, limit)
    parts: list[str] = []
    for name, full, inside in _walk(text):
        parts += (name, _identify_file(full, inside, memo, limit))
    return f"{PREFIX}d{digest_text(*parts)}"


def stat_identity(path: str | Path) -> str | None:
    """Return an identity that costs no reading: equal means untouched, different means nothing."""
    text = os.fspath(path)
    try:
        found = os.stat(text)  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISDIR(found.st_mode):
        return Stat.of(found).identity
    inside = [part for name, _, entry in _walk(text) for part in (name, Stat.of(entry).text)]
    return f"{STAT_PREFIX}d{digest_text(*inside)}"


def identify_remote(filesystem: Any, path: str) -> str | None:
    """Return the identity of an object or a folder in a store, as the store tells it; nothing is downloaded.

    Args:
        filesystem: an fsspec file system.
    """
    try:
        entry = filesystem.info(path)
    except FileNotFoundError:
        return None
    entries = [entry]
    if entry.get("type") == "directory":
        entries = [found for _, found in sorted(filesystem.find(path, detail=True).items())]
    return REMOTE_PREFIX + digest_text(*(part for found in entries for part in _told_by_store(found)))


def _told_by_store(entry: dict[str, Any]) -> tuple[str, str, str]:
    told = [f"{key}={entry[key]}" for key in _CHECKSUMS if entry.get(key)][:1]
    told = told or [f"{key}={entry[key]}" for key in _TIMES if entry.get(key)]
    return str(entry.get("name", "")), str(entry.get("size", "")), ";".join(told)


def _identify_file(path: str, found: os.stat_result, memo: ContentMemo | None, limit: int | None) -> str:
    seen = Stat.of(found)
    if limit is not None and seen.size > limit:
        return seen.identity
    known = None if memo is None else memo.find(path, seen)
    if known is not None:
        return known
    identity = PREFIX + _digest_file(path)
    # Believed later only if nothing changed while we read, and the clock has moved on since the last change.
    after = os.stat(path)  # noqa: PTH116
    is_settled = time.time_ns() - max(seen.mtime_ns, seen.ctime_ns) > _TICK_NS
    if memo is not None and is_settled and Stat.of(after) == seen:
        memo.note(path, seen, identity)
    return identity


def _digest_file(path: str) -> str:
    state = new_hash()
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123
        while chunk := file.read(_CHUNK):
            state.update(chunk)
    return state.hexdigest()


def _walk(folder: str) -> Iterator[tuple[str, str, os.stat_result]]:
    """Yield the files below a folder by their names from there, sorted."""
    for root, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            full = f"{root}{os.sep}{name}"
            try:
                found = os.stat(full)  # noqa: PTH116
            except FileNotFoundError:
                # Gone since it was listed, or a link to nowhere: either way no content.
                continue
            yield full[len(folder) :].replace(os.sep, "/"), full, found
