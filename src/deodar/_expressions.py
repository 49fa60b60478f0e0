"""Regular expressions that are compiled when they are first used.

``re`` compiles in Python, a tenth of a millisecond and more for each: for those of the modules that a plain run loads
and does not use that was as much as for all it does with its nodes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

__all__ = ["expression"]


class _Expression:
    """A compiled pattern to be. What is asked of it is kept, so that it costs no more than that pattern would."""

    def __init__(self, text: str, flags: int) -> None:
        self._text, self._flags = text, flags

    def __getattr__(self, name: str) -> Any:
        # The cache of `re` has it from the second name on.
        found = getattr(re.compile(self._text, self._flags), name)
        setattr(self, name, found)
        return found


if TYPE_CHECKING:

    def expression(text: str, flags: int = 0) -> re.Pattern[str]: ...

else:

    def expression(text: str, flags: int = 0) -> _Expression:
        """Return what can be used like ``re.compile(text, flags)``, and is compiled when it is."""
        return _Expression(text, flags)
