"""Small real projects, and a process that is put back as it was."""

from __future__ import annotations

import itertools
import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deodar.framework import project as state
from deodar.framework.startup import bootstrap_project

_numbers = itertools.count()

REGISTRY = """
from deodar.framework.project import find_pipelines

def register_pipelines():
    pipelines = find_pipelines(raise_errors=True)
    pipelines["__default__"] = sum(pipelines.values())
    return pipelines
"""

PIPELINE = """
from deodar.pipeline import Pipeline, node

def double(x):
    return 2 * x

def create_pipeline(**kwargs):
    return Pipeline([node(double, "params:number", "{name}_doubled", name="{name}_node", tags=["{name}"])])
"""


class Project:
    """A project on disk."""

    def __init__(self, path: Path, package: str) -> None:
        self.path = path
        self.package = package
        self.source = path / "src"
        self.write(
            "pyproject.toml",
            f'[tool.deodar]\npackage_name = "{package}"\nproject_name = "Shop"\ndeodar_init_version = "0.1.0"\n',
        )
        self.module("__init__", "")
        self.module("settings", "")
        self.module("pipeline_registry", REGISTRY)
        self.module("pipelines/__init__", "")
        self.write("conf/base/catalog.yml", "{}\n")
        self.write("conf/base/parameters.yml", "number: 21\n")
        (path / "conf/local").mkdir()

    def write(self, name: str, text: str) -> Path:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def module(self, name: str, text: str) -> Path:
        return self.write(f"src/{self.package}/{name}.py", text)

    def pipeline(self, name: str, text: str | None = None) -> None:
        self.module(f"pipelines/{name}/__init__", PIPELINE.format(name=name) if text is None else text)

    def imported(self) -> set[str]:
        """Return the modules of the project that are loaded, without the package's name."""
        prefix = f"{self.package}."
        return {name.removeprefix(prefix) for name in sys.modules if name.startswith(prefix)}

    def bootstrap(self) -> None:
        bootstrap_project(self.path)


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put back what configuring a project changes in this process."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(sys, "displayhook", sys.displayhook)
    monkeypatch.setitem(os.environ, "PYTHONPATH", os.environ.get("PYTHONPATH", ""))
    monkeypatch.setattr(state, "LOGGING", state._ProjectLogging.deferred())
    for name in ("ENV", "LOGGING_CONFIG", "LOGGING_MODULE_ALLOWLIST"):
        monkeypatch.delenv(f"KEDRO_{name}", raising=False)
        monkeypatch.delenv(f"DEODAR_{name}", raising=False)
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    state.settings.configure(None)
    state.pipelines.configure(None)
    state.PACKAGE_NAME = None


@pytest.fixture
def make_project(process: None, tmp_path: Path) -> Iterator[Callable[[], Project]]:
    """Return a maker of projects, each with a package name of its own."""
    made: list[Project] = []

    def make() -> Project:
        number = next(_numbers)
        made.append(Project(tmp_path / f"project_{number}", f"shop_{number}"))
        return made[-1]

    yield make
    for project in made:
        for name in [name for name in sys.modules if name.partition(".")[0] == project.package]:
            del sys.modules[name]


@pytest.fixture
def project(make_project: Callable[[], Project]) -> Project:
    return make_project()
