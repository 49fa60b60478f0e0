"""The io API under both names: here as ``deodar``, in a process with the drop-in as ``kedro``."""

from __future__ import annotations

from .claims import run_as_kedro
from .io_catalog_api import *  # noqa: F403  # the tests themselves
from .io_core_api import *  # noqa: F403


def test_the_whole_api_holds_under_the_name_kedro() -> None:
    run_as_kedro("io_core_api.py", "io_catalog_api.py")
