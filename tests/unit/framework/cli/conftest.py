"""A project on disk, and a process that forgets it afterwards."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from deodar.framework.cli import _templates
from deodar.framework.cli._errors import KedroCliError
from deodar.framework.cli.cli import KedroCLI
from deodar.framework.cli.starters import TEMPLATE_PATH

_numbers = itertools.count()

NODES = """
def double(number):
    return number * 2


def add(left, right):
    return left + right
"""
PIPELINE = """
from deodar.pipeline import Node, Pipeline

from .nodes import add, double


def create_pipeline(**kwargs):
    return Pipeline(
        [
            Node(double, "params:number", "doubled", name="double_it", tags="first"),
            Node(add, ["doubled", "params:number"], "total", name="add_it", tags="second", namespace=None),
        ]
    )
"""
CATALOG = """
total:
  type: json.JSONDataset
  filepath: data/total.json
"""


class Project:
    """A project folder, and the commands run in it."""

    def __init__(self, path: Path, package: str) -> None:
        self.path = path
        self.package = package

    @property
    def source(self) -> Path:
        return self.path / "src" / self.package

    def invoke(self, *arguments: str, **options: object) -> Result:
        return CliRunner().invoke(KedroCLI(self.path), list(arguments), **options)  # type: ignore[arg-type]


@pytest.fixture
def make_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, process: None) -> Iterator[Callable[[], Project]]:
    """Return a maker of blank projects from the built-in template."""
    monkeypatch.setattr(KedroCliError, "VERBOSE_ERROR", False)
    made: list[str] = []

    def make() -> Project:
        package = f"store_{next(_numbers)}"
        made.append(package)
        given = {"project_name": package, "framework": "deodar", "kedro_version": "0.1.0", "tools": "['None']"}
        path = _templates.render(TEMPLATE_PATH, tmp_path, _templates.complete_context(TEMPLATE_PATH, given))
        # Quiet, so that what a command prints is all that there is.
        (path / "conf" / "logging.yml").write_text("version: 1\ndisable_existing_loggers: false\n")
        monkeypatch.chdir(path)
        return Project(path, package)

    yield make
    for name in [name for name in sys.modules if name.partition(".")[0] in made]:
        del sys.modules[name]


@pytest.fixture
def empty_project(make_project: Callable[[], Project]) -> Project:
    return make_project()


@pytest.fixture
def project(make_project: Callable[[], Project]) -> Project:
    """A project with one pipeline of two nodes, and a parameter."""
    made = make_project()
    folder = made.source / "pipelines" / "sums"
    folder.mkdir()
    (folder / "__init__.py").write_text("from .pipeline import create_pipeline\n")
    (folder / "nodes.py").write_text(NODES)
    (folder / "pipeline.py").write_text(PIPELINE)
    (made.path / "conf" / "base" / "parameters.yml").write_text("number: 3\n")
    (made.path / "conf" / "base" / "catalog.yml").write_text(CATALOG)
    return made


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Install a plugin: a module and the metadata of its distribution, on a search path of their own."""

    def install(name: str, code: str, entry_points: str, requires: str = "") -> Path:
        site = tmp_path / f"site-{name}"
        info = site / f"{name}-1.2.3.dist-info"
        info.mkdir(parents=True)
        (site / f"{name}.py").write_text(code)
        lines = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2.3\n"
        (info / "METADATA").write_text(lines + (f"Requires-Dist: {requires}\n" if requires else ""))
        (info / "entry_points.txt").write_text(entry_points)
        monkeypatch.syspath_prepend(str(site))
        return site

    return install
