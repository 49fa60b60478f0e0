"""Which process owns a thing that is named after it: a pid alone may belong to somebody else by now."""

from __future__ import annotations

import functools
import os
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def start_of(pid: int) -> int:
    """Return when a process started, in units of the platform's own; 0 when it has ended."""
    try:
        # The second field is a name in parentheses that may hold anything; the third is the state, field 22 the start.
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        if Path("/proc/self/stat").exists():
            return 0
    else:
        return 0 if fields[0] in b"ZX" else int(fields[19])
    # Slow to import, and only needed where there is no /proc.
    import psutil

    try:
        return int(psutil.Process(pid).create_time() * 100)
    except psutil.NoSuchProcess:
        return 0


@functools.cache
def boot_id() -> str:
    """Return what tells this start of the machine from others; empty where nothing does."""
    try:
        return _BOOT.read_bytes().decode("ascii").strip()
    except OSError:
        return ""


def process_space() -> int:
    """Return a number for the space in which pids are counted; 0 where there is one for the machine."""
    try:
        return Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        return 0


def this_process() -> str:
    """Return a name that no other process on any machine bears, fit for file names: ``pid-start-place``."""
    return _label(os.getpid())


def has_ended(label: str) -> bool | None:
    """Tell whether a process of such a name is gone; None when it lives elsewhere, so that nobody here can know."""
    pid, start, place = label.split("-")
    if place != _place():
        return None
    return str(start_of(int(pid))) != start


@functools.lru_cache(maxsize=1)  # Of one process: a fork has another pid.
def _label(pid: int) -> str:
    return f"{pid}-{start_of(pid)}-{_place()}"


@functools.cache
def _place() -> str:
    # Imported here: nobody needs them before the first save.
    import hashlib
    import socket

    place = f"{socket.gethostname()}/{boot_id()}/{process_space()}"
    return hashlib.blake2b(place.encode(), digest_size=4).hexdigest()
