"""Who a process is, and whether it still lives: a pid alone may belong to somebody else by now."""

from __future__ import annotations

import os

from ..._processes import boot_id, start_of
from ..._records import dataclass

BEAT_SECONDS = 15.0
"""How often a run says that it goes on."""
SILENCE_SECONDS = 60.0
"""A run on another machine that said nothing for so long is taken for dead."""


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
        return cls(pid, _host(), _born(pid) or "")

    def lives(self) -> bool | None:
        """Say whether it is running; None when it belongs to another machine, so that nobody here can know."""
        if self.host != _host():
            return None
        born = _born(self.pid)
        return born is not None and born == (self.born or born)


def _born(pid: int) -> str | None:
    """Return when a process started, or None when there is no such process (a zombie has ended)."""
    start, boot = start_of(pid), boot_id()
    if not start:
        return None
    return f"{boot[:8]}-{start}" if boot else str(start)


def _host() -> str:
    uname = getattr(os, "uname", None)
    if uname is not None:
        # What gethostname gives, without the 5 ms that sockets take to load.
        return str(uname().nodename)
    # Imported here: see above.
    import socket

    return socket.gethostname()
