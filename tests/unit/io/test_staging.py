"""A save appears under its path when it is complete, or not at all."""

from __future__ import annotations

import threading
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from deodar.io import AbstractVersionedDataset, DatasetError, Version


def test_a_save_that_fails_leaves_the_old_bytes(text_file: Any, tmp_path: Path) -> None:
    path = tmp_path / "cars.txt"
    path.write_text("old")
    with pytest.raises(DatasetError):
        text_file(str(path)).save("new\nboom\n")
    assert path.read_text() == "old"


def test_a_save_that_fails_leaves_nothing_where_nothing_was(text_file: Any, tmp_path: Path) -> None:
    with pytest.raises(DatasetError):
        text_file(str(tmp_path / "cars.txt")).save("new\nboom\n")
    assert list(tmp_path.iterdir()) == []


def test_a_version_that_fails_leaves_no_folder(text_file: Any, tmp_path: Path) -> None:
    with pytest.raises(DatasetError):
        text_file(str(tmp_path / "cars.txt"), Version(None, "v1")).save("new\nboom\n")
    assert list(tmp_path.rglob("*")) == []


def test_a_version_that_failed_can_be_saved_again(text_file: Any, tmp_path: Path) -> None:
    dataset = text_file(str(tmp_path / "cars.txt"), Version(None, "v1"))
    with pytest.raises(DatasetError):
        dataset.save("boom\n")
    dataset.save("good")
    assert dataset.load() == "good"


def test_a_save_leaves_nothing_but_its_file(text_file: Any, tmp_path: Path) -> None:
    text_file(str(tmp_path / "cars.txt")).save("x")
    text_file(str(tmp_path / "bikes.txt"), Version(None, "v1")).save("x")
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {"cars.txt", "bikes.txt/v1/bikes.txt"}


def test_every_call_during_a_save_names_the_same_place(text_file: Any, tmp_path: Path) -> None:
    dataset = text_file(str(tmp_path / "cars.txt"), Version(None, "v1"))
    first_seen = []

    class Watched(text_file):  # type: ignore[misc]
        def save(self, data: str) -> None:
            first_seen.append(self._get_save_path())
            text_file.save.__wrapped__(self, data)

    dataset = Watched(str(tmp_path / "cars.txt"), Version(None, "v1"))
    dataset.save("x")
    assert first_seen == dataset.asked


def test_the_place_keeps_the_name_of_the_file(text_file: Any, tmp_path: Path) -> None:
    dataset = text_file(str(tmp_path / "cars.txt"))
    dataset.save("x")
    assert dataset.asked[0].name == "cars.txt"
    assert isinstance(dataset.asked[0], PurePosixPath)


def test_outside_of_a_save_the_save_path_is_the_real_one(text_file: Any, tmp_path: Path) -> None:
    assert str(text_file(str(tmp_path / "cars.txt"))._get_save_path()) == str(tmp_path / "cars.txt")
    assert list(tmp_path.iterdir()) == []


def test_a_raw_save_called_directly_writes_in_place(text_file: Any, tmp_path: Path) -> None:
    dataset = text_file(str(tmp_path / "cars.txt"))
    text_file.save.__wrapped__(dataset, "x")
    assert str(dataset.asked[0]) == str(tmp_path / "cars.txt")


def test_errors_name_the_real_path(text_file: Any, tmp_path: Path) -> None:
    with pytest.raises(DatasetError) as caught:
        text_file(str(tmp_path / "cars.txt")).save("boom\n")
    assert f"cannot write to {tmp_path / 'cars.txt'}" in str(caught.value)


@pytest.mark.parametrize("section", ["deodar", "kedro"])
def test_an_entry_can_opt_out(text_file: Any, tmp_path: Path, section: str) -> None:
    path = tmp_path / "cars.txt"
    dataset = text_file(str(path), metadata={section: {"atomic": False}})
    dataset.save("x")
    assert dataset.asked == [PurePosixPath(path)]


def test_appending_adds_to_the_file(text_file: Any, tmp_path: Path) -> None:
    path = tmp_path / "cars.txt"
    path.write_text("old\n")
    text_file(str(path), save_args={"mode": "a"}).save("new\n")
    assert path.read_text() == "old\nnew\n"


def test_a_remote_store_is_left_alone(text_file: Any, tmp_path: Path) -> None:
    dataset = text_file(str(tmp_path / "cars.txt"))
    dataset._protocol = "s3"
    dataset.save("x")
    assert dataset.asked == [PurePosixPath(tmp_path / "cars.txt")]


def test_a_pure_path_of_unknown_protocol_is_left_alone(text_file: Any, tmp_path: Path) -> None:
    dataset = text_file(str(tmp_path / "cars.txt"))
    del dataset._protocol
    dataset.save("x")
    assert dataset.asked == [PurePosixPath(tmp_path / "cars.txt")]


