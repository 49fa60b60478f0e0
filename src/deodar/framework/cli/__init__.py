"""The command line: the commands, and what plugins and projects build their own with."""

from typing import Any

from ._entry import main

ORANGE = (255, 175, 0)
BRIGHT_BLACK = (128, 128, 128)

__all__ = ["main", "command_with_verbosity", "load_entry_points", "ORANGE", "BRIGHT_BLACK"]


def __getattr__(name: str) -> Any:
    if name in ("command_with_verbosity", "load_entry_points"):
        # Imported here: these need click, and `--version` answers without it.
        from . import utils

        return getattr(utils, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
