"""Folders of partitions: what is listed, loaded, saved, removed, confirmed."""

import threading
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from deodar.datasets.partitions import IncrementalDataset, PartitionedDataset
from deodar.datasets.text import TextDataset
from deodar.io import DataCatalog, DatasetError, MemoryDataset

TEXT = "text.TextDataset"


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}.txt").write_text(content)


def partitioned(path: Any, **more: Any) -> PartitionedDataset:
    return PartitionedDataset(**{"path": str(path), "dataset": TEXT, "filename_suffix": ".txt", **more})


def incremental(path: Any, **more: Any) -> IncrementalDataset:
    return IncrementalDataset(**{"path": str(path), "dataset": TEXT, "filename_suffix": ".txt", **more})


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def loaded(dataset: Any) -> dict[str, Any]:
    return {name: load() for name, load in dataset.load().items()}


@pytest.mark.parametrize("definition", [TEXT, TextDataset, {"type": TEXT}], ids=["name", "class", "entry"])
def test_partition_may_be_defined_in_three_ways(definition: Any, tmp_path: Path) -> None:
    write(tmp_path, a="1")
    assert loaded(partitioned(tmp_path, dataset=definition)) == {"a": "1"}


def test_nothing_is_loaded_before_it_is_asked_for(tmp_path: Path) -> None:
    write(tmp_path, a="1", b="2")
    partitions = partitioned(tmp_path).load()
    (tmp_path / "b.txt").unlink()
    assert partitions["a"]() == "1"


def test_partitions_come_sorted(tmp_path: Path) -> None:
    write(tmp_path, c="3", a="1", b="2")
    assert list(partitioned(tmp_path).load()) == ["a", "b", "c"]


def test_partition_in_a_subfolder_is_named_by_its_path(tmp_path: Path) -> None:
    write(tmp_path / "2013" / "01", day="1")
    assert loaded(partitioned(tmp_path)) == {"2013/01/day": "1"}


def test_files_with_another_suffix_are_no_partitions(tmp_path: Path) -> None:
    write(tmp_path, a="1")
    (tmp_path / "notes.md").write_text("x")
    assert list(partitioned(tmp_path).load()) == ["a"]


def test_saves_in_progress_are_no_partitions(tmp_path: Path) -> None:
    write(tmp_path, a="1")
    seen = []

    def slow() -> str:
        seen.extend(partitioned(tmp_path).load())
        return "2"

    class Watching(TextDataset):
        def _write(self, data: Any, target: Any) -> None:
            target.write("half")
            target.flush()
            seen.extend(partitioned(tmp_path).load())
            target.write(data)

    partitioned(tmp_path, dataset=Watching).save({"b": slow})
    assert seen == ["a", "a"]


def test_load_args_limit_the_search(tmp_path: Path) -> None:
    write(tmp_path, a="1")
    write(tmp_path / "deep", b="2")
    assert list(partitioned(tmp_path, load_args={"maxdepth": 1}).load()) == ["a"]


def test_empty_folder_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=f"No partitions found in '{tmp_path}'.*'.txt'"):
        partitioned(tmp_path).load()


def test_existence_means_a_partition(tmp_path: Path) -> None:
    dataset = partitioned(tmp_path / "none")
    assert not dataset.exists()
    dataset.save({"a": "1"})
    assert dataset.exists()


def test_partition_added_by_others_is_seen_after_release(tmp_path: Path) -> None:
    dataset = partitioned(tmp_path)
    write(tmp_path, a="1")
    assert list(dataset.load()) == ["a"]
    write(tmp_path, b="2")
    dataset.release()
    assert list(dataset.load()) == ["a", "b"]


def test_saving_keeps_the_other_partitions(tmp_path: Path) -> None:
    write(tmp_path, old="1")
    partitioned(tmp_path).save({"new": "2"})
    assert names(tmp_path) == ["new.txt", "old.txt"]


def test_overwriting_removes_the_other_partitions(tmp_path: Path) -> None:
    write(tmp_path, old="1")
    write(tmp_path / "deep", old="1")
    partitioned(tmp_path, overwrite=True).save({"new": "2"})
    assert names(tmp_path) == ["new.txt"]


def test_overwriting_leaves_files_that_are_no_partitions(tmp_path: Path) -> None:
    write(tmp_path, old="1")
    (tmp_path / "README.md").write_text("x")
    partitioned(tmp_path, overwrite=True).save({"new": "2"})
    assert names(tmp_path) == ["README.md", "new.txt"]


def test_overwriting_that_fails_has_removed_nothing(tmp_path: Path) -> None:
    write(tmp_path, old="1")
    with pytest.raises(DatasetError):
        partitioned(tmp_path, overwrite=True).save({"a": "2", "b": None})
    assert names(tmp_path) == ["old.txt"]


def test_partitions_can_be_made_from_those_they_replace(tmp_path: Path) -> None:
    write(tmp_path, a="1", b="2")
    dataset = partitioned(tmp_path, overwrite=True)
    partitions = dataset.load()
    dataset.save({"b": lambda: partitions["a"]() + partitions["b"]()})
    assert loaded(dataset) == {"b": "12"}


