"""Which entry point groups have any plugin installed, found out without the standard library's full scan.

``importlib.metadata`` takes tens of milliseconds to import and as long again to read every distribution. Most
environments have no plugin at all, and one look at the files of each distribution tells.
"""

import os
import stat
import sys
from collections.abc import Iterator

_SUFFIXES = (".dist-info", ".egg-info")
_FILE = "entry_points.txt"
_ANY = "*"

# The groups declared in each folder of the search path, and when the folder was changed last, as the standard
# library's own scan has it. An entry is only ever replaced as a whole: threads that race find the same.
_declared: dict[str, tuple[int, frozenset[str]]] = {}


def has_plugins(group: str) -> bool:
    """Tell whether a distribution on the current search path declares entry points of a group."""
    return any(group in groups or _ANY in groups for groups in map(_groups_in, sys.path))


def _groups_in(entry: str) -> frozenset[str]:
    folder = entry or os.getcwd()
    try:
        found = os.stat(folder)
    except OSError:
        # Search paths may name folders that do not exist.
        return frozenset()
    if not stat.S_ISDIR(found.st_mode):
        # An archive: rare enough to let the standard library look into it.
        return frozenset((_ANY,))
    known = _declared.get(folder)
    if known is None or known[0] != found.st_mtime_ns:
        known = _declared[folder] = found.st_mtime_ns, frozenset(_look(folder))
    return known[1]


def _look(folder: str) -> Iterator[str]:
    try:
        inside = [name for name in os.listdir(folder) if name.endswith(_SUFFIXES)]
    except OSError:
        # A folder that cannot be listed has nothing for anybody.
        return
    if folder.endswith(".egg"):
        inside.append("EGG-INFO")
    for name in inside:
        try:
            with open(os.path.join(folder, name, _FILE), "rb") as file:
                lines = file.read().splitlines()
        except OSError:
            # Most distributions declare nothing, so they have no such file.
            continue
        yield from (line.strip()[1:-1].decode(errors="replace") for line in lines if line.startswith(b"["))
