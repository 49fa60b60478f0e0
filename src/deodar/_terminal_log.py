"""The log handler of the built-in configuration: Rich on a terminal or in a notebook, plain lines elsewhere.

Nothing is built before the first record: commands that log nothing (``--help``) do not pay 100 ms for Rich. Elsewhere
than on a terminal Rich would wrap every line at 80 columns.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    _Stream = logging.StreamHandler[TextIO]
else:
    # Python 3.10 knows no parameter of it.
    _Stream = logging.StreamHandler


class _StandardOutput(_Stream):
    """Writes to what standard output is now, not to what it was when logging was configured."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)-8s %(message)s", "%H:%M:%S"))

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # an attribute there
        """Standard output."""
        return sys.stdout


class TerminalHandler(logging.Handler):
    """Hands records to the handler that suits where standard output goes."""

    def __init__(self, **options: Any) -> None:
        """Capture warnings; take the options of the Rich handler."""
        super().__init__()
        self._options = options
        self._rich: logging.Handler | None = None
        self._plain: logging.Handler | None = None
        logging.captureWarnings(True)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        self._suitable().emit(record)

    def _suitable(self) -> logging.Handler:
        if not _wants_rich():
            self._plain = self._plain or _StandardOutput()
            return self._plain
        if self._rich is None:
            # Imported here: see above.
            from .logging import RichHandler

            self._rich = RichHandler(**self._options)
        return self._rich


def _wants_rich() -> bool:
    return sys.stdout.isatty() or "ipykernel" in sys.modules or bool(os.environ.get("FORCE_COLOR"))