def test_functions_in_the_data_are_called_one_at_a_time(tmp_path: Path) -> None:
    def second() -> str:
        # Written, though nobody sees it before the rest is.
        return str([path.name for path in tmp_path.parent.glob(".deodar-staging-*/**/a.txt")])

    partitioned(tmp_path).save({"b": second, "a": lambda: "1"})
    assert (tmp_path / "b.txt").read_text() == "['a.txt']"


def test_functions_are_data_when_saving_is_not_lazy(tmp_path: Path) -> None:
    dataset = partitioned(tmp_path, dataset="pickle.PickleDataset", save_lazily=False)
    dataset.save({"f": len})
    assert dataset.load()["f"]() is len


@pytest.mark.parametrize("name", ["../out", "a/../../out", "", ".."])
def test_partition_outside_of_the_folder_is_refused_before_anything_is_written(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    with pytest.raises(DatasetError, match="would lead out of"):
        partitioned(folder).save({"a": "1", name: "2"})
    assert names(tmp_path) == []


def test_absolute_name_stays_below_the_folder(tmp_path: Path) -> None:
    partitioned(tmp_path).save({"/etc/passwd": "x"})
    assert names(tmp_path) == ["etc/passwd.txt"]


def test_path_in_the_definition_is_replaced_with_a_warning(tmp_path: Path) -> None:
    write(tmp_path, a="1")
    with pytest.warns(UserWarning, match="'filepath' key must not be specified"):
        dataset = partitioned(tmp_path, dataset={"type": TEXT, "filepath": "elsewhere"})
    assert loaded(dataset) == {"a": "1"}


def test_definition_without_a_type_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="type"):
        PartitionedDataset(path="x", dataset={})


def test_unknown_type_is_refused() -> None:
    with pytest.raises(DatasetError, match="NoSuchDataset"):
        PartitionedDataset(path="x", dataset="text.NoSuchDataset")


def test_credentials_reach_the_partitions_but_not_the_description(tmp_path: Path) -> None:
    dataset = partitioned(tmp_path, credentials={"key": "hunter2"})
    assert dataset._dataset_config["credentials"] == {"key": "hunter2"}
    assert "hunter2" not in str(dataset)


