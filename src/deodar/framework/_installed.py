"""Which entry point groups have any plugin installed, found out without the standard library's full scan.

``importlib.metadata`` takes tens of milliseconds to import and as long again to read every distribution. Most
environments have no plugin at all, and one look at the files of each distribution tells.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

_SUFFIXES = (".dist-info", ".egg-info")
_FILE = "entry_points.txt"

# By search path and group. Written once and never changed: threads that race find the same.
_found: dict[tuple[tuple[str, ...], str], bool] = {}


def has_plugins(group: str) -> bool:
    """Tell whether a distribution on the current search path declares entry points of a group."""
    key = tuple(sys.path), group
    if key not in _found:
        _found[key] = any(_declares(text, group) for entry in sys.path for text in _declarations(entry))
    return _found[key]


def _declarations(entry: str) -> Iterable[str]:
    folder = Path(entry)
    if folder.is_file():
        # An archive: rare enough to let the standard library look into it.
        return ("*",)
    try:
        inside = [item for item in folder.iterdir() if item.name.endswith(_SUFFIXES)]
    except OSError:
        # Search paths may name folders that do not exist.
        return ()
    if folder.suffix == ".egg":
        inside.append(folder / "EGG-INFO")
    return [text for item in inside if (text := _text(item / _FILE))]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        # Most distributions declare nothing, so they have no such file.
        return ""


def _declares(text: str, group: str) -> bool:
    return text == "*" or f"[{group}]" in text
