"""The framework's and the command line's API in a process in which the package is loaded as ``kedro``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SUITES = ("framework", "session", "context", "cli", "logging", "validation")


@pytest.mark.parametrize("suites", [SUITES[:3], SUITES[3:]], ids="-".join)
def test_the_api_holds_under_the_name_kedro(suites: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "deodar.compat", "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist"]
    result = subprocess.run(
        [*command, *(str(HERE / f"test_{name}_api.py") for name in suites)],
        capture_output=True,
        text=True,
        timeout=240,
        env={**os.environ, "DEODAR_TEST_PACKAGE": "kedro"},
    )
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-2000:]
    assert " passed" in result.stdout
