"""Options of ``run`` that build on earlier runs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from ..._records import replace
from ._errors import KedroCliError
from .utils import split_node_names

_LAST = "last"
_SPILL = ("never", "on-failure", "always")
_ON_ERROR = ("stop", "drain", "continue")

_OPTIONS = (
    click.option(
        "--resume",
        is_flag=False,
        flag_value=_LAST,
        default=None,
        metavar="[RUN_ID]",
        help="Finish an earlier run, by default the last one: only what is left, or has changed since, runs.",
    ),
    click.option("--incremental", is_flag=True, help="Run only what has changed since it last ran."),
    click.option(
        "--force",
        type=str,
        default="",
        metavar="NODES",
        callback=split_node_names,
        help="Run these nodes even if nothing changed, and whatever else has changed. Comma-separated.",
    ),
    click.option("--dry-run", is_flag=True, help="Say what would run and why, and run nothing."),
    click.option(
        "--on-error",
        type=click.Choice(_ON_ERROR),
        default=None,
        help="What a failed node means for the others: stop, drain what was ready, or continue with all that can.",
    ),
    click.option(
        "--spill",
        type=click.Choice(_SPILL),
        default=None,
        help="When to keep values that are in memory only, so that --resume need not make them again.",
    ),
)


def memory_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options; it gets their values as keyword arguments."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def asked(given: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of ``MemoryOptions`` that the options ask for; nothing for an ordinary run.

    Raises:
        KedroCliError: if two of them contradict each other.
    """
    # By get: programs call the command's function with the contract's arguments alone.
    resume, force = given.get("resume"), list(given.get("force") or ())
    if resume and given.get("incremental"):
        raise KedroCliError("Options '--resume' and '--incremental' cannot be used together.")
    # Nobody reads what is left in memory after a command.
    fields: dict[str, Any] = {"wants_results": False}
    if given.get("spill"):
        fields["spill"] = given["spill"]
    if resume:
        fields |= {"mode": "resume", "resume": None if resume == _LAST else resume, "force": tuple(force)}
    elif given.get("incremental") or force:
        fields |= {"mode": "incremental", "force": tuple(force)}
    return fields


@contextmanager
def remembering(given: dict[str, Any]) -> Iterator[None]:
    """Let the runs of this block have what the options ask for."""
    fields, on_error = asked(given), given.get("on_error")
    if fields.keys() == {"wants_results"} and not on_error:
        yield
        return
    # Imported here: only a run needs the runner.
    from ...runner._inherited import inherit, inherited

    outer = inherited()
    state = fields if len(fields) > 1 else outer.state
    with inherit(replace(outer, state=state, on_error=on_error or outer.on_error)):
        yield
