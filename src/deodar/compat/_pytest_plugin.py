"""``pytest`` inside a project written for Kedro: ``import kedro`` gives this package, before any conftest asks.

``DEODAR_DROPIN=0`` switches it off. Outside such a project nothing happens.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from .._nearest_project import nearest_project
from ._dropin import ENVIRONMENT_VARIABLE, DropInTooLateError, install

if TYPE_CHECKING:
    from collections.abc import Sequence


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: Any, parser: Any, args: Sequence[str]) -> None:
    """Install the drop-in if the tests are those of a Kedro project."""
    if os.environ.get(ENVIRONMENT_VARIABLE) == "0" or not _is_in_kedro_project(early_config):
        return
    try:
        install()
    except DropInTooLateError as error:
        # Another plugin was faster. The tests can still tell something, so they run, and know under what.
        early_config.issue_config_time_warning(pytest.PytestConfigWarning(f"Tests run without Deodar: {error}"), 2)


def _is_in_kedro_project(config: Any) -> bool:
    folders = (str(config.rootpath), str(config.invocation_params.dir))
    return any(nearest_project(folder) == "kedro" for folder in folders)
