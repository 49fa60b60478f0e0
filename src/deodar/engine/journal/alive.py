"""Who a process is, and whether it still lives: a pid alone may belong to somebody else by now."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

BEAT_SECONDS = 15.0
"""How often a run says that it goes on."""
SILENCE_SECONDS = 60.0
"""A run on another machine that said nothing for so long is taken for dead."""

_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Process:
    """One process of one machine.

    Attributes:
        born: when it started, in the machine's own count; tells it from a later process of the same number.
    """

    pid: int
    host: str
    born: str

    @classmethod
    def this(cls) -> Process:
        """Return the process that asks."""
        pid = os.getpid()
        return cls(pid, socket.gethostname(), _born(pid) or "")

    def lives(self) -> bool | None:
        """Say whether it is running; None when it belongs to another machine, so that nobody here can know."""
        if self.host != socket.gethostname():
            return None
        born = _born(self.pid)
        return born is not None and born == (self.born or born)


def _born(pid: int) -> str | None:
    """Return when a process started, or None when there is no such process (a zombie has ended)."""
    if _BOOT.exists():
        try:
            text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
            # The name may hold spaces and brackets; what follows the last bracket is fixed.
            fields = text.rpartition(")")[2].split()
            boot = _BOOT.read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return None
        return None if fields[0] in "ZX" else f"{boot[:8]}-{fields[19]}"
    # Only where there is no /proc.
    import psutil

    try:
        return str(int(psutil.Process(pid).create_time() * 100))
    except psutil.Error:
        return None
