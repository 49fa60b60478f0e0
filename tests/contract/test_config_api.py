"""The configuration API under both names: here as ``deodar``, in a process with the drop-in as ``kedro``."""

from __future__ import annotations

from .claims import run_as_kedro
from .config_api import *  # noqa: F403  # the tests themselves


def test_the_whole_api_holds_under_the_name_kedro() -> None:
    run_as_kedro("config_api.py")
