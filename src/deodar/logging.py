"""A log handler that writes with colours, and makes tracebacks readable.

Importing this imports Rich; the logging configuration does so when it builds the handler.
"""

import copy
import logging
import sys
from pathlib import Path
from typing import Any

import rich.logging
import rich.pretty
import rich.traceback

from .utils import _format_rich, _is_databricks

_TRACEBACKS = "tracebacks_"


class RichHandler(rich.logging.RichHandler):
    """Rich's handler, which also captures warnings and, where asked to, formats tracebacks.

    A record with arguments may bring ``extra={"rich_format": [...]}``: styles for its arguments, in order, which
    only this handler sees.

    Takes the arguments of ``rich.logging.RichHandler``. Those named ``tracebacks_…`` hold for uncaught errors too.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("markup", True)
        super().__init__(*args, **kwargs)
        logging.captureWarnings(True)
        rich.pretty.install()
        # Databricks formats tracebacks itself, and an exception hook would get in its way.
        if self.rich_tracebacks and not _is_databricks():
            rich.traceback.install(**_traceback_options(kwargs))

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, its arguments in the styles it asks for.

        Raises:
            TypeError: the styles are not a list, or it is empty.
        """
        styles = getattr(record, "rich_format", None)
        if record.args and hasattr(record, "rich_format"):
            record = _styled(record, styles)
        super().emit(record)


def _traceback_options(kwargs: dict[str, Any]) -> dict[str, Any]:
    options = {key[len(_TRACEBACKS) :]: value for key, value in kwargs.items() if key.startswith(_TRACEBACKS)}
    # Imported here: only this handler needs it by name, to leave the command line's own frames out.
    import click

    options["suppress"] = [click, str(Path(sys.executable).parent), *options.get("suppress", ())]
    return options


def _styled(record: logging.LogRecord, styles: Any) -> logging.LogRecord:
    if not isinstance(styles, list) or not styles:
        raise TypeError("rich_format only accept non-empty list as an argument")
    arguments = list(record.args or ())
    for index, style in enumerate(styles[: len(arguments)]):
        arguments[index] = _format_rich(str(arguments[index]), style)
    # A copy: other handlers must see the text without markup.
    record = copy.copy(record)
    record.args = tuple(arguments)
    return record
