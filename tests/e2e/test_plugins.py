"""Plugins from the package index, unmodified, in a project that runs on this tree: the recipes that take seconds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
QUICK = ("telemetry", "airflow", "docker")


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_plugins_that_are_quick_to_install_work() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "downstream", *QUICK],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert "all recipes passed" in done.stdout