def test_credentials_of_the_partitions_win(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    dataset = partitioned(tmp_path, dataset={"type": TEXT, "credentials": {"key": "own"}}, credentials={"key": "top"})
    assert dataset._dataset_config["credentials"] == {"key": "own"}
    assert "will not propagate" in caplog.text


def test_partitions_may_have_versions(tmp_path: Path) -> None:
    entry = {
        "type": "partitions.PartitionedDataset",
        "path": str(tmp_path),
        "filename_suffix": ".txt",
        "dataset": {"type": TEXT, "versioned": True},
    }
    # Named here: two saves may fall into one millisecond.
    for version, content in (("v1", "old"), ("v2", "new")):
        DataCatalog.from_config({"p": entry}, save_version=version).save("p", {"deep/a": content, "b": content})
    assert loaded(DataCatalog.from_config({"p": entry})["p"]) == {"b": "new", "deep/a": "new"}


def test_versions_of_one_save_are_the_same_for_all_partitions(tmp_path: Path) -> None:
    partitioned(tmp_path, dataset={"type": TEXT, "versioned": True}).save({"a": "1", "b": "2"})
    assert len({path.parent.name for path in tmp_path.rglob("*.txt") if path.is_file()}) == 1


def test_overwriting_keeps_older_versions_of_what_stays(tmp_path: Path) -> None:
    versioned: dict[str, Any] = {"dataset": {"type": TEXT, "versioned": True}, "overwrite": True}
    partitioned(tmp_path, **versioned).save({"a": "1", "gone": "1"})
    dataset = partitioned(tmp_path, **versioned)
    dataset._dataset_config["version"] = type(dataset._dataset_config["version"])(None, "9999")
    dataset.save({"a": "2"})
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert len(list((tmp_path / "a.txt").iterdir())) == 2


def test_tables_are_partitions_too(tmp_path: Path) -> None:
    dataset = PartitionedDataset(
        path=str(tmp_path), dataset={"type": "pandas.CSVDataset", "save_args": {"index": False}}
    )
    table = pd.DataFrame({"a": [1]})
    dataset.save({"one.csv": table})
    assert dataset.load()["one.csv"]().equals(table)


def test_other_file_systems_hold_partitions() -> None:
    dataset = partitioned("memory:///partitions")
    dataset.save({"a/b": "1", "c": "2"})
    dataset.release()
    assert loaded(dataset) == {"a/b": "1", "c": "2"}


def test_catalog_loads_and_saves_partitions(tmp_path: Path) -> None:
    entry = {"type": "partitions.PartitionedDataset", "path": str(tmp_path), "dataset": TEXT}
    catalog = DataCatalog.from_config({"p": entry})
    catalog.save("p", {"a": "1"})
    assert catalog.load("p")["a"]() == "1"


def test_loaders_work_in_many_threads(tmp_path: Path) -> None:
    write(tmp_path, **{f"p{number}": str(number) for number in range(20)})
    results: list[str] = []
    threads = [
        threading.Thread(target=lambda load=load: results.append(load()), name=name)
        for name, load in partitioned(tmp_path).load().items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert sorted(results, key=int) == [str(number) for number in range(20)]


def test_incremental_loads_the_data_of_all_partitions_at_first(tmp_path: Path) -> None:
    write(tmp_path, a="1", b="2")
    assert incremental(tmp_path).load() == {"a": "1", "b": "2"}


def test_unconfirmed_partitions_are_loaded_again(tmp_path: Path) -> None:
    write(tmp_path, a="1")
    incremental(tmp_path).load()
    assert incremental(tmp_path).load() == {"a": "1"}


def test_confirmed_partitions_are_not_loaded_again(tmp_path: Path) -> None:
    write(tmp_path, a="1")
    first = incremental(tmp_path)
    first.load()
    first.confirm()
    write(tmp_path, b="2")
    assert incremental(tmp_path).load() == {"b": "2"}


def test_same_instance_goes_on_after_confirming(tmp_path: Path) -> None:
    write(tmp_path, a="1")
    dataset = incremental(tmp_path)
    dataset.load()
    dataset.confirm()
    write(tmp_path, b="2")
    assert dataset.load() == {"b": "2"}


def test_partition_that_came_after_the_load_is_not_confirmed(tmp_path: Path) -> None:
    write(tmp_path, a="1")
    dataset = incremental(tmp_path)
    dataset.load()
    dataset.exists()
    write(tmp_path, b="2")
    dataset._forget_listing()
    dataset.confirm()
    assert incremental(tmp_path).load() == {"b": "2"}


def test_nothing_new_is_an_empty_load(tmp_path: Path) -> None:
    write(tmp_path, a="1")
    dataset = incremental(tmp_path)
    dataset.load()
    dataset.confirm()
    assert (dataset.load(), dataset.exists()) == ({}, False)


def test_confirming_nothing_keeps_the_checkpoint(tmp_path: Path) -> None:
    write(tmp_path, a="1")
    for _ in range(2):
        dataset = incremental(tmp_path)
        dataset.load()
        dataset.confirm()
    assert (tmp_path / "CHECKPOINT").read_text() == "a"


def test_checkpoint_is_no_partition(tmp_path: Path) -> None:
    (tmp_path / "CHECKPOINT").write_text("")
    write(tmp_path, a="1")
    assert list(incremental(tmp_path, filename_suffix="").load()) == ["a.txt"]


def test_checkpoint_may_live_elsewhere(tmp_path: Path) -> None:
    checkpoint = {"type": "json.JSONDataset", "filepath": str(tmp_path / "state" / "done.json")}
    write(tmp_path / "data", a="1")
    dataset = incremental(tmp_path / "data", checkpoint=checkpoint)
    dataset.load()
    dataset.confirm()
    assert names(tmp_path / "state") == ["done.json"]
    assert incremental(tmp_path / "data", checkpoint=checkpoint).load() == {}


@pytest.mark.parametrize("checkpoint", ["a", {"force_checkpoint": "a"}], ids=["name", "entry"])
def test_forced_checkpoint_wins_over_the_stored_one(checkpoint: Any, tmp_path: Path) -> None:
    write(tmp_path, a="1", b="2", c="3")
    (tmp_path / "CHECKPOINT").write_text("c")
    assert list(incremental(tmp_path, checkpoint=checkpoint).load()) == ["b", "c"]


def test_empty_forced_checkpoint_means_everything(tmp_path: Path) -> None:
    write(tmp_path, a="1")
    (tmp_path / "CHECKPOINT").write_text("a")
    assert list(incremental(tmp_path, checkpoint="").load()) == ["a"]


def test_comparison_can_be_chosen(tmp_path: Path) -> None:
    write(tmp_path, a="1", b="2")
    checkpoint = {"force_checkpoint": "b", "comparison_func": "operator.ge"}
    assert list(incremental(tmp_path, checkpoint=checkpoint).load()) == ["b"]


def test_versions_of_the_checkpoint_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="does not support versioning of the checkpoint"):
        incremental(tmp_path, checkpoint={"versioned": True})


def test_unreadable_checkpoint_is_an_error_and_not_the_beginning(tmp_path: Path) -> None:
    write(tmp_path, a="1")
    (tmp_path / "CHECKPOINT").write_bytes(b"\xff\xfe\xfd")
    with pytest.raises(DatasetError, match="CHECKPOINT"):
        incremental(tmp_path).load()


def test_catalog_confirms(tmp_path: Path) -> None:
    write(tmp_path, a="1")
    entry = {"type": "partitions.IncrementalDataset", "path": str(tmp_path), "dataset": TEXT}
    catalog = DataCatalog.from_config({"p": entry})
    catalog["other"] = MemoryDataset(1)
    catalog.load("p")
    catalog.confirm("p")
    assert (tmp_path / "CHECKPOINT").read_text() == "a.txt"