@pytest.mark.parametrize(
    ("prefix", "backend", "is_staged"), [("", "duckdb", True), ("", "pyspark", False), ("s3://", "duckdb", False)]
)
def test_a_known_dataset_may_mean_this_machine_by_a_pure_path(
    text_file: Any, tmp_path: Path, prefix: str, backend: str, is_staged: bool
) -> None:
    module = "kedro_datasets.ibis.file_dataset"
    dataset = type("FileDataset", (text_file,), {"__module__": module})(str(tmp_path / "cars.txt"))
    del dataset._protocol
    dataset._fs_prefix, dataset._connection_config = prefix, {"backend": backend}
    dataset.save("x")
    assert (dataset.asked != [PurePosixPath(tmp_path / "cars.txt")]) == is_staged


def test_a_link_is_written_through(text_file: Any, tmp_path: Path) -> None:
    real = tmp_path / "real" / "cars.txt"
    real.parent.mkdir()
    real.write_text("old")
    link = tmp_path / "cars.txt"
    link.symlink_to(real)
    text_file(str(link)).save("new")
    assert (link.is_symlink(), real.read_text()) == (True, "new")


def test_permissions_outlive_a_save(text_file: Any, tmp_path: Path) -> None:
    path = tmp_path / "cars.txt"
    path.write_text("old")
    path.chmod(0o640)
    text_file(str(path)).save("new")
    assert path.stat().st_mode & 0o777 == 0o640


class Tree(AbstractVersionedDataset[dict[str, str], dict[str, str]]):
    """A folder of files, or a file with companions beside it."""

    def __init__(self, filepath: Path, version: Version | None = None, companions: bool = False) -> None:
        super().__init__(filepath, version)
        self._companions = companions

    def load(self) -> dict[str, str]:
        path = self._get_load_path()
        folder = path.parent if self._companions else path
        return {child.name: child.read_text() for child in sorted(Path(folder).iterdir())}

    def save(self, data: dict[str, str]) -> None:
        path = Path(self._get_save_path())
        folder = path.parent if self._companions else path
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in data.items():
            if text == "boom":
                raise ValueError(text)
            (folder / name).write_text(text)

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}


def test_a_folder_appears_whole(tmp_path: Path) -> None:
    dataset = Tree(tmp_path / "model")
    dataset.save({"a": "1", "b": "2"})
    assert dataset.load() == {"a": "1", "b": "2"}


def test_a_new_folder_that_fails_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DatasetError):
        Tree(tmp_path / "model").save({"a": "1", "b": "boom"})
    assert list(tmp_path.iterdir()) == []


def test_what_is_in_a_folder_already_is_for_the_dataset_to_judge(tmp_path: Path) -> None:
    dataset = Tree(tmp_path / "model")
    dataset.save({"a": "1"})
    dataset.save({"b": "2"})
    assert dataset.load() == {"a": "1", "b": "2"}


def test_companions_of_a_file_come_with_it(tmp_path: Path) -> None:
    (tmp_path / "map").mkdir()
    dataset = Tree(tmp_path / "map" / "x.shp", companions=True)
    dataset.save({"x.shp": "1", "x.dbf": "2"})
    dataset.save({"x.shp": "3", "x.dbf": "4"})
    assert dataset.load() == {"x.dbf": "4", "x.shp": "3"}


def test_companions_of_a_version_come_with_it(tmp_path: Path) -> None:
    dataset = Tree(tmp_path / "x.shp", Version(None, None), companions=True)
    dataset.save({"x.shp": "1", "x.dbf": "2"})
    assert dataset.load() == {"x.dbf": "2", "x.shp": "1"}


def test_of_two_that_save_one_version_at_once_one_fails(text_file: Any, tmp_path: Path) -> None:
    writing = threading.Barrier(2, timeout=20)

    class Slow(text_file):  # type: ignore[misc]
        def save(self, data: str) -> None:
            text_file.save.__wrapped__(self, data)
            writing.wait()

    outcomes: list[str] = []

    def save(text: str) -> None:
        try:
            Slow(str(tmp_path / "cars.txt"), Version(None, "v1")).save(text)
            outcomes.append(text)
        except DatasetError as exc:
            outcomes.append("refused" if "must not exist" in str(exc) else str(exc))

    threads = [threading.Thread(target=save, args=(text,)) for text in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert "refused" in outcomes
    (winner,) = set(outcomes) - {"refused"}
    assert (tmp_path / "cars.txt" / "v1" / "cars.txt").read_text() == winner


def test_a_dataset_that_never_asks_writes_as_ever(plain_text: Any, tmp_path: Path) -> None:
    plain_text(str(tmp_path / "x.txt")).save("x")
    assert (tmp_path / "x.txt").read_text() == "x"
