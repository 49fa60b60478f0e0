"""What the options of ``run`` that build on earlier runs mean for a run."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..._records import replace
from ._messages import refusal

LAST = "last"
"""The value of ``--resume`` without a run."""


def asked(given: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of ``MemoryOptions`` that the options ask for; nothing for an ordinary run.

    Raises:
        KedroCliError: if two of them contradict each other.
    """
    # By get: programs call the command's function with the contract's arguments alone.
    resume, force = given.get("resume"), list(given.get("force") or ())
    if resume and given.get("incremental"):
        raise refusal("Options '--resume' and '--incremental' cannot be used together.")
    # Nobody reads what is left in memory after a command.
    fields: dict[str, Any] = {"wants_results": False}
    if given.get("spill"):
        fields["spill"] = given["spill"]
    if resume:
        fields |= {"mode": "resume", "resume": None if resume == LAST else resume, "force": tuple(force)}
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
