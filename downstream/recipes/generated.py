"""Projects that ``new`` makes, for every choice of tools: they install, run, pass their checks, are packaged."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

from ..environment import Environment, environment

REQUIREMENTS = ("build", "hatchling", "setuptools", "wheel", "pandas", "pytest", "pytest-cov", "pytest-mock", "ruff")
# PySpark, which "all" includes, is made from a starter that is fetched with git.
TOOLS = ("lint", "test", "log", "docs", "data")
CHOICES = [",".join(some) or "none" for number in range(len(TOOLS) + 1) for some in combinations(TOOLS, number)]
# For a project under the other name, which has the same files.
A_FEW = ("none", "lint,test", "log,docs,data", "lint,test,log,docs,data")
CODE = """
from {name}.pipeline import Node, Pipeline


def double(number):
    return number * 2


def create_pipeline(**kwargs):
    return Pipeline([Node(double, "params:number", "doubled", name="double_it")])
"""


def check(folder: Path) -> str:
    """Make each project and put it through its commands."""
    where = environment("plugin-generated", *REQUIREMENTS)
    choices = [("deodar", tools) for tools in CHOICES] + [("kedro", tools) for tools in A_FEW]
    for number, (name, tools) in enumerate(choices):
        try_project(where, folder, f"{name}_{number}", name, tools)
    return f"{len(choices)} projects install, run, pass pytest and ruff, and are packaged"


def try_project(where: Environment, folder: Path, package: str, name: str, tools: str) -> None:
    """Make one project and run its commands."""
    options = ["new", "-n", package, "-t", tools, "-e", "n"]
    starts = ["-m", "deodar.compat", "-m", "kedro"] if name == "kedro" else ["-m", "deodar"]
    where.run("python", *starts, *options, cwd=folder, DEODAR_DROPIN="")
    project = folder / package.replace("_", "-")
    assert f"[tool.{name}]" in (project / "pyproject.toml").read_text()

    def deodar(*arguments: str) -> str:
        return where.run("deodar", *arguments, cwd=project, DEODAR_DROPIN="")

    where.run("python", "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "-e", ".", cwd=project)
    # Its first test says that there is no node yet, so it is run before one is added.
    if "test" in tools:
        where.run("python", "-m", "pytest", cwd=project, DEODAR_DROPIN="")
    deodar("pipeline", "create", "sums")
    (project / "src" / package / "pipelines" / "sums" / "pipeline.py").write_text(CODE.format(name=name).lstrip())
    (project / "conf" / "base" / "parameters.yml").write_text("number: 3\n")
    assert "Completed 1 out of 1 tasks" in deodar("run")
    assert "doubled" in deodar("catalog", "describe-datasets")
    where.run("python", "-m", "ruff", "check", cwd=project)
    deodar("package")
    where.run("python", "-m", "pip", "uninstall", "-q", "-y", package.replace("_", "-"), cwd=project)
    wheel = next((project / "dist").glob("*.whl"))
    where.run("python", "-m", "pip", "install", "-q", "--no-deps", str(wheel), cwd=folder)
    archive = next((project / "dist").glob("conf-*.tar.gz"))
    dropin = "1" if name == "kedro" else ""
    said = where.run("python", "-m", package, "--conf-source", str(archive), cwd=folder, DEODAR_DROPIN=dropin)
    assert "Completed 1 out of 1 tasks" in said
