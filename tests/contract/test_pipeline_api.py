"""The pipeline API under both names: here as ``deodar``, in a process with the drop-in as ``kedro``."""

from __future__ import annotations

from .claims import run_as_kedro
from .node_api import *  # noqa: F403  # the tests themselves
from .pipeline_api import *  # noqa: F403


def test_the_whole_api_holds_under_the_name_kedro() -> None:
    run_as_kedro("node_api.py", "pipeline_api.py")
