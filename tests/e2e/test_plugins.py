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
    assert done.stdout.endswith(f"{len(QUICK)} passed: {', '.join(QUICK)}\n")


def test_recipes_go_on_after_one_failed_and_the_end_says_which() -> None:
    # Recipes that stand in for those which install something.
    program = """
import sys
from downstream import __main__ as driver

class Recipe:
    def __init__(self, works):
        self.works = works

    def check(self, folder):
        assert self.works, "it does not work"
        return "works"

recipes = {"downstream.recipes.docker": Recipe(True), "downstream.recipes.mlflow": Recipe(True)}
sys.modules.update(recipes, **{"downstream.recipes.airflow": Recipe(False), "downstream.recipes.viz": None})
sys.argv = ["downstream", "docker", "airflow", "viz", "mlflow"]
sys.exit(driver.main())
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines()[-2:] == ["2 passed: docker, mlflow", "2 failed: airflow, viz"], done.stdout
    assert "AssertionError: it does not work" in done.stderr
    assert done.returncode == 1
