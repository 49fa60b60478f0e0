"""The command line that sessions are started by."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_TOP = __name__.partition(".")[0]

_read_without_click: ContextVar[tuple[str, Mapping[str, Any]] | None] = ContextVar("_read_without_click", default=None)


@contextmanager
def started_by(name: str, params: Mapping[str, Any]) -> Iterator[None]:
    """Let sessions of this block know a command that click has not read."""
    token = _read_without_click.set((name, params))
    try:
        yield
    finally:
        _read_without_click.reset(token)


def current_command() -> dict[str, Any] | None:
    """Return the command line that a session is started by now, if any."""
    click = sys.modules.get("click")
    # Without click imported there is no command of click.
    context = click.get_current_context(silent=True) if click else None
    if context is not None:
        return _described(context.command.name, context.args, context.params)
    known = _read_without_click.get()
    return _described(known[0], [], dict(known[1])) if known else None


def _described(name: str | None, arguments: list[str], params: dict[str, Any]) -> dict[str, Any]:
    return {
        "args": arguments,
        "params": params,
        "command_name": name,
        "command_path": " ".join([_TOP, *sys.argv[1:]]),
    }
