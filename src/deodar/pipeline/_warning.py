"""Warnings that point at the user's own line, however deep in the package the cause was found."""

import sys
import warnings

_WITHIN = __name__.partition(".")[0]


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the nearest caller outside of this package."""
    level = 2
    frame = sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] == _WITHIN:
        frame = frame.f_back
        level += 1
    warnings.warn(message, category, stacklevel=level)
