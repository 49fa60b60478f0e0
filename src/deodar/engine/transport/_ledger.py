"""How many bytes of shared memory a shelf holds, known to all its writers at once.

One eight-byte cell for each writer, and only that writer adds to it: so it needs no lock between processes. A cell
may go below zero, when its writer removed what another wrote; the sum is what counts.
"""

from __future__ import annotations

import mmap
from pathlib import Path

_CELL = 8


class Ledger:
    """The cells, mapped."""

    def __init__(self, path: Path, writers: int) -> None:
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), writers * _CELL)
        self._cells = memoryview(self._map).cast("q")

    @staticmethod
    def create(path: Path, writers: int) -> None:
        """Make the file, with nothing in it."""
        path.write_bytes(bytes(writers * _CELL))

    def total(self) -> int:
        """Return what all writers hold together."""
        return sum(self._cells)

    def add(self, writer: int, size: int) -> None:
        """Note that a writer wrote (or, below zero, removed) so many bytes."""
        self._cells[writer] += size

    def settle(self, writer: int, size: int) -> None:
        """Set the cell of a writer that is no more."""
        self._cells[writer] = size

    def close(self) -> None:
        """Unmap it."""
        self._cells.release()
        self._map.close()
