"""Which plugins are installed: the entry points of our groups.

Both spellings of a group are read, ``kedro.hooks`` and ``deodar.hooks``. Nothing here imports a plugin.
"""

import sys
from typing import TYPE_CHECKING, Any

from .._installed import has_plugins

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_SCAN = "importlib.metadata"
_TOP = __name__.partition(".")[0]
_TAILS = {
    "global": "global_commands",
    "project": "project_commands",
    "init": "init",
    "line_magic": "line_magic",
    "hooks": "hooks",
    "cli_hooks": "cli_hooks",
    "starters": "starters",
}
ENTRY_POINT_GROUPS = {short: f"{_TOP}.{tail}" for short, tail in _TAILS.items()}
_SPELLINGS = (_TOP, "deodar" if _TOP == "kedro" else "kedro")


def group_names(short: str) -> list[str]:
    """Return both spellings of a group, that of the running name first."""
    return [f"{top}.{_TAILS[short]}" for top in _SPELLINGS]


def entry_points(short: str) -> "list[EntryPoint]":
    """Return the entry points of a group, under both spellings, each once."""
    own, other = group_names(short)
    groups = [group for group in (own, other) if has_plugins(group)]
    if _SCAN in sys.modules and own not in groups:
        # Where the standard scan is loaded already it costs little, and it may know more (or have been replaced).
        groups.insert(0, own)
    if not groups:
        return []
    import importlib.metadata

    scan: Any = importlib.metadata.entry_points()
    found: list[EntryPoint] = list(scan.select(group=groups[0]))
    for group in groups[1:]:
        # A plugin that declares both spellings is one plugin.
        known = {(entry_point.name, entry_point.value) for entry_point in found}
        found += [ep for ep in scan.select(group=group) if (ep.name, ep.value) not in known]
    return found


def is_for_this_name(entry_point: "EntryPoint") -> bool:
    """Tell whether a plugin can work in this process.

    A plugin that requires the distribution ``kedro`` imports ``kedro``. Natively that is another framework,
    or nothing; such a plugin works where the package is loaded as ``kedro``.
    """
    group = getattr(entry_point, "group", "")
    if _TOP == "kedro" or not (isinstance(group, str) and group.startswith("kedro.")):
        return True
    distribution = getattr(entry_point, "dist", None)
    requirements = getattr(distribution, "requires", None) or []
    return not any(_required_name(line) == "kedro" for line in requirements)


def _required_name(requirement: str) -> str:
    name = requirement.strip().split(";")[0]
    for mark in "[ (<>=!~@":
        name = name.partition(mark)[0]
    return name.lower()
