"""Folders that carry their owner's name, so that a later run can tell what a killed one left behind."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from ..._processes import process_space, start_of

_PREFIX = "deodar-values-"
_NAME = re.compile(re.escape(_PREFIX) + r"(?P<pid>\d+)-(?P<start>\d+)-(?P<space>\d+)-[0-9a-f]+")


def folder_name() -> str:
    """Return a new name that says which process owns the folder, and which start of a process with that number."""
    pid = os.getpid()
    return f"{_PREFIX}{pid}-{start_of(pid)}-{process_space()}-{os.urandom(4).hex()}"


def sweep(roots: Iterable[Path]) -> list[Path]:
    """Remove the folders of this user whose owner is gone, and return them."""
    removed = []
    user = os.getuid() if sys.platform != "win32" else None
    for root in roots:
        for folder in root.glob(f"{_PREFIX}*"):
            match = _NAME.fullmatch(folder.name)
            # Numbers mean nothing in another process space: containers may share memory without sharing those.
            if match is None or int(match["space"]) != process_space():
                continue
            with contextlib.suppress(OSError):  # another run sweeps at the same time
                if (user is None or folder.stat().st_uid == user) and _is_gone(int(match["pid"]), match["start"]):
                    remove(folder)
                    removed.append(folder)
    return removed


def remove(folder: Path) -> None:
    """Remove a folder that holds nothing but files, as far as it can be."""
    # By hand: shutil brings three kinds of compression along, to every run.
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            with contextlib.suppress(OSError):
                path.unlink()
        folder.rmdir()


def _is_gone(pid: int, start: str) -> bool:
    return str(start_of(pid)) != start
