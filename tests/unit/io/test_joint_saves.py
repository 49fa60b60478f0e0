"""Saves that are published together: all of them or none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deodar.datasets.partitions import PartitionedDataset
from deodar.io import AbstractDataset, CachedDataset, DataCatalog, DatasetError, Version
from deodar.io._joint_saves import publishing_together


def found(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_nothing_appears_before_the_last_save(text_file: Any, tmp_path: Path) -> None:
    with publishing_together():
        text_file(str(tmp_path / "a.txt")).save("1")
        assert not (tmp_path / "a.txt").exists()
        text_file(str(tmp_path / "b.txt")).save("2")
    assert found(tmp_path) == {"a.txt": "1", "b.txt": "2"}


def test_one_that_fails_takes_the_others_along(text_file: Any, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(DatasetError), publishing_together():
        text_file(str(tmp_path / "a.txt")).save("1")
        text_file(str(tmp_path / "b.txt")).save("boom")
    assert found(tmp_path) == {"a.txt": "old"}
    assert len(list(tmp_path.iterdir())) == 1


def test_a_version_that_never_appeared_is_forgotten(text_file: Any, tmp_path: Path) -> None:
    text_file(str(tmp_path / "a.txt"), Version(None, "v1")).save("old")
    dataset = text_file(str(tmp_path / "a.txt"), Version(None, "v2"))
    with pytest.raises(DatasetError), publishing_together():
        dataset.save("new")
        text_file(str(tmp_path / "b.txt")).save("boom")
    assert dataset.load() == "old"


def test_versions_appear_together(text_file: Any, tmp_path: Path) -> None:
    with publishing_together():
        text_file(str(tmp_path / "a.txt"), Version(None, "v1")).save("1")
        text_file(str(tmp_path / "b.txt"), Version(None, "v1")).save("2")
    assert found(tmp_path) == {"a.txt/v1/a.txt": "1", "b.txt/v1/b.txt": "2"}


def test_a_group_in_a_group_waits_for_the_outer_one(text_file: Any, tmp_path: Path) -> None:
    with publishing_together():
        with publishing_together():
            text_file(str(tmp_path / "a.txt")).save("1")
        assert not (tmp_path / "a.txt").exists()
    assert (tmp_path / "a.txt").exists()


def test_a_cache_in_front_of_a_file_waits_too(text_file: Any, tmp_path: Path) -> None:
    dataset = CachedDataset(text_file(str(tmp_path / "a.txt")))
    with publishing_together():
        dataset.save("1")
        assert (dataset.load(), (tmp_path / "a.txt").exists()) == ("1", False)
    assert (tmp_path / "a.txt").exists()


def test_a_dataset_sees_what_another_one_saved_for_it(text_file: Any, tmp_path: Path) -> None:
    class Uploading(AbstractDataset[str, str]):
        """Has a file written, and sends that."""

        sent = ""

        def load(self) -> str:
            return self.sent

        def save(self, data: str) -> None:
            text_file(str(tmp_path / "a.txt")).save(data)
            self.sent = (tmp_path / "a.txt").read_text()

        def _describe(self) -> dict[str, Any]:
            return {}

    dataset = Uploading()
    with publishing_together():
        dataset.save("1")
    assert dataset.load() == "1"


def test_what_cannot_be_moved_is_told_with_dataset_and_path(text_file: Any, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"Failed while saving data to dataset .*a\.txt"), publishing_together():
        text_file(str(tmp_path / "a.txt")).save("1")
        (tmp_path / "a.txt").mkdir()
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


PARTS = {"type": "partitions.PartitionedDataset", "dataset": "text.TextDataset", "filename_suffix": ".txt"}


def test_partitions_appear_together_or_not_at_all(tmp_path: Path) -> None:
    catalog = DataCatalog.from_config({"x": {**PARTS, "path": str(tmp_path / "parts")}})
    catalog.save("x", {"a": "1", "b": "1"})
    with pytest.raises(DatasetError):
        catalog.save("x", {"a": "2", "b": None})
    assert found(tmp_path) == {"parts/a.txt": "1", "parts/b.txt": "1"}


def test_partitions_wait_for_the_saves_around_them(text_file: Any, tmp_path: Path) -> None:
    catalog = DataCatalog.from_config({"x": {**PARTS, "path": str(tmp_path / "parts")}})
    with pytest.raises(DatasetError), publishing_together():
        catalog.save("x", {"a": "1"})
        text_file(str(tmp_path / "b.txt")).save("boom")
    assert found(tmp_path) == {}


def test_partitions_may_be_written_one_by_one(tmp_path: Path) -> None:
    entry = {**PARTS, "path": str(tmp_path / "parts"), "metadata": {"deodar": {"atomic": False}}}
    catalog = DataCatalog.from_config({"x": entry})
    with pytest.raises(DatasetError):
        catalog.save("x", {"a": "1", "b": None})
    assert found(tmp_path) == {"parts/a.txt": "1"}


def test_a_save_that_is_put_over_that_of_partitions_sees_them(tmp_path: Path) -> None:
    class Calling(PartitionedDataset):
        """Uploads what its base has saved."""

        uploaded: dict[str, str]

        def save(self, data: Any) -> None:
            super().save(data)
            self.uploaded = found(tmp_path)

    class CallingTheRawSave(PartitionedDataset):
        """Does it as kedro-mlflow's datasets of artifacts do."""

        uploaded: dict[str, str]

        def _save(self, data: Any) -> None:
            super().save.__wrapped__(self, data)
            self.uploaded = found(tmp_path)

    for number, kind in enumerate((Calling, CallingTheRawSave)):
        dataset = kind(path=str(tmp_path), dataset="text.TextDataset")
        dataset.save({"a": f"{number}", "b": "2"})
        assert dataset.uploaded == {"a": f"{number}", "b": "2"}
