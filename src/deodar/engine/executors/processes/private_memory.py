"""How much of a task's peak of memory was its own: inputs that are mapped are shared, and cost nobody anything.

The system keeps the peak of all that a process had in memory, mapped inputs included, and no peak of the rest. So the
driver looks, seldom, at the workers whose task has large inputs. What it misses between two looks errs on the high
side.
"""

from __future__ import annotations

import math
import os
import time
from pathlib import Path

_FIRST, _SELDOM = 0.005, 0.1
"""Seconds before the first look, and between two looks at a task that takes long."""
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def memory_of(process: int | str) -> tuple[int, int]:
    """Return the bytes of private and of shared memory that a process has, or zeros where that cannot be known."""
    try:
        _, resident, shared, *_ = map(int, Path(f"/proc/{process}/statm").read_bytes().split())
    except (OSError, ValueError):
        return 0, 0
    return (resident - shared) * _PAGE, shared * _PAGE


class MemoryLooks:
    """The looks at one attempt.

    Attributes:
        next_at: when the next one is due, by the monotonic clock.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._pause = _FIRST
        self._private = self._shared = 0
        self.next_at = time.monotonic() + _FIRST

    def look(self) -> None:
        """Look now."""
        private, shared = memory_of(self._pid)
        self._private, self._shared = max(self._private, private), max(self._shared, shared)
        self._pause = min(2 * self._pause, _SELDOM)
        self.next_at = time.monotonic() + self._pause if private else math.inf

    def own_share(self, peak: int, before: tuple[int, int]) -> int:
        """Return what was the attempt's own of a peak that has mapped inputs in it.

        Args:
            before: private and shared memory when the attempt began.
        """
        private, shared = max(0, self._private - before[0]), max(0, self._shared - before[1])
        return min(peak, max(private, peak - shared))
