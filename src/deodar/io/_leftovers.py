"""Names of staging folders and files, which tell whose they are; and the end of those whose owner was killed.

Nothing has to be cleaned up by hand: the next save beside one, or the next run that writes there, removes it.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time

from .._processes import has_ended, this_process

FOLDER_PREFIX = ".deodar-staging-"

# Of a process on another machine: nobody writes a single file for so long without touching it.
_FOREIGN_SECONDS = 24 * 3600.0
_MOST_SWEPT = 4096

_NAME = (
    rf"(?s){re.escape(FOLDER_PREFIX)}(?P<owner>\d+-\d+-[0-9a-f]+)-[0-9a-f]{{8}}"
    r"(?:\.replaced\.(?P<replaced>.+)|\.new)?"
)

# The folders that this process has looked through; a listing for each save would be too dear.
_swept: set[tuple[int, str]] = set()


def new_name() -> str:
    """Return a name for a staging folder of this process."""
    return f"{FOLDER_PREFIX}{this_process()}-{os.urandom(4).hex()}"


def name_for_new() -> str:
    """Return where a file is written that takes another's place without a folder of its own.

    It has no suffix of the other's: ``*.csv`` must not find it.
    """
    return f"{new_name()}.new"


def name_for_replaced(name: str) -> str:
    """Return where a folder waits while another one takes its place."""
    return f"{new_name()}.replaced.{name}"


def sweep_once(parent: str) -> None:
    """Remove what killed processes left in a folder, the first time that this process writes there."""
    key = (os.getpid(), parent)
    if key in _swept:
        return
    if len(_swept) >= _MOST_SWEPT:
        _swept.clear()
    _swept.add(key)
    sweep(parent)


def sweep(parent: str) -> None:
    """Remove what killed processes left in a folder; what they had moved aside goes back."""
    try:
        names = os.listdir(parent)
    except OSError:
        # Not there yet, or not ours to look at.
        return
    for name in names:
        match = re.fullmatch(_NAME, name) if name.startswith(FOLDER_PREFIX) else None
        # Another process that sweeps at the same time may be quicker.
        with contextlib.suppress(FileNotFoundError):
            if match is not None and _is_left_over(f"{parent}/{name}", match["owner"]):
                _end(parent, name, match["replaced"])


def remove(path: str) -> None:
    """Remove a staging folder with whatever is in it, or a staged file."""
    try:
        os.rmdir(path)
    except FileNotFoundError:
        return
    except NotADirectoryError:
        with contextlib.suppress(OSError):  # As in folders, what cannot be removed stays.
            os.unlink(path)
    except OSError:
        # Imported here: it is slow to import, and what is left over is rare.
        import shutil

        shutil.rmtree(path, ignore_errors=True)


def _end(parent: str, name: str, replaced: str | None) -> None:
    if replaced is not None and not os.path.lexists(f"{parent}/{replaced}"):
        # Killed between the two renames: this is the whole of the old data.
        os.rename(f"{parent}/{name}", f"{parent}/{replaced}")
    else:
        remove(f"{parent}/{name}")


def _is_left_over(path: str, owner: str) -> bool:
    # Where processes of other users are hidden, they would seem to have ended.
    if sys.platform != "win32" and os.lstat(path).st_uid != os.getuid():
        return False
    ended = has_ended(owner)
    return time.time() - _last_touched(path) > _FOREIGN_SECONDS if ended is None else ended


def _last_touched(path: str) -> float:
    paths = [path, *(os.path.join(at, name) for at, _, files in os.walk(path) for name in files)]
    return max(os.lstat(each).st_mtime for each in paths)
