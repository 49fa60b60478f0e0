"""Folders that carry their owner's name, so that a later run can tell what a killed one left behind."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

_PREFIX = "deodar-values-"
_NAME = re.compile(re.escape(_PREFIX) + r"(?P<pid>\d+)-(?P<start>\d+)-(?P<space>\d+)-[0-9a-f]+")


def folder_name() -> str:
    """Return a new name that says which process owns the folder, and which start of a process with that number."""
    pid = os.getpid()
    return f"{_PREFIX}{pid}-{_start_of(pid)}-{_process_space()}-{secrets.token_hex(4)}"


def sweep(roots: Iterable[Path]) -> list[Path]:
    """Remove the folders of this user whose owner is gone, and return them."""
    removed = []
    user = os.getuid() if sys.platform != "win32" else None
    for root in roots:
        for folder in root.glob(f"{_PREFIX}*"):
            match = _NAME.fullmatch(folder.name)
            # Numbers mean nothing in another process space: containers may share memory without sharing those.
            if match is None or int(match["space"]) != _process_space():
                continue
            with contextlib.suppress(OSError):  # another run sweeps at the same time
                if (user is None or folder.stat().st_uid == user) and _is_gone(int(match["pid"]), match["start"]):
                    shutil.rmtree(folder, ignore_errors=True)
                    removed.append(folder)
    return removed


def _is_gone(pid: int, start: str) -> bool:
    return str(_start_of(pid)) != start


def _start_of(pid: int) -> int:
    """Return when a process started, in units of the platform's own; 0 when there is none."""
    if Path("/proc/self/stat").exists():
        try:
            # Field 22; the second field is a name in parentheses that may hold anything.
            return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[19])
        except (FileNotFoundError, ProcessLookupError):
            return 0
    # Slow to import, and only needed where there is no /proc.
    import psutil

    try:
        return int(psutil.Process(pid).create_time() * 100)
    except psutil.NoSuchProcess:
        return 0


def _process_space() -> int:
    try:
        return Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        return 0
