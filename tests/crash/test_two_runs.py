"""Two runs at once, the slower one first: each works with its own data, and none writes into the other's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("_rival.py")


class Rivals:
    """A folder in which two runs meet; the first is held up once it has saved the first of its outputs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fifo = folder / "fifo"
        os.mkfifo(self.fifo)

    def start(self, word: str, version: str, *, wait: float = 0.0, held: bool = False) -> subprocess.Popen[str]:
        arguments = [str(self.folder), word, version, str(wait), str(self.fifo) if held else "-"]
        process = subprocess.Popen(
            [sys.executable, str(PROGRAM), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        if held:
            assert process.stdout is not None
            assert process.stdout.readline() == "saved\n"
        return process

    def let_go(self, process: subprocess.Popen[str]) -> None:
        """Let the first run go on, and see it end well."""
        self.fifo.write_text("go on")
        finish(process)

    def found(self) -> dict[str, str]:
        return {
            str(path.relative_to(self.folder)): path.read_text()
            for path in sorted(self.folder.rglob("*.txt"))
            if path.is_file()
        }


def finish(process: subprocess.Popen[str], code: int = 0) -> str:
    """Wait for the end of a run and return what it said on stderr."""
    _, errors = process.communicate(timeout=120)
    assert process.returncode == code, errors
    return errors


@pytest.fixture
def rivals(tmp_path: Path) -> Iterator[Rivals]:
    yield Rivals(tmp_path)


def each_from_its_own(rivals: Rivals, number: int) -> None:
    one, two = f"{number:03}-a", f"{number:03}-b"
    first = rivals.start(one, one, held=True)
    finish(rivals.start(two, two))
    rivals.let_go(first)
    found = rivals.found()
    for name in (one, two):
        assert found[f"middle.txt/{name}/middle.txt"] == f"data of {name}"
        assert found[f"end.txt/{name}/end.txt"] == f"made from data of {name}"


def test_versions_of_two_runs_are_each_made_from_their_own(rivals: Rivals) -> None:
    each_from_its_own(rivals, 1)


@pytest.mark.exhaustive
@pytest.mark.timeout(1800)
def test_versions_of_two_runs_are_each_made_from_their_own_every_time(rivals: Rivals) -> None:
    for number in range(100):
        each_from_its_own(rivals, number)


def test_a_second_run_that_may_not_wait_fails_and_names_the_first(rivals: Rivals) -> None:
    first = rivals.start("one", "-", held=True)
    errors = finish(rivals.start("two", "-"), code=1)
    assert f"process {first.pid} on" in errors and "is being written by run" in errors
    assert rivals.found() == {"middle.txt": "data of one"}
    rivals.let_go(first)
    assert rivals.found() == {"middle.txt": "data of one", "end.txt": "made from data of one"}


def test_a_second_run_that_may_wait_says_for_whom_and_comes_after(rivals: Rivals) -> None:
    first = rivals.start("one", "-", held=True)
    second = rivals.start("two", "-", wait=100.0)
    assert second.stderr is not None
    said = second.stderr.readline()
    assert said.startswith("Waiting for run") and f"process {first.pid} on" in said
    assert rivals.found() == {"middle.txt": "data of one"}
    rivals.let_go(first)
    finish(second)
    assert rivals.found() == {"middle.txt": "data of two", "end.txt": "made from data of two"}


def test_what_a_killed_run_held_is_free_at_once(rivals: Rivals) -> None:
    first = rivals.start("one", "-", held=True)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate(timeout=60)
    errors = finish(rivals.start("two", "-", wait=0.0))
    assert "Waiting" not in errors
    assert rivals.found() == {"middle.txt": "data of two", "end.txt": "made from data of two"}
