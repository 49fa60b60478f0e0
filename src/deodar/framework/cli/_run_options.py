"""The options of ``run`` that Kedro does not have: those that build on earlier runs, and those for runs in pieces."""

from collections.abc import Callable
from typing import Any

import click

from ._memory_options import LAST
from .utils import split_node_names

_SPILL = ("never", "on-failure", "always")
_ON_ERROR = ("stop", "drain", "continue")
STORE_HELP = (
    "Keep what would be in memory alone under this path or URL, so that the nodes of a pipeline can run in "
    "processes of their own, on any machine."
)
RUN_ID_HELP = "The id of the run. All pieces of a run with a store share one."

_OF_MEMORY = (
    click.option(
        "--resume",
        is_flag=False,
        flag_value=LAST,
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
    for option in reversed(_OF_MEMORY):
        command = option(command)
    return command


_OF_STORE = (
    click.option("--store", type=str, default=None, metavar="URL", envvar="DEODAR_STORE", help=STORE_HELP),
    click.option("--run-id", type=str, default=None, envvar="DEODAR_RUN_ID", help=RUN_ID_HELP),
)


def store_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options; it gets their values as keyword arguments."""
    for option in reversed(_OF_STORE):
        command = option(command)
    return command
