"""CPU time of starting: versions, help, a first node; as multiples of a bare interpreter in the same run."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import tempfile
from pathlib import Path

from .subjects import Subject

REPEATS = 7


def cpu_seconds(command: list[str], cwd: Path, repeats: int = REPEATS) -> float:
    """Return the median CPU time, user and system, of a command and its children."""
    # Installed packages have their bytecode; so must this tree, which is run from its sources.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(command, cwd=cwd, capture_output=True, check=True, env=environment)
    times = []
    for _ in range(repeats):
        # Not os.times, which counts in hundredths of a second.
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, cwd=cwd, capture_output=True, check=True, env=environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append((after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime))
    return statistics.median(times)


def make_project(subject: Subject, folder: Path) -> Path:
    """Return a project with one node, in the layout of the subject."""
    package = folder / "src" / "one_node"
    (folder / "conf" / "base").mkdir(parents=True)
    (folder / "conf" / "local").mkdir()
    (folder / "conf" / "base" / "catalog.yml").write_text("{}\n")
    (folder / "conf" / "base" / "parameters.yml").write_text("{}\n")
    package.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(
        f'[tool.{subject.package}]\npackage_name = "one_node"\nproject_name = "One"\n'
        f'{subject.package}_init_version = "{version_of(subject)}"\n'
    )
    (package / "__init__.py").write_text("")
    (package / "settings.py").write_text("")
    (package / "pipeline_registry.py").write_text(
        f"from {subject.package}.pipeline import Pipeline, node\n\n\n"
        "def one():\n    return 1\n\n\n"
        "def register_pipelines():\n    return {'__default__': Pipeline([node(one, None, 'x', name='one')])}\n"
    )
    return folder


def version_of(subject: Subject) -> str:
    """Return the version that the subject's package reports."""
    code = f"import {subject.package}; print({subject.package}.__version__)"
    return subprocess.run([str(subject.python), "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def measure(subject: Subject) -> dict[str, float]:
    """Return the CPU time of each start, in multiples of a bare interpreter of the same environment."""
    script = str(Path(subject.python).parent / subject.package)
    with tempfile.TemporaryDirectory() as outside, tempfile.TemporaryDirectory() as inside:
        bare = cpu_seconds([str(subject.python), "-c", "pass"], Path(outside), 15)
        project = make_project(subject, Path(inside))
        return {
            "bare": bare,
            "version": cpu_seconds([script, "--version"], Path(outside)),
            "help": cpu_seconds([script, "--help"], Path(outside)),
            "help in a project": cpu_seconds([script, "--help"], project),
            "run": cpu_seconds([script, "run"], project, 5),
        }
