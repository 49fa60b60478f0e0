"""Putting values on a shelf and taking them from it: what every process of a run can do.

Files are published by rename, so that a file under a final name is always complete. Workers import this module before
anything of the project, so it stands on little.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import mmap
import os
import sys
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..._records import dataclass
from ._ledger import Ledger
from ._remap import hand_over
from .pickling import Packed, Piece, pack, unpack

INLINE_LIMIT = 32 * 1024
"""Packed values up to this many bytes ride inside messages: a file costs more than copying them."""
MAPPED_FROM = 256 * 1024
"""Files from this size on are mapped; smaller ones are read, which is faster and keeps no descriptor."""
LARGE = 32 << 20
"""Bytes from which memory is worth counting."""
RAM, DISK = 0, 1
_CHUNK = 32 << 20
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.ENOMEM})


class NoRoomError(OSError):
    """There is no room left where values lie."""

    @classmethod
    def for_bytes(cls, size: int, folder: str | Path) -> NoRoomError:
        """Return the error to raise when so many bytes do not fit, not in shared memory and not in this folder."""
        wanted = f"{size / (1 << 20):.1f} MB" if size >= 1 << 20 else f"{size} bytes"
        return cls(
            errno.ENOSPC,
            f"Neither shared memory nor the disk has room for {wanted} that go from one process to another. Free some, "
            "set TMPDIR to a folder with more, or keep large data in files of the catalog",
            str(folder),
        )


@dataclass(frozen=True, slots=True)
class Handle:
    """Where a packed value lies.

    Attributes:
        size: bytes.
        data: the bytes themselves, when they are few; otherwise they are in the file ``name``.
    """

    size: int
    data: bytes | None = None
    name: str = ""
    home: int = RAM


def mapped_bytes(handles: Iterable[Handle]) -> int:
    """Return how many bytes a process maps that loads all these."""
    return sum(handle.size for handle in handles if handle.data is None and handle.size >= MAPPED_FROM)


@dataclass(frozen=True, slots=True)
class ShelfAddress:
    """What another process needs to use a shelf."""

    folders: tuple[str, str]
    writers: int
    budget: int


class Traffic:
    """What one process moved over a shelf, for those who count.

    Attributes:
        packed: values packed.
        files: values written into files.
        spilled: those of them on disk.
        mapped: loads that copied nothing.
        copied: loads that copied the bytes.
        handed_over: bytes of memory that the owners of values gave up for what was written.
    """

    def __init__(self) -> None:
        self.packed = self.files = self.spilled = self.mapped = self.copied = self.handed_over = 0


class Writer:
    """One process's way to put values on a shelf and take them from it. Threads may share it.

    Args:
        number: below ``address.writers``; no other living writer has it.
        tag: how its files' names begin; no other writer ever had it.
    """

    def __init__(self, address: ShelfAddress, number: int, tag: str) -> None:
        self._folders = tuple(map(Path, address.folders))
        self._number = number
        self._tag = tag
        self._ledger = Ledger(self._folders[RAM] / "ledger", address.writers)
        self._budget = address.budget
        self._names = itertools.count()
        self._lock = threading.Lock()  # guards this writer's entry in the ledger
        self.traffic = Traffic()

    def put(self, value: object) -> Handle:
        """Publish a value as it is now."""
        return self.put_packed(pack(value))

    def put_packed(self, packed: Packed) -> Handle:
        """Publish a packed value."""
        self.traffic.packed += 1
        if packed.size <= INLINE_LIMIT:
            return Handle(packed.size, packed.join())
        return self._file(packed.pieces, packed.size)

    def to_file(self, handle: Handle) -> Handle:
        """Return a handle that is small, whatever the value."""
        return handle if handle.data is None else self._file([handle.data], handle.size)

    def load(self, handle: Handle) -> Any:
        """Return a value that is the caller's own: changing it changes nothing for anybody else."""
        if handle.data is not None:
            self.traffic.copied += 1
            return unpack(bytearray(handle.data))
        path = self._folders[handle.home] / handle.name
        with path.open("rb", buffering=0) as file:
            if handle.size >= MAPPED_FROM and os.name == "posix":
                with contextlib.suppress(OSError):  # out of descriptors or of mappings: then a copy will do
                    data = _map(file.fileno())
                    self.traffic.mapped += 1
                    return unpack(memoryview(data))
            content = bytearray(handle.size)
            view, done = memoryview(content), 0
            while done < handle.size and (got := file.readinto(view[done:])):
                done += got
        self.traffic.copied += 1
        return unpack(content)

    def discard(self, handles: Iterable[Handle]) -> None:
        """Remove values; whoever has loaded one keeps it."""
        for handle in handles:
            if handle.data is None:
                with contextlib.suppress(FileNotFoundError):
                    (self._folders[handle.home] / handle.name).unlink()
                    if handle.home == RAM:
                        self._give_back(handle.size)

    def close(self) -> None:
        """Let go of the shelf; what lies on it stays."""
        self._ledger.close()

    def _file(self, pieces: Sequence[Piece], size: int) -> Handle:
        self.traffic.files += 1
        name = f"{self._tag}-{next(self._names)}"
        if self._reserve(size):
            try:
                self._write(pieces, name, RAM)
                return Handle(size, None, name, RAM)
            except BaseException as error:
                self._give_back(size)
                if not isinstance(error, OSError) or error.errno not in _FULL:
                    raise
        self.traffic.spilled += 1
        try:
            self._write(pieces, name, DISK)
        except OSError as error:
            if error.errno not in _FULL:
                raise
            raise NoRoomError.for_bytes(size, self._folders[DISK].parent) from error
        return Handle(size, None, name, DISK)

    def _reserve(self, size: int) -> bool:
        with self._lock:
            if self._ledger.total() + size > self._budget:
                return False
            self._ledger.add(self._number, size)
            return True

    def _give_back(self, size: int) -> None:
        with self._lock:
            self._ledger.add(self._number, -size)

    def _write(self, pieces: Sequence[Piece], name: str, home: int) -> None:
        final = self._folders[home] / name
        draft = final.with_name(f"{name}.part")
        try:
            descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
            try:
                position = 0
                for piece in pieces:
                    position, handed_over = _write_piece(descriptor, memoryview(piece), position)
                    self.traffic.handed_over += handed_over
            finally:
                os.close(descriptor)
            draft.rename(final)
        except BaseException:
            with contextlib.suppress(OSError):
                draft.unlink()
            raise


def _write_piece(descriptor: int, piece: memoryview, position: int) -> tuple[int, int]:
    """Write a piece at a position, chunk by chunk; return the position behind it, and how much was handed over."""
    piece = piece.cast("B") if piece.format != "B" or piece.ndim != 1 else piece
    start = handed_over = 0
    while start < len(piece):
        done = os.pwrite(descriptor, piece[start : start + _CHUNK], position + start)
        handed_over += hand_over(piece, start, done, descriptor, position + start)
        start += done
    return position + len(piece), handed_over


def _map(descriptor: int) -> mmap.mmap:
    if sys.version_info >= (3, 13):
        return mmap.mmap(descriptor, 0, access=mmap.ACCESS_COPY, trackfd=False)
    return mmap.mmap(descriptor, 0, access=mmap.ACCESS_COPY)
