"""What the options of ``run`` for runs in pieces mean for a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..._records import replace
from ._messages import refusal


@contextmanager
def storing(given: dict[str, Any]) -> Iterator[None]:
    """Let the runs of this block have the store and the run id that the options ask for."""
    # By get: programs call the command's function with the contract's arguments alone.
    url, run_id = given.get("store"), given.get("run_id")
    if not url and not run_id:
        yield
        return
    if url and not run_id:
        raise refusal(
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
