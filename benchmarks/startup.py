"""CPU time of starting: versions, help, a first node; as multiples of a bare interpreter in the same run."""

from __future__ import annotations

import contextlib
import os
import resource
import statistics
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .subjects import Subject

REPEATS = 11


def cpu_seconds(command: list[str], cwd: Path, repeats: int = REPEATS) -> float:
    """Return the median CPU time, user and system, of a command and its children."""
    once(command, cwd)
    return statistics.median(once(command, cwd) for _ in range(repeats))


def once(command: list[str], cwd: Path) -> float:
    """Run a command and return its CPU time."""
    # Bytecode of the project is kept from one run to the next, as it is for users.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    # Not os.times, which counts in hundredths of a second.
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=cwd, capture_output=True, check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


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


def measure(subjects: Sequence[Subject]) -> dict[str, dict[str, float]]:
    """Return the median CPU time of each start, by what is started and by subject.

    Subjects take turns: a shared machine is faster at one time than at another, and none shall have the good times.
    """
    times: dict[str, dict[str, list[float]]] = {}
    with contextlib.ExitStack() as stack:
        commands = {subject.name: _commands(subject, stack) for subject in subjects}
        for turn in range(REPEATS + 1):
            for name, starts in commands.items():
                for title, (command, cwd) in starts.items():
                    seconds = once(command, cwd)
                    # The first turn writes bytecode and fills the file cache.
                    if turn:
                        times.setdefault(title, {}).setdefault(name, []).append(seconds)
    return {title: {name: statistics.median(found) for name, found in row.items()} for title, row in times.items()}


def _commands(subject: Subject, stack: contextlib.ExitStack) -> dict[str, tuple[list[str], Path]]:
    script = str(Path(subject.python).parent / subject.package)
    outside, inside = (Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2))
    project = make_project(subject, inside)
    return {
        "bare": ([str(subject.python), "-c", "pass"], outside),
        "version": ([script, "--version"], outside),
        "help": ([script, "--help"], outside),
        "help in a project": ([script, "--help"], project),
        "run": ([script, "run"], project),
    }
