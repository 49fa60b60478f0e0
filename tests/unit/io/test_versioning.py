"""Versions: where they lie, which is the latest, and what a save does to them."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

import deodar.io.core as core
from deodar.io import DatasetError, Version


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cars.txt"


def test_a_version_lies_in_a_folder_of_its_own(text_file: Any, path: Path) -> None:
    text_file(str(path), Version(None, "v1")).save("x")
    assert (path / "v1" / "cars.txt").read_text() == "x"


def test_a_save_is_what_a_load_then_finds(text_file: Any, path: Path) -> None:
    dataset = text_file(str(path), Version(None, None))
    dataset.save("x")
    assert dataset.resolve_load_version() == dataset.resolve_save_version()
    assert dataset.load() == "x"


def test_two_saves_make_two_versions(text_file: Any, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stamps = iter(["2026-01-01T00.00.00.000Z", "2026-01-01T00.00.00.001Z"])
    monkeypatch.setattr(core, "generate_timestamp", lambda: next(stamps))
    dataset = text_file(str(path), Version(None, None))
    dataset.save("x")
    dataset.save("y")
    assert dataset.list_versions(full_path=False) == ["2026-01-01T00.00.00.001Z", "2026-01-01T00.00.00.000Z"]


def test_the_same_version_cannot_be_saved_twice(text_file: Any, path: Path) -> None:
    dataset = text_file(str(path), Version(None, "v1"))
    dataset.save("x")
    with pytest.raises(DatasetError, match=r"must not exist if versioning is enabled"):
        dataset.save("y")


def test_nothing_saved_means_no_version(text_file: Any, path: Path) -> None:
    with pytest.raises(core.VersionNotFoundError, match=r"Did not find any versions for"):
        text_file(str(path), Version(None, None)).load()


def test_a_versioned_dataset_without_versions_does_not_exist(text_file: Any, path: Path) -> None:
    assert not text_file(str(path), Version(None, None)).exists()


def test_a_version_folder_without_its_file_is_no_version(text_file: Any, path: Path) -> None:
    text_file(str(path), Version(None, "v1")).save("x")
    (path / "v2").mkdir()
    assert text_file(str(path), Version(None, None)).resolve_load_version() == "v1"


def test_the_latest_version_is_found_without_asking_for_older_ones(text_file: Any, path: Path) -> None:
    for version in ("v1", "v2", "v3"):
        text_file(str(path), Version(None, version)).save(version)
    dataset = text_file(str(path), Version(None, None))
    asked = []
    dataset._exists_function = lambda p: bool(asked.append(p)) or Path(p).exists()
    assert dataset.resolve_load_version() == "v3"
    assert len(asked) == 1


def test_a_release_makes_a_dataset_look_again(text_file: Any, path: Path) -> None:
    text_file(str(path), Version(None, "v1")).save("x")
    dataset = text_file(str(path), Version(None, None))
    assert dataset.resolve_load_version() == "v1"
    text_file(str(path), Version(None, "v2")).save("y")
    assert dataset.resolve_load_version() == "v1"
    dataset.release()
    assert dataset.resolve_load_version() == "v2"


def test_a_save_that_a_load_will_not_find_is_warned_about(text_file: Any, path: Path) -> None:
    with pytest.warns(UserWarning, match=r"Save version 'b' did not match load version 'a' for"):
        text_file(str(path), Version("a", "b")).save("x")


@pytest.mark.parametrize("name", ["we[i]rd.txt", "st*r.txt", "wh?t.txt"])
def test_a_path_with_wildcards_is_a_path(text_file: Any, tmp_path: Path, name: str) -> None:
    dataset = text_file(str(tmp_path / name), Version(None, None))
    dataset.save("x")
    assert dataset.load() == "x"


def test_a_dataset_with_an_inherited_save_draws_one_version(
    text_file: Any, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Child(text_file):  # type: ignore[misc]
        pass

    stamps = iter("abc")
    monkeypatch.setattr(core, "generate_timestamp", lambda: next(stamps))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Child(str(path), Version(None, None)).save("x")
    assert next(stamps) == "b"


def test_a_save_that_calls_its_parents_makes_one_version(text_file: Any, path: Path) -> None:
    class Shouting(text_file):  # type: ignore[misc]
        def save(self, data: str) -> None:
            super().save(data.upper())

    dataset = Shouting(str(path), Version(None, None))
    dataset.save("x")
    assert (dataset.load(), len(dataset.list_versions())) == ("X", 1)


@pytest.mark.parametrize("version", ["../x", "a/b", "a\\b", ".", ".."])
def test_a_version_cannot_leave_its_folder(text_file: Any, path: Path, version: str) -> None:
    with pytest.raises(DatasetError, match=r"not allowed"):
        text_file(str(path), Version(None, version)).save("x")


def test_a_file_where_versions_should_be_is_named(text_file: Any, path: Path) -> None:
    path.write_text("unversioned")
    with pytest.raises(DatasetError, match=r"Cannot save versioned dataset 'cars.txt' to .* because a file"):
        text_file(str(path), Version(None, None)).save("x")
    assert path.read_text() == "unversioned"


def test_a_listing_that_fails_says_why(text_file: Any, path: Path) -> None:
    dataset = text_file(str(path), Version(None, None))

    def fail(pattern: str) -> Any:
        raise PermissionError("secret place")

    dataset._glob_function = fail
    with pytest.raises(core.VersionNotFoundError, match=r"insufficient permission. Exception: secret place"):
        dataset.load()


def test_listing_versions_of_nothing_is_empty(text_file: Any, path: Path) -> None:
    assert text_file(str(path), Version(None, None)).list_versions() == []


def test_an_unversioned_dataset_resolves_no_versions(text_file: Any, path: Path) -> None:
    dataset = text_file(str(path))
    dataset.save("x")
    assert (dataset.resolve_load_version(), dataset.resolve_save_version()) == (None, None)
    assert (dataset._cached_load_version, dataset._cached_save_version) == (None, None)


def test_timestamps_have_milliseconds() -> None:
    stamp = core.generate_timestamp()
    assert (len(stamp), stamp[-1], stamp[-5]) == (24, "Z", ".")


def test_a_missing_folder_of_an_unversioned_dataset_is_reported_as_that(tmp_path: Path) -> None:
    class NoFolder(core.AbstractVersionedDataset[str, str]):
        def load(self) -> str:
            return ""

        def save(self, data: str) -> None:
            Path(self._get_save_path()).write_text(data)

        def _describe(self) -> dict[str, Any]:
            return {}

    with pytest.raises(DatasetError, match=r"Failed while saving data to dataset"):
        NoFolder(tmp_path / "no" / "x.txt", None).save("x")


def test_a_run_reads_the_version_it_saved_though_another_saved_a_newer_one(text_file: Any, path: Path) -> None:
    first, second = text_file(str(path), Version(None, "v1")), text_file(str(path), Version(None, "v2"))
    second.save("second's")
    first.save("first's")
    assert (first.load(), second.load()) == ("first's", "second's")


def test_another_instance_of_the_run_reads_its_version_too(text_file: Any, path: Path) -> None:
    text_file(str(path), Version(None, "v2")).save("other run")
    text_file(str(path), Version(None, "v1")).save("this run")
    assert text_file(str(path), Version(None, "v1")).load() == "this run"


def test_released_datasets_still_read_what_their_run_saved(text_file: Any, path: Path) -> None:
    dataset = text_file(str(path), Version(None, "v1"))
    dataset.save("this run")
    text_file(str(path), Version(None, "v2")).save("other run")
    dataset.release()
    assert dataset.load() == "this run"


def test_who_saved_nothing_reads_the_latest(text_file: Any, path: Path) -> None:
    text_file(str(path), Version(None, "v1")).save("1")
    text_file(str(path), Version(None, "v3")).save("3")
    assert text_file(str(path), Version(None, "v2")).load() == "3"
