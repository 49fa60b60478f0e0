"""Datasets that ask nobody where to write: their saves are staged where that is known, or asked, to be right."""

from __future__ import annotations

import shutil
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from deodar.io import AbstractDataset, DataCatalog, DatasetError
from deodar.io._joint_saves import publishing_together


class Plain(AbstractDataset[str, str]):
    """Writes to its own path; data that ends in ``boom`` fails half-way."""

    _protocol = "file"

    def __init__(self, filepath: str, metadata: dict[str, Any] | None = None, as_path: bool = True) -> None:
        self._filepath: Any = PurePosixPath(filepath) if as_path else filepath
        self.metadata = metadata
        self.saved = 0

    def load(self) -> str:
        return Path(self._filepath).read_text()

    def save(self, data: str) -> None:
        self.saved += 1
        with Path(self._filepath).open("w") as file:
            file.write(data)
            if data.endswith("boom"):
                raise ValueError("boom")

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}


class Sequences(Plain):
    """As one of kedro-datasets that is known."""


class Folder(AbstractDataset[Any, Any]):
    """Empties its folder, then saves each part."""

    def __init__(self, path: str, overwrite: bool = True) -> None:
        self._path = path
        self._overwrite = overwrite
        self._cached: list[str] | None = ["stale"]

    def _list_partitions(self) -> list[str]:
        return sorted(path.name for path in Path(self._path).iterdir())

    def load(self) -> Any:
        return {name: (Path(self._path) / name).read_text() for name in self._list_partitions()}

    def save(self, data: dict[str, str]) -> None:
        if self._overwrite and Path(self._path).exists():
            shutil.rmtree(self._path)
        for name, text in data.items():
            part = AbstractDataset.from_config(name, {"type": "text.TextDataset", "filepath": f"{self._path}/{name}"})
            part.save(text)
        self._cached = None

    def _describe(self) -> dict[str, Any]:
        return {"path": self._path}


@pytest.fixture
def sequences() -> type[Plain]:
    return type("BioSequenceDataset", (Sequences,), {"__module__": "kedro_datasets.biosequence.biosequence_dataset"})


@pytest.fixture
def folder_type() -> type[Folder]:
    return type("PartitionedDataset", (Folder,), {"__module__": "kedro_datasets.partitions.partitioned_dataset"})


@pytest.mark.parametrize("as_path", [True, False])
def test_a_known_writer_that_fails_leaves_the_old_data(sequences: type[Plain], as_path: bool, tmp_path: Path) -> None:
    dataset = sequences(str(tmp_path / "x.fasta"), as_path=as_path)
    dataset.save("old")
    with pytest.raises(DatasetError, match="boom") as caught:
        dataset.save("new boom")
    assert ".deodar-staging" not in str(caught.value) and "x.fasta" in str(caught.value)
    assert dataset.load() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["x.fasta"]


def test_what_a_save_changes_in_its_dataset_is_kept(sequences: type[Plain], tmp_path: Path) -> None:
    dataset = sequences(str(tmp_path / "x.fasta"))
    dataset.save("one")
    dataset.save("two")
    assert dataset.saved == 2
    assert dataset._filepath == PurePosixPath(tmp_path / "x.fasta")


def test_it_waits_for_the_others_of_its_node(sequences: type[Plain], tmp_path: Path) -> None:
    dataset = sequences(str(tmp_path / "x.fasta"))
    with publishing_together():
        dataset.save("new")
        assert not (tmp_path / "x.fasta").exists()
    assert dataset.load() == "new"


@pytest.mark.parametrize("metadata", [None, {"deodar": {"atomic": True}}])
def test_others_are_staged_where_their_entry_says_so(metadata: Any, tmp_path: Path) -> None:
    catalog = DataCatalog.from_config({"x": {"type": Plain, "filepath": str(tmp_path / "x"), "metadata": metadata}})
    catalog.save("x", "old")
    with pytest.raises(DatasetError):
        catalog.save("x", "new boom")
    assert catalog.load("x") == ("new boom" if metadata is None else "old")


def test_a_known_writer_writes_in_place_where_its_entry_says_so(sequences: type[Plain], tmp_path: Path) -> None:
    dataset = sequences(str(tmp_path / "x.fasta"), metadata={"deodar": {"atomic": False}})
    with pytest.raises(DatasetError):
        dataset.save("boom")
    assert dataset.load() == "boom"


def test_another_machine_is_left_alone(sequences: type[Plain]) -> None:
    dataset = sequences("s3://bucket/x.fasta", as_path=False)
    with pytest.raises(FileNotFoundError, match="s3:/"):
        dataset.save("new")


def test_a_folder_is_emptied_when_all_is_there(folder_type: type[Folder], tmp_path: Path) -> None:
    dataset = folder_type(str(tmp_path / "parts"))
    dataset.save({"a": "1", "deep/b": "2"})
    with pytest.raises(DatasetError):
        dataset.save({"a": "3", "c": None})
    assert sorted(path.name for path in (tmp_path / "parts").iterdir()) == ["a", "deep"]
    dataset._cached = ["stale"]
    dataset.save({"a": "1", "c": "4"})
    assert dataset.load() == {"a": "1", "c": "4"}
    assert dataset._cached is None, "what the save of its double changed"
    assert dataset._overwrite is True


def test_a_folder_of_nothing_is_empty(folder_type: type[Folder], tmp_path: Path) -> None:
    dataset = folder_type(str(tmp_path / "parts"))
    dataset.save({"a": "1"})
    dataset.save({})
    assert dataset.load() == {}
