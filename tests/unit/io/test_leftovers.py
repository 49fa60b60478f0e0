"""What killed saves leave behind goes with the next save, load or run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deodar._processes import has_ended, this_process
from deodar.datasets.partitions import PartitionedDataset
from deodar.io import DataCatalog
from deodar.io._leftovers import name_for_new, name_for_replaced, new_name, sweep
from deodar.pipeline import node, pipeline
from deodar.runner import SequentialRunner


@pytest.fixture(scope="module")
def dead() -> str:
    """The name of a process that has ended."""
    program = "from deodar._processes import this_process; print(this_process())"
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


def leave(folder: Path, owner: str, name: str = "x.txt") -> Path:
    """Leave what a killed save leaves."""
    left = folder / new_name().replace(this_process(), owner)
    left.mkdir(parents=True)
    (left / name).write_text("half")
    return left


def test_a_process_that_ended_is_told_from_one_that_lives(dead: str) -> None:
    assert (has_ended(dead), has_ended(this_process())) == (True, False)


def test_a_pid_that_was_given_to_another_process_has_ended() -> None:
    pid, start, place = this_process().split("-")
    assert has_ended(f"{pid}-{int(start) + 1}-{place}")


def test_nobody_can_say_whether_a_process_elsewhere_lives() -> None:
    assert has_ended("1-1-00000000") is None


def test_a_save_sweeps_what_a_killed_one_left_beside_it(text_file: Any, tmp_path: Path, dead: str) -> None:
    leave(tmp_path, dead)
    text_file(str(tmp_path / "new.txt")).save("x")
    assert [path.name for path in tmp_path.iterdir()] == ["new.txt"]


def test_what_a_live_process_is_writing_stays(tmp_path: Path) -> None:
    left = leave(tmp_path, this_process())
    sweep(str(tmp_path))
    assert left.exists()


def test_what_another_machine_is_writing_stays_for_a_day(tmp_path: Path) -> None:
    fresh, old = leave(tmp_path, "1-1-00000000"), leave(tmp_path, "1-1-00000001")
    for path in (old / "x.txt", old):
        os.utime(path, (1e9, 1e9))
    sweep(str(tmp_path))
    assert (fresh.exists(), old.exists()) == (True, False)


def test_files_are_swept_like_folders(tmp_path: Path, dead: str) -> None:
    own = name_for_new()
    names = [own, *(own.replace(this_process(), owner) for owner in (dead, "1-1-00000000", "1-1-00000001"))]
    for name in names:
        (tmp_path / name).write_text("half")
    os.utime(tmp_path / names[3], (1e9, 1e9))
    sweep(str(tmp_path))
    assert [(tmp_path / name).exists() for name in names] == [True, False, True, False]


def test_folders_of_another_name_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".deodar-staging-mine").mkdir()
    sweep(str(tmp_path))
    assert (tmp_path / ".deodar-staging-mine").exists()


def test_a_folder_that_was_moved_aside_goes_back(tmp_path: Path, dead: str) -> None:
    aside = tmp_path / name_for_replaced("model").replace(this_process(), dead)
    aside.mkdir()
    (aside / "a").write_text("old")
    sweep(str(tmp_path))
    assert (tmp_path / "model" / "a").read_text() == "old"


def test_a_folder_that_was_moved_aside_goes_when_it_was_replaced(tmp_path: Path, dead: str) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / name_for_replaced("model").replace(this_process(), dead)).mkdir()
    sweep(str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def parts_in(folder: Path) -> PartitionedDataset:
    return PartitionedDataset(path=str(folder), dataset="text.TextDataset", filename_suffix=".txt")


def test_a_leftover_is_no_partition(tmp_path: Path, dead: str) -> None:
    (tmp_path / "a.txt").write_text("whole")
    left = leave(tmp_path, dead)
    assert (list(parts_in(tmp_path).load()), left.exists()) == (["a"], False)


def test_partitions_are_staged_outside_of_their_folder(tmp_path: Path) -> None:
    seen: list[str] = []

    def second() -> str:
        seen.extend(path.name for path in (tmp_path / "parts").rglob("*"))
        return "2"

    (tmp_path / "parts").mkdir()
    parts_in(tmp_path / "parts").save({"a": "1", "b": second})
    assert seen == []
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.txt", "b.txt", "parts"]


def test_a_run_sweeps_where_it_will_save(tmp_path: Path, dead: str) -> None:
    entry = {"type": "text.TextDataset", "filepath": str(tmp_path / "out.txt")}
    catalog = DataCatalog.from_config({"out": entry, "again": {**entry, "filepath": str(tmp_path / "again.txt")}})
    run = pipeline([node(lambda: "x", None, "out", name="one"), node(str.upper, "out", "again", name="two")])
    SequentialRunner().run(run, catalog)
    leave(tmp_path, dead)
    SequentialRunner().run(run, catalog)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.txt", "out.txt"]
