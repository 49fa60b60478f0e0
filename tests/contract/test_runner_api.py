"""The runner API under both names: here as ``deodar``, in a process with the drop-in as ``kedro``."""

from __future__ import annotations

from .claims import run_as_kedro
from .runner_api import *  # noqa: F403  # the tests themselves


def test_the_whole_api_holds_under_the_name_kedro() -> None:
    run_as_kedro("runner_api.py", "runner_seams.py")
