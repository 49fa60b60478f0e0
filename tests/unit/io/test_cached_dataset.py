"""A memory in front of a dataset."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest

from deodar.io import CachedDataset, DatasetError, MemoryDataset


def test_what_was_loaded_once_is_not_read_again(plain_text: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("first")
    dataset = CachedDataset(plain_text(str(path)))
    dataset.load()
    path.write_text("second")
    assert dataset.load() == "first"


def test_a_release_forgets_what_was_loaded(plain_text: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("first")
    dataset = CachedDataset(plain_text(str(path)))
    dataset.load()
    path.write_text("second")
    dataset.release()
    assert dataset.load() == "second"


def test_a_save_reaches_the_dataset_behind(plain_text: Any, tmp_path: Path) -> None:
    CachedDataset(plain_text(str(tmp_path / "x.txt"))).save("x")
    assert (tmp_path / "x.txt").read_text() == "x"


def test_it_exists_if_the_dataset_behind_does(plain_text: Any, tmp_path: Path) -> None:
    dataset = CachedDataset(plain_text(str(tmp_path / "x.txt")))
    assert not dataset.exists()
    (tmp_path / "x.txt").write_text("x")
    assert dataset.exists()


def test_it_is_built_from_an_entry() -> None:
    assert isinstance(CachedDataset({"type": "MemoryDataset"})._dataset, MemoryDataset)


@pytest.mark.parametrize("flag", [True, False])
def test_the_entry_inside_cannot_say_whether_it_is_versioned(flag: bool) -> None:
    with pytest.raises(ValueError, match=r"should specify that they are versioned in the 'CachedDataset'"):
        CachedDataset({"type": "MemoryDataset", "versioned": flag})


def test_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match=r"should be either a dict/YAML representation"):
        CachedDataset(3)  # type: ignore[arg-type]


def test_a_version_goes_to_the_dataset_behind(text_file: Any, tmp_path: Path) -> None:
    from deodar.io import Version

    entry = {"type": text_file, "filepath": str(tmp_path / "x.txt")}
    CachedDataset(entry, version=Version(None, "v1")).save("x")
    assert (tmp_path / "x.txt" / "v1" / "x.txt").exists()


def test_its_entry_holds_the_one_behind_and_the_version_outside(text_file: Any, tmp_path: Path) -> None:
    from deodar.io import Version

    path = str(tmp_path / "x.txt")
    inner = text_file(path, version=Version(None, "v1"), metadata={"a": 1})
    assert CachedDataset(inner)._init_config() == {
        "type": "deodar.io.cached_dataset.CachedDataset",
        "copy_mode": None,
        "versioned": True,
        "dataset": {
            "type": f"{text_file.__module__}.TextFile",
            "filepath": path,
            "save_args": None,
            "credentials": None,
        },
    }


def test_its_representation_shows_both_parts() -> None:
    assert repr(CachedDataset(MemoryDataset(3))) == (
        "deodar.io.cached_dataset.CachedDataset("
        "dataset=\"deodar.io.memory_dataset.MemoryDataset(data='<int>')\", "
        "cache='deodar.io.memory_dataset.MemoryDataset()')"
    )


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda d: pickle.loads(pickle.dumps(d))])
def test_its_memory_stays_behind_when_it_travels(duplicate: Any, caplog: pytest.LogCaptureFixture) -> None:
    dataset = CachedDataset(MemoryDataset(3))
    dataset.load()
    travelled = duplicate(dataset)
    assert not travelled._cache.exists()
    assert travelled.load() == 3
    assert "clearing cache to pickle" in caplog.text
    assert caplog.records[0].name == "deodar.io.cached_dataset"


def test_an_empty_dataset_behind_is_an_error() -> None:
    with pytest.raises(DatasetError, match=r"has not been saved yet"):
        CachedDataset(MemoryDataset()).load()
