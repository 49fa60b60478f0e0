"""Rules that no linter keeps: sizes, relative imports, imports without side effects, words."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "deodar"
NOT_OURS = ("templates", "starters")
MODULES = sorted(p for p in SOURCE.rglob("*.py") if p.relative_to(SOURCE).parts[0] not in NOT_OURS)
MODULE_LINES, FUNCTION_LINES = 450, 60


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_fits_its_room(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MODULE_LINES, "look for the second noun in it"


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_function_fits_a_screen(path: Path) -> None:
    long = [
        (each.name, each.end_lineno - each.body[0].lineno + 1)
        for each in ast.walk(ast.parse(path.read_text()))
        if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef))
        and each.end_lineno is not None
        and each.end_lineno - each.body[0].lineno + 1 > FUNCTION_LINES
    ]
    assert not long


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_imports_inside_the_package_are_relative(path: Path) -> None:
    for each in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(each, ast.Import):
            names = [alias.name for alias in each.names]
        elif isinstance(each, ast.ImportFrom) and not each.level:
            names = [each.module or ""]
        assert not any(name.partition(".")[0] in ("deodar", "kedro") for name in names), ast.unparse(each)


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_says_what_lives_there(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text())), "a module starts with a docstring"


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_nothing_is_left_to_do_in_the_source(path: Path) -> None:
    assert not re.search(r"\b(TODO|FIXME|XXX|HACK)\b", path.read_text())


def test_the_scheduler_and_what_it_stands_on_know_no_clock_chance_or_io() -> None:
    forbidden = {"time", "threading", "os", "random", "logging", "sqlite3", "datetime", "pathlib", "multiprocessing"}
    for name in ("scheduler", "admission", "lifetimes", "graph", "events", "commands", "model"):
        tree = ast.parse((SOURCE / "engine" / f"{name}.py").read_text())
        imported = {
            (alias.name if isinstance(each, ast.Import) else each.module or "").partition(".")[0]
            for each in ast.walk(tree)
            if isinstance(each, (ast.Import, ast.ImportFrom))
            for alias in each.names
            if isinstance(each, ast.Import) or not each.level
        }
        assert not imported & forbidden, name


def imported_by(statement: str) -> set[str]:
    """Return the modules that a statement brings into a fresh interpreter."""
    told = "print(json.dumps(sorted(set(sys.modules) - before)))"
    code = f"import json, sys; before = set(sys.modules); {statement}; {told}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


HEAVY = {
    "omegaconf",
    "rich",
    "pandas",
    "numpy",
    "fsspec",
    "cloudpickle",
    "psutil",
    "multiprocessing",
    "sqlite3",
    "click",
}


@pytest.mark.parametrize(
    "statement",
    [
        "import deodar.pipeline",
        "import deodar.io",
        "import deodar.config",
        "import deodar.runner",
        "import deodar.datasets.pandas",
        "import deodar.framework.session",
        "import deodar.framework.project",
    ],
)
def test_importing_brings_nothing_heavy_along(statement: str) -> None:
    assert not imported_by(statement) & HEAVY


def test_importing_starts_no_thread_and_sets_up_no_logging() -> None:
    code = (
        "import logging, threading, deodar.framework.session, deodar.runner, deodar.io, deodar.config\n"
        "print(threading.active_count(), logging.getLogger().handlers, logging.getLogger('deodar').handlers)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1 [] []"


def test_no_path_of_a_machine_is_in_the_repository() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    pattern = re.compile(r"(?<![\w.])/(work|farm)/\w")
    for name in listed:
        path = ROOT / name
        if path.suffix in (".py", ".md", ".toml", ".yml", ".yaml", ".txt", ".cfg") and path.exists():
            assert not pattern.search(path.read_text()), name
