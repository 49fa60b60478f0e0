"""A package that is installed in another release between two runs, as pip leaves it behind: modules and a dist-info."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PIPELINES = """
from acme_math import twice
from acme_other import thrice

from deodar.pipeline import Pipeline, node


def double(number):
    return twice(number)


def triple(number):
    return thrice(number)


def add(doubled, tripled):
    return doubled + tripled


def register_pipelines():
    return {
        "__default__": Pipeline(
            [
                node(double, "params:number", "doubled", name="double"),
                node(triple, "params:number", "tripled", name="triple"),
                node(add, ["doubled", "tripled"], "sum", name="add"),
            ]
        )
    }
"""


class Project:
    """A project, and a folder of installed packages."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.site = folder / "project", folder / "site-packages"
        package = self.folder / "src" / "shop"
        package.mkdir(parents=True)
        for name in ("base", "local"):
            (self.folder / "conf" / name).mkdir(parents=True)
        (self.folder / "pyproject.toml").write_text(
            '[tool.deodar]\npackage_name = "shop"\nproject_name = "Shop"\ndeodar_init_version = "0.1.0"\n'
        )
        (package / "__init__.py").write_text("")
        (package / "settings.py").write_text("")
        (package / "pipeline_registry.py").write_text(PIPELINES)
        entries = (f'{name}: {{type: json.JSONDataset, filepath: "data/{name}.json"}}\n' for name in OUTPUTS)
        (self.folder / "conf" / "base" / "catalog.yml").write_text("".join(entries))
        (self.folder / "conf" / "base" / "parameters.yml").write_text("number: 5\n")
        # Distributions are seldom called as what they bring.
        self.install("Acme-Maths", "acme_math", "1.0", "def twice(x):\n    return 2 * x\n")
        self.install("acme_other", "acme_other", "1.0", "def thrice(x):\n    return 3 * x\n")

    def install(self, distribution: str, module: str, version: str, source: str) -> None:
        for old in self.site.glob(f"{distribution.replace('-', '_')}-*.dist-info"):
            shutil.rmtree(old)
        info = self.site / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (info / "RECORD").write_text(f"{module}/__init__.py,,\n{info.name}/METADATA,,\n{info.name}/RECORD,,\n")
        (self.site / module).mkdir(exist_ok=True)
        (self.site / module / "__init__.py").write_text(source)

    def deodar(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "deodar", *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.site), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ran(self) -> set[str]:
        self.deodar("run", "--incremental")
        attempts = json.loads(self.deodar("runs", "show", "--json"))["attempts"]
        return {attempt["task"] for attempt in attempts if attempt["outcome"] == "done"}


OUTPUTS = ("doubled", "tripled", "sum")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    assert made.ran() == {"double", "triple", "add"}
    assert made.ran() == set()
    return made


def test_a_release_that_makes_the_same_runs_who_uses_it_alone(project: Project) -> None:
    project.install("Acme-Maths", "acme_math", "1.1", "def twice(x):\n    return x + x\n")
    assert "package Acme-Maths 1.0 → 1.1" in project.deodar("explain", "double")
    assert project.ran() == {"double"}
    assert project.ran() == set()


def test_a_release_that_makes_something_else_runs_what_comes_after_too(project: Project) -> None:
    project.install("Acme-Maths", "acme_math", "2.0", "def twice(x):\n    return 20 * x\n")
    assert project.ran() == {"double", "add"}
    assert json.loads((project.folder / "data" / "sum.json").read_text()) == 115
