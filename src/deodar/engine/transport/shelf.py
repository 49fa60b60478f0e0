"""Where values lie between processes: files in shared memory, on disk when that is full, tiny ones in the handle.

A shelf is one folder in shared memory and one on disk. Its owner, the driver's process, creates and clears it; any
number of writers (see ``writer``), each with a number of its own, put values on it and take them.
"""

from __future__ import annotations

import errno
import mmap
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from ..machine import memory_limit
from ._ledger import Ledger
from .owners import folder_name, remove, sweep
from .writer import RAM, Handle, NoRoomError, ShelfAddress, Writer


class Shelf:
    """A shelf and its owner's own writer (number 0). Closing it removes everything on it.

    Args:
        writers: how many writers there may be, the owner's included.
        budget: bytes in shared memory before values go to disk; by default half of what is free there,
            and at most a quarter of all memory.

    Raises:
        NoRoomError: if there is no room for the little that an empty one takes.
    """

    def __init__(self, *, writers: int = 64, budget: int | None = None) -> None:
        ram, disk = _roots()
        sweep({ram, disk})
        name = folder_name()
        folders = tuple(root / name for root in (ram, disk))
        if budget is None:
            # A container's limit counts shared memory in, and may be far below the size of that.
            budget = min(_free(ram) // 2, memory_limit() // 4 or sys.maxsize)
        self._folders = folders
        self.address = ShelfAddress((str(folders[0]), str(folders[1])), writers, budget)
        self._learnt: dict[int, int] = {}
        try:
            for folder in set(folders):
                folder.mkdir(mode=0o700)
            Ledger.create(folders[RAM] / "ledger", writers)
            self._ledger = Ledger(folders[RAM] / "ledger", writers)
            self.writer = Writer(self.address, 0, "0")
        except OSError as error:
            for folder in folders:
                remove(folder)
            if error.errno != errno.ENOSPC:
                raise
            raise NoRoomError.for_bytes(mmap.PAGESIZE, ram) from error

    def learn(self, number: int, handles: Iterable[Handle]) -> None:
        """Take over what a writer published: from now on it is the owner who removes it."""
        kept = sum(handle.size for handle in handles if handle.data is None and handle.home == RAM)
        if kept:
            self._learnt[number] = self._learnt.get(number, 0) + kept

    def forget_writer(self, number: int, tag: str, known: Iterable[Handle]) -> None:
        """Remove what a writer that died left unfinished or told nobody of.

        Args:
            known: all that was learnt and not discarded.
        """
        names = {handle.name for handle in known}
        for folder in set(self._folders):
            for path in folder.glob(f"{tag}-*"):
                if path.name not in names:
                    path.unlink(missing_ok=True)
        self._ledger.settle(number, self._learnt.get(number, 0))

    @property
    def used(self) -> int:
        """Bytes that all its values hold in shared memory."""
        return self._ledger.total()

    def close(self) -> None:
        """Remove everything; whoever has loaded a value keeps it."""
        self.writer.close()
        self._ledger.close()
        for folder in self._folders:
            remove(folder)


def _roots() -> tuple[Path, Path]:
    """Return the folder in shared memory and the one on disk; the same where there is no shared memory."""
    disk = Path("/var/tmp")  # the usual place is often in memory itself
    if "TMPDIR" in os.environ or not os.access(disk, os.W_OK | os.X_OK):
        # Imported here: most runs need not ask.
        import tempfile

        disk = Path(tempfile.gettempdir())
    shared = Path("/dev/shm")
    if sys.platform == "linux" and shared.is_dir() and os.access(shared, os.W_OK | os.X_OK):
        # Containers often come with 64 MB of it, which is not worth having.
        if _free(shared) >= 256 << 20:
            return shared, disk
    return disk, disk


def _free(folder: Path) -> int:
    """Return the bytes that this user can still write there."""
    if sys.platform == "win32":
        # Imported here, as it is dear; elsewhere there is a call for it.
        import shutil

        return shutil.disk_usage(folder).free
    space = os.statvfs(folder)
    return space.f_bavail * space.f_frsize
