"""Folders take each other's place whole; what has to be on the disk is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deodar.io import AbstractVersionedDataset, DatasetError
from deodar.io import _publishing as publishing


class Folder(AbstractVersionedDataset[dict[str, str], dict[str, str]]):
    """A folder of files."""

    def __init__(self, filepath: Path, rule: str | None = None) -> None:
        super().__init__(filepath, None)
        self.metadata = {"deodar": {"folder": rule}}

    def load(self) -> dict[str, str]:
        path = Path(self._get_load_path())
        return {str(file.relative_to(path)): file.read_text() for file in sorted(path.rglob("*")) if file.is_file()}

    def save(self, data: dict[str, str]) -> None:
        for name, text in data.items():
            path = Path(self._get_save_path()) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if text == "boom":
                raise ValueError(text)
            path.write_text(text)

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}


@pytest.mark.parametrize(
    ("rule", "found"), [("replace", {"a": "2"}), ("merge", {"a": "2", "b": "1", "c/d": "1"})], ids=["replace", "merge"]
)
@pytest.mark.parametrize("can_exchange", [True, False])
def test_a_folder_that_is_there_is_replaced_by_its_rule(
    rule: str, found: dict[str, str], can_exchange: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not can_exchange:
        monkeypatch.setattr("ctypes.CDLL", lambda *args, **kwargs: object())
    dataset = Folder(tmp_path / "model", rule)
    dataset.save({"a": "1", "b": "1", "c/d": "1"})
    dataset.save({"a": "2"})
    assert dataset.load() == found
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize("rule", ["replace", "merge"])
def test_a_folder_that_fails_is_as_it_was(rule: str, tmp_path: Path) -> None:
    dataset = Folder(tmp_path / "model", rule)
    dataset.save({"a": "1"})
    with pytest.raises(DatasetError):
        dataset.save({"a": "2", "b": "boom"})
    assert dataset.load() == {"a": "1"}


def test_saving_nothing_removes_no_folder(tmp_path: Path) -> None:
    dataset = Folder(tmp_path / "model", "replace")
    dataset.save({"a": "1"})
    dataset.save({})
    assert dataset.load() == {"a": "1"}


def test_an_unknown_rule_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    with pytest.raises(DatasetError, match=r"'folder: swap'\. Known: 'replace'"):
        Folder(tmp_path / "model", "swap").save({"a": "1"})


def test_a_file_takes_no_folders_place(tmp_path: Path) -> None:
    (tmp_path / "new").write_text("x")
    (tmp_path / "old").mkdir()
    with pytest.raises(IsADirectoryError):
        publishing.move(str(tmp_path / "new"), str(tmp_path / "old"))


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    seen: list[int] = []
    fsync = os.fsync
    monkeypatch.setattr("os.fsync", lambda handle: (seen.append(handle), fsync(handle))[1])
    return seen


def test_nothing_waits_for_the_disk_by_default(text_file: Any, tmp_path: Path, synced: list[int]) -> None:
    text_file(str(tmp_path / "x.txt")).save("x")
    assert synced == []


def test_an_entry_can_wait_for_the_disk(text_file: Any, tmp_path: Path, synced: list[int]) -> None:
    text_file(str(tmp_path / "x.txt"), metadata={"deodar": {"fsync": True}}).save("x")
    # The file, its folder, and the folders that name them afterwards.
    assert len(synced) >= 3


def test_the_environment_can_have_all_wait(
    text_file: Any, tmp_path: Path, synced: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEODAR_FSYNC", "1")
    text_file(str(tmp_path / "y.txt"), metadata={"deodar": {"fsync": False}}).save("x")
    assert synced == []
    text_file(str(tmp_path / "x.txt")).save("x")
    assert synced


COUNT = """
import os, sys
from deodar.datasets.text import TextDataset
from deodar.io import _staging_rules
folder, is_known = sys.argv[1], sys.argv[2] == "known"
devices = {os.stat(folder).st_dev: "ext4"} if is_known else {}
_staging_rules._local_devices = lambda: devices
dataset = TextDataset(filepath=folder + "/x.txt")
dataset.save("old")
calls = []
def hear(event, args):
    if event.startswith("os.") and folder in str(args[0]):
        calls.append(event)
sys.addaudithook(hear)
dataset.save("new")
print(" ".join(calls))
"""


def calls_of_a_save(folder: Path, file_system: str) -> list[str]:
    program = [sys.executable, "-c", COUNT, str(folder), file_system]
    return subprocess.run(program, capture_output=True, text=True, check=True).stdout.split()


def test_a_save_makes_one_rename_and_no_more(tmp_path: Path) -> None:
    assert calls_of_a_save(tmp_path, "known") == ["os.rename"]


def test_a_save_on_an_unknown_file_system_makes_a_folder_and_no_more(tmp_path: Path) -> None:
    assert calls_of_a_save(tmp_path, "unknown") == ["os.mkdir", "os.listdir", "os.rename", "os.rmdir"]
