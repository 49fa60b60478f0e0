"""The kernel itself kills a worker for memory, in a group of processes with a limit: who, why, and what then."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from . import harness_processes as h
from .limited_groups import limited_group

LIMIT = 400 << 20

PROGRAM = """
import os, sys
from pathlib import Path
import harness_processes as h
from deodar.engine.model import RetryPolicy

Path(sys.argv[1], "cgroup.procs").write_text(str(os.getpid()))
here = Path.cwd()

def take(megabytes):
    block = bytearray(megabytes << 20)
    block[::4096] = b"1" * len(block[::4096])
    return block

def alone(channel):
    take(1000)

def modest(channel):
    return "done"

def one_of_two(name, other):
    def task(channel):
        if (here / name).exists():
            (here / name).write_text("again")
            take(250)
            return
        # In one step, so that whoever sees the file can read it.
        (here / f"{name}.new").write_text(str(os.getpid()))
        (here / f"{name}.new").rename(here / name)
        h.eventually((here / other).exists, "the other one runs too")
        it = Path("/proc", (here / other).read_text())
        held = take(250)
        (here / f"{name}-took").touch()
        h.eventually(lambda: not it.exists() or (here / f"{other}-took").exists(), "both took it, or one died")
        del held
    return task

def tell(run):
    failures = {n: [f.kind.name, type(f.error).__name__, str(f.error), f.peak_memory] for n, f in run.failures.items()}
    h.dump("told", {"failures": failures, "done": sorted(run.done), "lost": [lost.exit_code for lost in run.lost]})

ONCE = RetryPolicy(alone_after_memory=True)
"""


@pytest.fixture
def limited() -> Iterator[Path]:
    with limited_group("memory", LIMIT) as group:
        yield group


def told_by(call: str, group: Path, folder: Path) -> dict[str, Any]:
    program = h.Program(f"{PROGRAM}\n{call}", folder, str(group))
    code, _, error = program.finish()
    assert code == 0, error
    found: dict[str, Any] = json.loads((folder / "told").read_text())
    return found


def test_the_error_names_the_task_the_signal_the_peak_and_that_memory_was_out(limited: Path, tmp_path: Path) -> None:
    told = told_by("tell(h.run([modest, alone, modest]))", limited, tmp_path)
    assert told["done"] == [0, 2] and told["lost"] == [-9]
    [(kind, error, text, peak)] = told["failures"].values()
    assert (kind, error) == ("MEMORY", "WorkerOutOfMemoryError")
    assert "'task 1'" in text and "SIGKILL" in text and "because memory was out" in text
    assert LIMIT / 2 < peak <= LIMIT and f"peaked at {peak / (1 << 20):.0f} MB" in text


def test_two_tasks_that_fit_one_by_one_only_both_end_well_when_the_killed_one_runs_alone(
    limited: Path, tmp_path: Path
) -> None:
    tasks = "one_of_two('first', 'second'), one_of_two('second', 'first')"
    told = told_by(f"tell(h.run([{tasks}], retry=ONCE))", limited, tmp_path)
    assert told == {"failures": {}, "done": [0, 1], "lost": [-9]}
    assert sorted((tmp_path / name).read_text() == "again" for name in ("first", "second")) == [False, True]


def test_a_task_that_does_not_fit_alone_either_fails_for_memory(limited: Path, tmp_path: Path) -> None:
    told = told_by("tell(h.run([alone], retry=ONCE))", limited, tmp_path)
    assert told["lost"] == [-9, -9] and [facts[0] for facts in told["failures"].values()] == ["MEMORY"]
