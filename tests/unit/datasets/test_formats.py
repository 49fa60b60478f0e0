"""Every format: what was saved comes back, whatever the way it is stored."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects
import polars as pl
import pytest

from deodar.io import DataCatalog, DatasetError, Version

TABLE = pd.DataFrame({"name": ["a", "ü", "c"], "value": [1.5, 2.5, -3.0], "count": [1, 2, 3]})
POLARS = pl.DataFrame({"name": ["a", "ü", "c"], "value": [1.5, 2.5, -3.0]})
NESTED = {"text": "grüße", "list": [1, 2.5, None, True], "inner": {"k": "v"}}


def equal_tables(left: Any, right: Any) -> None:
    pd.testing.assert_frame_equal(left, right)


def equal_polars(left: Any, right: Any) -> None:
    assert left.lazy().collect().equals(right.lazy().collect())


def equal_arrays(left: Any, right: Any) -> None:
    np.testing.assert_equal(left, right)


def equal(left: Any, right: Any) -> None:
    assert left == right


@dataclass(frozen=True)
class Case:
    type: str
    file: str
    data: Any
    same: Callable[[Any, Any], None] = equal
    args: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.type}:{self.file}"

    def entry(self, folder: Path | str, **more: Any) -> dict[str, Any]:
        return {"type": self.type, "filepath": f"{folder}/{self.file}", **self.args, **more}


CASES = [
    Case("json.JSONDataset", "data.json", NESTED),
    Case("yaml.YAMLDataset", "data.yml", NESTED),
    Case("text.TextDataset", "data.txt", "línea\nzweite\n"),
    Case("pickle.PickleDataset", "data.pkl", {"set": {1, 2}, "bytes": b"\0"}),
    Case("pickle.PickleDataset", "data.cpkl", [1, (2, 3)], args={"backend": "cloudpickle"}),
    Case("numpy.NumpyDataset", "data.npy", np.arange(6.0).reshape(2, 3), equal_arrays),
    Case("numpy.NumpyDataset", "data.npz", {"a": np.arange(3), "b": np.eye(2)}, equal_arrays),
    Case(
        "numpy.NumpyDataset", "small.npz", {"file": np.ones(9)}, equal_arrays,
        {"save_args": {"compressed": True}},
    ),
    Case("pandas.CSVDataset", "data.csv", TABLE, equal_tables),
    Case("pandas.CSVDataset", "data.csv.gz", TABLE, equal_tables),
    Case(
        "pandas.CSVDataset", "semicolon.csv", TABLE, equal_tables,
        {"load_args": {"sep": ";"}, "save_args": {"sep": ";"}},
    ),
    Case("pandas.ParquetDataset", "data.parquet", TABLE, equal_tables),
    Case("pandas.ParquetDataset", "data.pq", TABLE, equal_tables, {"save_args": {"compression": "zstd"}}),
    Case("pandas.FeatherDataset", "data.feather", TABLE, equal_tables),
    Case("pandas.JSONDataset", "data.json", TABLE, equal_tables),
    Case("pandas.ExcelDataset", "data.xlsx", TABLE, equal_tables),
    Case(
        "pandas.XMLDataset", "data.xml", TABLE, equal_tables,
        {"load_args": {"parser": "etree"}, "save_args": {"parser": "etree"}},
    ),
    Case("pandas.GenericDataset", "data.pickle", TABLE, equal_tables, {"file_format": "pickle"}),
    Case("polars.CSVDataset", "data.csv", POLARS, equal_polars),
    Case("polars.EagerPolarsDataset", "data.parquet", POLARS, equal_polars, {"file_format": "parquet"}),
    Case("polars.EagerPolarsDataset", "data.ndjson", POLARS, equal_polars, {"file_format": "ndjson"}),
    Case("polars.LazyPolarsDataset", "data.parquet", POLARS, equal_polars, {"file_format": "parquet"}),
    Case("polars.LazyPolarsDataset", "data.csv", POLARS.lazy(), equal_polars, {"file_format": "csv"}),
    Case("plotly.JSONDataset", "figure.json", plotly.graph_objects.Figure([{"y": [1, 3, 2]}])),
]  # fmt: skip


def dataset(entry: dict[str, Any], name: str = "thing") -> Any:
    return DataCatalog.from_config({name: entry})[name]


every_format = pytest.mark.parametrize("case", CASES, ids=str)


@every_format
def test_what_was_saved_is_loaded(case: Case, tmp_path: Path) -> None:
    dataset(case.entry(tmp_path)).save(case.data)
    case.same(dataset(case.entry(tmp_path)).load(), case.data)


@every_format
def test_folders_of_the_path_are_made(case: Case, tmp_path: Path) -> None:
    dataset(case.entry(tmp_path / "a" / "b")).save(case.data)
    assert (tmp_path / "a" / "b" / case.file).is_file()


@every_format
def test_nothing_but_the_file_is_left_behind(case: Case, tmp_path: Path) -> None:
    dataset(case.entry(tmp_path)).save(case.data)
    assert [path.name for path in tmp_path.iterdir()] == [case.file]


@every_format
def test_saving_replaces_what_was_there(case: Case, tmp_path: Path) -> None:
    (tmp_path / case.file).write_bytes(b"old" * 10_000)
    one = dataset(case.entry(tmp_path))
    one.save(case.data)
    case.same(one.load(), case.data)


@every_format
def test_existence_follows_the_file(case: Case, tmp_path: Path) -> None:
    one = dataset(case.entry(tmp_path))
    before = one.exists()
    one.save(case.data)
    assert (before, one.exists()) == (False, True)


@every_format
def test_version_has_a_folder_of_its_own(case: Case, tmp_path: Path) -> None:
    catalog = DataCatalog.from_config({"x": case.entry(tmp_path, versioned=True)}, save_version="v1")
    catalog.save("x", case.data)
    assert (tmp_path / case.file / "v1" / case.file).is_file()


@every_format
def test_latest_version_is_loaded(case: Case, tmp_path: Path) -> None:
    for version in ("v1", "v2"):
        catalog = DataCatalog.from_config({"x": case.entry(tmp_path, versioned=True)}, save_version=version)
        catalog.save("x", case.data)
    (tmp_path / case.file / "v1" / case.file).unlink()
    case.same(dataset(case.entry(tmp_path, versioned=True)).load(), case.data)


@every_format
def test_other_file_systems_hold_the_same(case: Case) -> None:
    entry = case.entry("memory://bucket/formats")
    dataset(entry).save(case.data)
    case.same(dataset(entry).load(), case.data)


@every_format
def test_versions_on_other_file_systems_are_found(case: Case) -> None:
    catalog = DataCatalog.from_config({"x": case.entry("memory:///versions", versioned=True)})
    catalog.save("x", case.data)
    case.same(catalog.load("x"), case.data)
    catalog["x"]._fs.rm("/versions", recursive=True)


@every_format
def test_missing_file_is_named_with_its_dataset(case: Case, tmp_path: Path) -> None:
    catalog = DataCatalog.from_config({"my_data": case.entry(tmp_path)})
    with pytest.raises(DatasetError, match=r"my_data.*\n.*No such file or directory") as caught:
        catalog.load("my_data")
    assert str(tmp_path / case.file) in str(caught.value)


@every_format
def test_file_in_the_place_of_a_folder_is_an_error_that_says_so(case: Case, tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("a file")
    with pytest.raises(DatasetError, match="there is a file where its folder should be"):
        dataset(case.entry(tmp_path / "folder")).save(case.data)


@every_format
def test_failed_save_leaves_what_was_there(case: Case, tmp_path: Path) -> None:
    one = dataset(case.entry(tmp_path))
    one.save(case.data)
    before = (tmp_path / case.file).read_bytes()
    with pytest.raises(DatasetError):
        one.save(Unsavable())
    assert (tmp_path / case.file).read_bytes() == before


class Unsavable:
    """Refuses whatever a writer tries."""

    def __getattr__(self, name: str) -> Any:
        raise ValueError("cannot be saved")

    def __reduce__(self) -> Any:
        raise ValueError("cannot be saved")

    def __str__(self) -> str:
        raise ValueError("cannot be saved")


@every_format
def test_unknown_argument_is_refused_with_the_name_of_the_dataset(case: Case, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="'thing' must only contain arguments valid"):
        dataset(case.entry(tmp_path, surprise=1))


@every_format
def test_entry_can_be_written_back(case: Case, tmp_path: Path) -> None:
    one = dataset(case.entry(tmp_path, metadata={"owner": "me"}))
    again = dataset(one._init_config())
    again.save(case.data)
    case.same(one.load(), case.data)


@every_format
def test_datasets_travel_to_other_processes(case: Case, tmp_path: Path) -> None:
    import pickle

    one = dataset(case.entry(tmp_path, versioned=True))
    one.save(case.data)
    case.same(pickle.loads(pickle.dumps(one)).load(), case.data)


@every_format
def test_none_is_not_saved(case: Case, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="Saving 'None'"):
        dataset(case.entry(tmp_path)).save(None)


@every_format
def test_description_names_the_path_and_hides_credentials(case: Case, tmp_path: Path) -> None:
    shown = str(dataset(case.entry(tmp_path, credentials={"secret": "hunter2"})))
    assert case.file in shown
    assert "hunter2" not in shown


@every_format
def test_metadata_is_kept(case: Case, tmp_path: Path) -> None:
    assert dataset(case.entry(tmp_path, metadata={"a": 1})).metadata == {"a": 1}


def test_pinned_version_is_loaded(tmp_path: Path) -> None:
    from deodar.datasets.text import TextDataset

    path = str(tmp_path / "note.txt")
    for version in ("v1", "v2"):
        TextDataset(filepath=path, version=Version(None, version)).save(version)
    assert TextDataset(filepath=path, version=Version("v1", None)).load() == "v1"
