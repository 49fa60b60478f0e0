"""The options of ``run`` for runs in pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from ..._records import replace
from .utils import KedroCliError

STORE_HELP = (
    "Keep what would be in memory alone under this path or URL, so that the nodes of a pipeline can run in "
    "processes of their own, on any machine."
)
RUN_ID_HELP = "The id of the run. All pieces of a run with a store share one."

_OPTIONS = (
    click.option("--store", type=str, default=None, metavar="URL", envvar="DEODAR_STORE", help=STORE_HELP),
    click.option("--run-id", type=str, default=None, envvar="DEODAR_RUN_ID", help=RUN_ID_HELP),
)


def store_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options; it gets their values as keyword arguments."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@contextmanager
def storing(given: dict[str, Any]) -> Iterator[None]:
    """Let the runs of this block have the store and the run id that the options ask for."""
    # By get: programs call the command's function with the contract's arguments alone.
    url, run_id = given.get("store"), given.get("run_id")
    if not url and not run_id:
        yield
        return
    if url and not run_id:
        raise KedroCliError(
            "Option '--store' needs '--run-id': the pieces of a run find each other's data by it. Any text will do."
        )
    # Imported here: only a run needs the runner.
    from ...runner._inherited import inherit, inherited

    store = None
    if url:
        from ...runner._store import StoreOptions

        store = StoreOptions(url, run_id)
    with inherit(replace(inherited(), store=store, run_id=run_id)):
        yield
