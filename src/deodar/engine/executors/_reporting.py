"""Log records and warnings on their way from a worker to the driver's handlers."""

from __future__ import annotations

import logging
import os
import pickle
import sys
import warnings
from collections.abc import Callable
from typing import Any, TextIO

from ..transport.pickling import pack, unpack
from ._wire import LOG, WARNING

Send = Callable[..., None]
_formatter = logging.Formatter()


class ForwardingHandler(logging.Handler):
    """Sends every record up; the driver's own handlers are the only ones, or each line would come twice."""

    def __init__(self, send: Send) -> None:
        super().__init__()
        self._send = send
        self._process = os.getpid()

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record."""
        if os.getpid() != self._process:
            # A process that a task forked: it has no line of its own to the driver, and must not garble this one's.
            sys.stderr.write(f"{record.levelname}: {record.getMessage()}\n")
            return
        try:
            self._send(LOG, _pack_record(record))
        except Exception:
            self.handleError(record)


def forward_reports(send: Send, *, spare: Callable[[str], bool] | None = None) -> None:
    """Have this process's log records and warnings sent up, and handled nowhere else.

    Args:
        spare: says of a logger's name that it is to be left as it is.
    """
    for known in [logging.root, *logging.root.manager.loggerDict.values()]:
        if isinstance(known, logging.Logger) and not (spare is not None and spare(known.name)):
            known.handlers.clear()
            known.propagate = True
    logging.root.addHandler(ForwardingHandler(send))
    owner = os.getpid()

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if os.getpid() != owner:
            sys.stderr.write(warnings.formatwarning(message, category, filename, lineno, line))
            return
        try:
            kind = pack(category).join()
        except TypeError:
            kind = pack(UserWarning).join()
        send(WARNING, kind, str(message), filename, lineno)

    warnings.showwarning = show


def handle_record(data: bytes, task: str | None) -> None:
    """Give a worker's record to this process's handlers, with the name of the task it came from as ``task``."""
    record = logging.makeLogRecord(pickle.loads(data))
    record.task = task
    logger = logging.getLogger(record.name)
    if logger.isEnabledFor(record.levelno):
        logger.handle(record)


class Warner:
    """Shows workers' warnings in this process, each once in a run however many workers give it."""

    def __init__(self) -> None:
        self._shown: set[tuple[bytes, str, str, int]] = set()

    def show(self, kind: bytes, text: str, filename: str, lineno: int) -> None:
        """Show a warning unless it was shown."""
        if (kind, text, filename, lineno) in self._shown:
            return
        self._shown.add((kind, text, filename, lineno))
        try:
            category = unpack(bytearray(kind))
        except Exception:
            category = UserWarning
        try:
            message = category(text)
        except Exception:
            category, message = UserWarning, UserWarning(text)
        warnings.showwarning(message, category, filename, lineno)


def _pack_record(record: logging.LogRecord) -> bytes:
    facts: dict[str, Any] = dict(record.__dict__)
    facts["msg"], facts["args"] = record.getMessage(), None
    if record.exc_info:
        facts["exc_text"] = record.exc_text or _formatter.formatException(record.exc_info)
        facts["exc_info"] = None
    try:
        return pickle.dumps(facts)
    except Exception:
        plain = (str, int, float, type(None))
        return pickle.dumps({k: v if isinstance(v, plain) else repr(v) for k, v in facts.items()})
