"""Sweeping what killed runs left."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from deodar.engine.transport.owners import folder_name, sweep


def dead_owner_name() -> str:
    program = "from deodar.engine.transport.owners import folder_name; print(folder_name())"
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


def test_the_folder_of_a_process_that_is_gone_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / dead_owner_name()
    folder.mkdir()
    (folder / "0-0").write_bytes(b"data")
    assert sweep([tmp_path]) == [folder] and not folder.exists()


def test_the_folder_of_a_process_that_lives_stays(tmp_path: Path) -> None:
    folder = tmp_path / folder_name()
    folder.mkdir()
    assert sweep([tmp_path]) == [] and folder.exists()


def test_the_folder_of_an_earlier_process_with_the_same_number_is_removed(tmp_path: Path) -> None:
    prefix, _, rest = folder_name().partition(f"-{os.getpid()}-")
    start, _, others = rest.partition("-")
    folder = tmp_path / f"{prefix}-{os.getpid()}-{int(start) - 1}-{others}"
    folder.mkdir()
    assert sweep([tmp_path]) == [folder]


def test_the_folder_of_another_process_space_stays(tmp_path: Path) -> None:
    parts = dead_owner_name().split("-")
    parts[-2] = str(int(parts[-2]) + 1)
    (tmp_path / "-".join(parts)).mkdir()
    assert sweep([tmp_path]) == []


def test_folders_of_other_programs_stay(tmp_path: Path) -> None:
    (tmp_path / "deodar-values-of-mine").mkdir()
    (tmp_path / "other").mkdir()
    assert sweep([tmp_path]) == []
