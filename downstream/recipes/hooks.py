"""A project with every hook, commands of its own and a plugin: both call the same hooks with the same, in one order.

``downstream/projects/harbour`` has two listeners and one that meddles, a ``cli.py`` that replaces ``run``, and beside
it a plugin with entry points of each group.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from ..environment import ROOT, CommandFailedError, Environment
from .compare import NEWEST, differences

PROJECT = ROOT / "downstream" / "projects" / "harbour"
COMMANDS = (
    ("run",),
    ("run", "--params", "boats=5,crew.size=9", "--tags", "early"),
    ("run", "-p", "storm"),
    ("run", "-p", "fog"),
    ("greet", "anna"),
    ("greet", "nobody"),
    ("greet",),
    ("gret", "anna"),
    ("sing",),
    ("tow", "show"),
    ("tow", "--loud", "show"),
    ("registry", "list"),
    ("registry", "describe", "storm"),
    ("catalog", "list-patterns"),
    ("catalog", "resolve-patterns"),
)
# What is said to nobody's program: how the terminal shows a run, and links.
NOISE = re.compile(r"^(Done|Failed): |^  +failed |deprecat|^\s*(OmegaConf|Use |See )|^$")
ENDED = re.compile(r"ended with (\d+):")


def check(folder: Path) -> str:
    """Give each command to both in a fresh copy of the project, and compare what is printed and noted."""
    found = differences(COMMANDS, outcome, folder)
    assert not found, "\n".join(found)
    return f"{len(COMMANDS)} commands call the hooks of Kedro {NEWEST} in its order"


def outcome(where: Environment, folder: Path, command: tuple[str, ...]) -> dict[str, Any]:
    """Return how a command ended, what it printed if it ended well, and what hooks and log noted."""
    shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns("__pycache__"))
    try:
        said = where.run("python", "-m", "kedro", *command, cwd=folder, PYTHONPATH="site", PYTHONDONTWRITEBYTECODE="1")
        code = 0
    except CommandFailedError as error:
        found = ENDED.search(str(error))
        assert found is not None, error
        said, code = "", int(found[1])
    data = folder / "data"
    return {
        "code": code,
        "said": [line for line in said.replace(str(folder), "").splitlines() if not NOISE.search(line)],
        "notes": (data / "notes.txt").read_text().splitlines(),
        "log": logged(data / "log.txt"),
        "files": sorted(path.name for path in data.iterdir()),
    }


def logged(file: Path) -> list[str]:
    """Return what the framework logged of a run, without the durations and links in it."""
    wanted = ("kedro.io.data_catalog ", "kedro.pipeline.node ", "kedro.runner.sequential_runner INFO Completed ")
    lines = file.read_text().splitlines() if file.exists() else []
    return [line for line in lines if line.startswith(wanted) and " ERROR " not in line]
