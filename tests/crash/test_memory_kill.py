"""The kernel itself kills a worker for memory, in a group of processes with a limit: who, why, and what then."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from . import harness_processes as h

LIMIT = 400 << 20
GROUPS = Path("/sys/fs/cgroup")

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

def alone(channel):
    take(1000)

def modest(channel):
    return "done"

def one_of_two(name, other):
    def task(channel):
        if not (here / name).exists():
            (here / name).write_text("1")
            h.eventually((here / other).exists, "the other one runs too")
        else:
            (here / name).write_text("2")
        take(250)
    return task

def tell(run):
    failures = {n: [f.kind.name, type(f.error).__name__, str(f.error), f.peak_memory] for n, f in run.failures.items()}
    h.dump("told", {"failures": failures, "done": sorted(run.done), "lost": [lost.exit_code for lost in run.lost]})

ONCE = RetryPolicy(alone_after_memory=True)
"""


@pytest.fixture
def limited() -> Iterator[Path]:
    """Make a group of processes that get so much memory and no more."""
    # Beside our own group and not in it: one with processes of its own may have no limited groups in it.
    is_v1 = (GROUPS / "memory").is_dir()
    root, limit = (GROUPS / "memory", "memory.limit_in_bytes") if is_v1 else (GROUPS, "memory.max")
    group = root / f"deodar-test-{os.getpid()}"
    try:
        group.mkdir()
        (group / limit).write_text(str(LIMIT))
    except OSError as error:
        with contextlib.suppress(OSError):
            group.rmdir()
        pytest.skip(f"A group with limited memory cannot be made here: {error}")
    yield group
    h.eventually(lambda: not (group / "cgroup.procs").read_text(), "its processes ended")
    group.rmdir()


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
    assert LIMIT / 2 < peak <= LIMIT and f"peaked at {peak >> 20} MB" in text


def test_two_tasks_that_fit_one_by_one_only_both_end_well_when_the_killed_one_runs_alone(
    limited: Path, tmp_path: Path
) -> None:
    tasks = "one_of_two('first', 'second'), one_of_two('second', 'first')"
    told = told_by(f"tell(h.run([{tasks}], retry=ONCE))", limited, tmp_path)
    assert told == {"failures": {}, "done": [0, 1], "lost": [-9]}
    assert sorted((tmp_path / name).read_text() for name in ("first", "second")) == ["1", "2"]


def test_a_task_that_does_not_fit_alone_either_fails_for_memory(limited: Path, tmp_path: Path) -> None:
    told = told_by("tell(h.run([alone], retry=ONCE))", limited, tmp_path)
    assert told["lost"] == [-9, -9] and [facts[0] for facts in told["failures"].values()] == ["MEMORY"]
