"""Identities of files, folders and objects in stores."""

from __future__ import annotations

import os
import time
from pathlib import Path

import fsspec

from deodar.engine.cache.content import Stat, identify_path, identify_remote, stat_identity


class Memo:
    def __init__(self) -> None:
        self.known: dict[str, tuple[Stat, str]] = {}
        self.hits = 0

    def find(self, path: str, found: Stat) -> str | None:
        entry = self.known.get(path)
        if entry is None or entry[0] != found:
            return None
        self.hits += 1
        return entry[1]

    def note(self, path: str, found: Stat, digest: str) -> None:
        self.known[path] = (found, digest)


def _settled(path: Path, text: str) -> Path:
    """Write a file whose change is far enough in the past for its stat to be believed."""
    path.write_text(text)
    os.utime(path, (1_000_000, 1_000_000))
    deadline = time.time_ns() + 40_000_000
    while time.time_ns() < deadline:
        pass
    return path


def test_touching_a_file_does_not_change_it(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("1,2")
    before, stat_before = identify_path(file), stat_identity(file)
    os.utime(file, (1, 1))
    assert identify_path(file) == before
    assert stat_identity(file) != stat_before


def test_one_changed_byte_changes_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("1,2")
    before = identify_path(file)
    file.write_text("1,3")
    assert identify_path(file) != before


def test_what_is_not_there_has_no_identity(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert identify_path(tmp_path / "none") is None
    assert identify_path(tmp_path / "file" / "inside") is None
    assert stat_identity(tmp_path / "none") is None


def test_an_untouched_file_is_not_read_again(tmp_path: Path) -> None:
    file, memo = _settled(tmp_path / "a", "x"), Memo()
    first = identify_path(file, memo)
    assert (identify_path(file, memo), memo.hits) == (first, 1)


def test_a_file_that_has_just_changed_is_read_again(tmp_path: Path) -> None:
    file, memo = tmp_path / "a", Memo()
    for text in ("1", "2", "3", "4"):
        file.write_text(text)
        assert identify_path(file, memo) == identify_path(file)


def test_a_folder_is_told_by_its_names_and_contents(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    (folder / "deep").mkdir(parents=True)
    (folder / "a").write_text("1")
    (folder / "deep" / "b").write_text("2")
    before = identify_path(folder)
    assert identify_path(folder) == before
    (folder / "a").rename(folder / "c")
    renamed = identify_path(folder)
    (folder / "deep" / "b").write_text("3")
    assert len({before, renamed, identify_path(folder)}) == 3


def test_a_large_file_is_told_by_its_stat_alone(tmp_path: Path) -> None:
    file = tmp_path / "big"
    file.write_text("x" * 100)
    assert identify_path(file, limit=10) == stat_identity(file)


def test_an_object_in_a_store_is_told_without_reading_it() -> None:
    store = fsspec.filesystem("memory")
    store.pipe("/identity/a", b"1")
    before = identify_remote(store, "/identity/a")
    assert identify_remote(store, "/identity/a") == before
    store.pipe("/identity/a", b"12")
    assert identify_remote(store, "/identity/a") != before
    assert identify_remote(store, "/identity/none") is None


class _Store:
    def __init__(self, **entry: object) -> None:
        self.entry = entry

    def info(self, path: str) -> dict[str, object]:
        return {"name": path, "type": "file", **self.entry}


def test_an_etag_counts_more_than_a_time() -> None:
    first = _Store(size=1, ETag="a", LastModified="monday")
    touched = _Store(size=1, ETag="a", LastModified="tuesday")
    changed = _Store(size=1, ETag="b", LastModified="monday")
    assert identify_remote(first, "x") == identify_remote(touched, "x")
    assert identify_remote(first, "x") != identify_remote(changed, "x")
