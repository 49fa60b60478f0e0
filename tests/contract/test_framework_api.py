"""The framework API under both names: here as ``deodar``, in a process with the drop-in as ``kedro``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from .cli_api import *  # noqa: F403  # the tests themselves
from .context_api import *  # noqa: F403
from .framework_api import *  # noqa: F403
from .session_api import *  # noqa: F403

HERE = Path(__file__).parent
SUITES = ("framework_api.py", "session_api.py", "context_api.py", "cli_api.py")


def test_the_whole_api_holds_under_the_name_kedro() -> None:
    command = [sys.executable, "-m", "deodar.compat", "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist"]
    result = subprocess.run(
        [*command, *(str(HERE / name) for name in SUITES)],
        capture_output=True,
        text=True,
        timeout=240,
        env={**os.environ, "DEODAR_TEST_PACKAGE": "kedro"},
    )
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-2000:]
    assert " passed" in result.stdout
