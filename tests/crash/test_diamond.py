"""Thirty nodes with memory between them, killed at random moments: what was kept decides what runs again."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deodar.engine.journal.history import History
from deodar.engine.journal.store import FILE_NAME, Journal

from . import _diamond

PROGRAM = Path(__file__).with_name("_diamond.py")
NODES = {"source", "total", *(f"branch{number}" for number in range(_diamond.WIDTH))}
EXPECTED = [2 * raw * _diamond.WIDTH + sum(range(_diamond.WIDTH)) for raw in (1, 2, 3)]
FAULT = ('    ran("total")\n', '    raise ValueError("not yet")\n')
"""What is right in the last node, and what is wrong."""
RUNNERS = ("sequential", "thread", "process")


class Diamond:
    """One folder with its program."""

    def __init__(self, folder: Path, runner: str, spill: str = "always") -> None:
        self.folder = folder
        self.runner = runner
        self.spill = spill
        self.program = PROGRAM
        self.marks = folder / "marks"
        self.marks.mkdir()
        (folder / "raw.json").write_text("[1, 2, 3]")

    def start(self, mode: str, *slices: str, runner: str = "", **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [
                sys.executable,
                "-X",
                "faulthandler",
                str(self.program),
                runner or self.runner,
                str(self.folder),
                mode,
                self.spill,
                *slices,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, "DIAMOND_MARKS": str(self.marks), **variables},
        )

    def finish(self, mode: str, *slices: str, runner: str = "", code: int = 0, **variables: str) -> dict[str, int]:
        """Run to the end and say how often each node ran meanwhile."""
        before = self.counts()
        process = self.start(mode, *slices, runner=runner, **variables)
        try:
            _, errors = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            # Have it say where each of its threads is.
            os.killpg(process.pid, signal.SIGABRT)
            pytest.fail(f"It hangs:\n{process.communicate(timeout=60)[1]}")
        assert process.returncode == code, errors
        return {name: count - before.get(name, 0) for name, count in self.counts().items() if count != before.get(name)}

    def kill(self, share: float, mode: str = "fresh", **variables: str) -> None:
        """Kill a run when a share of its nodes have ended; the rest of the moment is chance."""
        process = self.start(mode, **variables)
        wanted = sum(self.counts().values()) + int(share * len(NODES))
        while sum(self.counts().values()) < wanted and process.poll() is None:
            try:
                process.wait(0.001)
            except subprocess.TimeoutExpired:
                continue
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)

    def done(self) -> set[str]:
        """Return what the journal says is done, of a run that it knows of."""
        path = self.folder / "home" / FILE_NAME
        if not path.exists():
            return set()
        with Journal(path) as journal:
            history = History(journal)
            runs = history.runs()
            return {a.task for a in history.attempts(runs[0].id) if a.outcome in ("done", "reused")} if runs else set()

    def knows_a_run(self) -> bool:
        path = self.folder / "home" / FILE_NAME
        if not path.exists():
            return False
        with Journal(path) as journal:
            return bool(History(journal).runs())

    def counts(self) -> dict[str, int]:
        return {path.name: path.stat().st_size for path in self.marks.iterdir()}

    def result(self) -> Any:
        return json.loads((self.folder / "sum.json").read_text())


def kill_and_resume(folder: Path, runner: str, share: float, spill: str = "always") -> None:
    diamond = Diamond(folder, runner, spill)
    diamond.kill(share)
    done = diamond.done()
    again = diamond.finish("resume" if diamond.knows_a_run() else "fresh")
    assert diamond.result() == EXPECTED
    if spill == "always":
        assert done.isdisjoint(again), "what was committed did not run again"
    assert set(diamond.counts()) == NODES


@pytest.mark.parametrize("share", [0.1, 0.7])
@pytest.mark.parametrize("runner", RUNNERS)
def test_what_was_kept_does_not_run_again_after_a_kill(tmp_path: Path, runner: str, share: float) -> None:
    kill_and_resume(tmp_path, runner, share)


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("runner", RUNNERS)
def test_a_run_killed_at_any_moment_is_finished(tmp_path: Path, runner: str, seed: int) -> None:
    kill_and_resume(tmp_path, runner, random.Random(f"{runner}{seed}").random())


@pytest.mark.parametrize(("runner", "spill"), [("thread", "never"), ("process", "on-failure")])
def test_what_was_not_kept_runs_again_after_a_kill(tmp_path: Path, runner: str, spill: str) -> None:
    kill_and_resume(tmp_path, runner, 0.5, spill)


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("spill", ["never", "on-failure"])
@pytest.mark.parametrize("runner", RUNNERS)
def test_a_run_that_kept_nothing_is_finished_all_the_same(tmp_path: Path, runner: str, spill: str, seed: int) -> None:
    kill_and_resume(tmp_path, runner, random.Random(f"{runner}{seed}").random(), spill)


@pytest.mark.parametrize(
    ("first", "second", "spill"), [("process", "thread", "on-failure"), ("sequential", "process", "always")]
)
def test_with_its_code_mended_a_failed_node_and_what_comes_after_run(
    tmp_path: Path, first: str, second: str, spill: str
) -> None:
    diamond = Diamond(tmp_path, first, spill)
    diamond.program = tmp_path / "program.py"
    text = PROGRAM.read_text()
    assert FAULT[0] in text
    diamond.program.write_text(text.replace(*FAULT))
    ran = diamond.finish("fresh", code=1)
    assert set(ran) == NODES - {"total"}
    diamond.program.write_text(text)
    again = diamond.finish("resume", runner=second)
    assert diamond.result() == EXPECTED
    assert set(again) == {"total"}


def test_a_resumed_run_that_is_killed_is_resumed_on_another_runner(tmp_path: Path) -> None:
    diamond = Diamond(tmp_path, "process")
    diamond.kill(0.2)
    first = diamond.done()
    diamond.kill(0.4, "resume" if diamond.knows_a_run() else "fresh")
    second = diamond.done()
    again = diamond.finish("resume", runner="thread")
    assert diamond.result() == EXPECTED
    assert (first | second).isdisjoint(again)


def test_slices_of_a_killed_run_are_resumed(tmp_path: Path) -> None:
    diamond = Diamond(tmp_path, "thread")
    diamond.kill(0.3)
    assert diamond.knows_a_run()
    done = diamond.done()
    part = diamond.finish("resume", "to_nodes=branch0,branch27")
    assert set(part) == {"source", "branch0", "branch27"} - done
    tagged = diamond.finish("resume", "tags=even", runner="process")
    even = {name for name in NODES if name.startswith("branch") and int(name[6:]) % 2 == 0}
    assert set(tagged) == even - done - set(part)
    rest = diamond.finish("resume")
    assert set(rest) == NODES - done - set(part) - set(tagged)
    assert diamond.result() == EXPECTED
