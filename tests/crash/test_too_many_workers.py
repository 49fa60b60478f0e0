"""More workers than the system lets a program have: fewer do the work, or an error says what is at its end."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from .limited_groups import limited_group

METHODS = ("forkserver", "spawn", "fork")
PROGRAM = """
import logging, os, sys
from pathlib import Path
from deodar.io import DataCatalog, MemoryDataset
from deodar.pipeline import Pipeline, node
from deodar.runner import ParallelRunner

def one(x):
    return x

def run(workers):
    pipeline = Pipeline([node(one, "x", f"y{n}", name=f"n{n}") for n in range(40)])
    try:
        results = ParallelRunner(max_workers=workers).run(pipeline, DataCatalog({"x": MemoryDataset(1)}))
        return sum(results[f"y{n}"].load() for n in range(40))
    except Exception as error:
        return f"{type(error).__name__}: {error}"

if __name__ == "__main__":
    logging.basicConfig(level="WARNING", stream=sys.stdout, format="%(message)s")
    workers, group = sys.argv[1:]
    if group:
        Path(group, "cgroup.procs").write_text(str(os.getpid()))
    print(run(int(workers)))
    print(run(2))
"""


def told(folder: Path, method: str, workers: int, group: Path | None = None, files: int | None = None) -> list[str]:
    def limit() -> None:
        if files is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

    program = folder / "program.py"
    program.write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, str(program), str(workers), str(group or "")],
        env={"DEODAR_MP_CONTEXT": method},
        preexec_fn=limit,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@pytest.mark.parametrize("method", METHODS)
def test_workers_that_the_system_does_not_start_are_done_without(method: str, tmp_path: Path) -> None:
    with limited_group("pids", 6) as group:
        warning, *sums = told(tmp_path, method, 12, group)
    assert warning.startswith("The system starts no more worker processes (Resource temporarily unavailable).")
    assert sums == ["40", "40"]


@pytest.mark.parametrize("method", METHODS)
def test_a_run_for_which_the_system_starts_no_worker_says_so(method: str, tmp_path: Path) -> None:
    with limited_group("pids", 2) as group:
        errors = told(tmp_path, method, 1, group)
    start = "WorkerNotReadyError: No worker process can be started: Resource temporarily unavailable."
    assert len(errors) == 2 and all(error.startswith(start) for error in errors)


@pytest.mark.parametrize("method", METHODS)
def test_a_program_with_too_many_open_files_says_what_workers_take_and_goes_on_with_fewer(
    method: str, tmp_path: Path
) -> None:
    error, total = told(tmp_path, method, 30, files=48)
    assert "Too many open files for one more worker process, of which each takes three" in error
    assert "Raise the limit (ulimit -n), or use fewer workers" in error and total == "40"
