"""A run whose whole process group is killed, at random instants and at every kind of step, and then resumed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deodar.engine.journal.history import History
from deodar.engine.journal.store import FILE_NAME, Journal

VICTIM = Path(__file__).with_name("_victim.py")
EXPECTED = {
    "kept.json": [2, 4, 6],
    "turned.json": [6, 4, 2],
    "parts/one.txt": 12,
    "parts/two.txt": 12,
    **{f"leaves/{number}": value for number, value in enumerate((2, 4, 6))},
    "sum.json": [14, 22, 30],
}
RENAMES = 6
"""Of two files, a version, a folder and two partitions; one more is tried before there is a folder of versions."""
NODES = ("source", "branch0", "branch1", "branch2", "branch3", "keep", "total")


class Victim:
    """One folder with its program."""

    def __init__(self, folder: Path, runner: str) -> None:
        self.folder = folder
        self.runner = runner
        self.marks = folder / "marks"
        self.marks.mkdir()
        (folder / "raw.json").write_text("[1, 2, 3]")

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(VICTIM), self.runner, str(self.folder), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, "VICTIM_MARKS": str(self.marks)},
        )

    def resume(self) -> None:
        """Finish what was begun; a run that was killed before it was recorded is simply run."""
        mode = "resume" if self.done() is not None else "fresh"
        process = self.start(mode)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors

    def done(self) -> set[str] | None:
        """Return what the journal says is done; None when it knows of no run."""
        path = self.folder / "home" / FILE_NAME
        if not path.exists():
            return None
        with Journal(path) as journal:
            history = History(journal)
            runs = history.runs()
            return {a.task for a in history.attempts(runs[0].id) if a.outcome == "done"} if runs else None

    def counts(self) -> dict[str, int]:
        return {name: len((self.marks / name).read_text()) for name in NODES if (self.marks / name).exists()}

    def outputs(self) -> dict[str, object]:
        """Return what is in each file; of versions, what is in the latest."""
        found = {}
        for path in sorted(self.folder.rglob("*")):
            name = str(path.relative_to(self.folder))
            if name.startswith("turned.json/"):
                name = "turned.json"
            if path.is_file() and name.startswith(("kept", "turned", "parts", "leaves", "sum")):
                found[name] = json.loads(path.read_text())
        return found

    def check(self) -> None:
        """Resume, and compare with a run that nobody disturbed."""
        done, before = self.done() or set(), self.counts()
        if "keep" in done:
            assert self.outputs().items() >= {name: EXPECTED[name] for name in EXPECTED if name != "sum.json"}.items()
        self.resume()
        after = self.counts()
        assert self.outputs() == EXPECTED
        assert {name: after[name] for name in done} == {name: before[name] for name in done}
        assert after.keys() == set(NODES)


@pytest.mark.parametrize("runner", ["sequential", "thread", "process"])
@pytest.mark.parametrize("seed", range(3))
def test_a_killed_run_is_finished_and_nothing_that_was_done_runs_again(tmp_path: Path, runner: str, seed: int) -> None:
    victim = Victim(tmp_path, runner)
    process = victim.start("fresh")
    assert process.stdout is not None
    process.stdout.readline()
    try:
        # At random between the first node and the last.
        process.wait(timeout=random.Random(f"{runner}{seed}").uniform(0.02, 0.6))
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    victim.check()


def kill_and_check(folder: Path, runner: str, instant: str) -> None:
    victim = Victim(folder, runner)
    process = victim.start("fresh", instant)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    victim.check()


@pytest.mark.parametrize("step", range(1, RENAMES + 2))
def test_a_run_killed_when_it_publishes_is_finished(tmp_path: Path, step: int) -> None:
    kill_and_check(tmp_path, "sequential", f"rename:{step}")


@pytest.mark.parametrize("step", [2, 5])
@pytest.mark.parametrize("runner", ["thread", "process"])
def test_a_run_in_pieces_killed_when_it_publishes_is_finished(tmp_path: Path, runner: str, step: int) -> None:
    kill_and_check(tmp_path, runner, f"rename:{step}")


@pytest.mark.parametrize("statement", [3, 25, 50, 62, 64, 77, 91, 120])
def test_a_run_killed_when_it_writes_its_journal_is_finished(tmp_path: Path, statement: int) -> None:
    kill_and_check(tmp_path, "sequential", f"statement:{statement}")


@pytest.mark.parametrize("statement", [50, 80])
@pytest.mark.parametrize("runner", ["thread", "process"])
def test_a_run_in_pieces_killed_when_it_writes_its_journal_is_finished(
    tmp_path: Path, runner: str, statement: int
) -> None:
    kill_and_check(tmp_path, runner, f"statement:{statement}")


@pytest.mark.exhaustive
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("runner", ["sequential", "thread", "process"])
@pytest.mark.parametrize("what", ["rename", "statement"])
def test_a_run_killed_at_any_step_is_finished(tmp_path: Path, runner: str, what: str) -> None:
    """Every one of them, until a run is over before it comes to the next."""
    for number in range(1, 1000):
        folder = tmp_path / str(number)
        folder.mkdir()
        victim = Victim(folder, runner)
        process = victim.start("fresh", f"{what}:{number}")
        process.communicate(timeout=60)
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL
        victim.check()
    assert number > RENAMES


def test_a_resumed_run_that_is_killed_is_resumed_too(tmp_path: Path) -> None:
    victim = Victim(tmp_path, "sequential")
    victim.start("fresh", "rename:1").communicate(timeout=60)
    first = victim.done()
    process = victim.start("resume", "rename:2")
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    before = victim.counts()
    victim.check()
    assert first is not None
    assert {name: victim.counts()[name] for name in first} == {name: before[name] for name in first}
