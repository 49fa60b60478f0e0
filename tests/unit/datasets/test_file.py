"""What every dataset in a file inherits: paths, arguments for opening, file systems, missing packages."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pandas as pd
import pytest

from deodar.datasets._file import inside
from deodar.datasets.json import JSONDataset
from deodar.datasets.numpy import NumpyDataset
from deodar.datasets.pandas import CSVDataset, ParquetDataset
from deodar.datasets.pickle import PickleDataset
from deodar.datasets.text import TextDataset
from deodar.datasets.yaml import YAMLDataset
from deodar.io import DataCatalog, DatasetError, Version

TABLE = pd.DataFrame({"a": [1, 2]})


def in_new_process(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    ).stdout.strip()


def test_importing_the_datasets_imports_no_data_library() -> None:
    heavy = ["pandas", "numpy", "polars", "matplotlib", "plotly", "sqlalchemy", "fsspec", "pyarrow", "yaml"]
    code = (
        "import sys\n"
        "from deodar.datasets import json, matplotlib, numpy, pandas, partitions, pickle, plotly, polars, text, yaml\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    assert in_new_process(code) == "[]"


def test_local_files_need_no_fsspec(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from deodar.datasets.json import JSONDataset\n"
        "from deodar.io import Version\n"
        f"data = JSONDataset(filepath={str(tmp_path / 'a.json')!r}, version=Version(None, None))\n"
        "data.save(1); data.load(); data.exists(); data.release()\n"
        "print('fsspec' in sys.modules)"
    )
    assert in_new_process(code) == "False"


def test_local_file_system_is_there_for_those_who_ask(tmp_path: Path) -> None:
    dataset = JSONDataset(filepath=str(tmp_path / "a.json"))
    assert (dataset._protocol, type(dataset._fs).__name__) == ("file", "LocalFileSystem")


def test_default_arguments_can_be_overridden(tmp_path: Path) -> None:
    JSONDataset(filepath=str(tmp_path / "a.json"), save_args={"indent": None}).save([1, 2])
    assert (tmp_path / "a.json").read_text() == "[1, 2]"


def test_path_objects_are_paths_too(tmp_path: Path) -> None:
    dataset = TextDataset(filepath=tmp_path / "a.txt")
    dataset.save("x")
    assert dataset.load() == "x"


def test_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    TextDataset(filepath="~/a.txt").save("x")
    assert (tmp_path / "a.txt").read_text() == "x"


def test_text_is_utf_8_whatever_the_locale(tmp_path: Path) -> None:
    TextDataset(filepath=str(tmp_path / "a.txt")).save("ü")
    assert (tmp_path / "a.txt").read_bytes() == "ü".encode()


def test_encoding_can_be_chosen(tmp_path: Path) -> None:
    fs_args = {"open_args_save": {"encoding": "latin-1"}, "open_args_load": {"encoding": "latin-1"}}
    dataset = TextDataset(filepath=str(tmp_path / "a.txt"), fs_args=fs_args)
    dataset.save("ü")
    assert (dataset.load(), (tmp_path / "a.txt").read_bytes()) == ("ü", b"\xfc")


def test_append_mode_adds_to_the_file(tmp_path: Path) -> None:
    dataset = TextDataset(filepath=str(tmp_path / "log.txt"), fs_args={"open_args_save": {"mode": "a"}})
    dataset.save("one\n")
    dataset.save("two\n")
    assert dataset.load() == "one\ntwo\n"


def test_append_mode_works_for_tables(tmp_path: Path) -> None:
    dataset = CSVDataset(
        filepath=str(tmp_path / "t.csv"),
        save_args={"header": False},
        load_args={"header": None},
        fs_args={"open_args_save": {"mode": "a", "newline": ""}},
    )
    dataset.save(TABLE)
    dataset.save(TABLE)
    assert len(dataset.load()) == 4


def test_open_arguments_of_fsspec_work_on_local_files(tmp_path: Path) -> None:
    fs_args = {"open_args_save": {"compression": "gzip"}, "open_args_load": {"compression": "gzip"}}
    dataset = JSONDataset(filepath=str(tmp_path / "a.json"), fs_args=fs_args)
    dataset.save([1])
    assert dataset.load() == [1]
    assert (tmp_path / "a.json").read_bytes().startswith(b"\x1f\x8b")


def test_suffix_of_a_csv_compresses(tmp_path: Path) -> None:
    CSVDataset(filepath=str(tmp_path / "t.csv.gz")).save(TABLE)
    assert (tmp_path / "t.csv.gz").read_bytes().startswith(b"\x1f\x8b")


def test_suffix_of_a_csv_compresses_elsewhere() -> None:
    dataset = CSVDataset(filepath="memory:///compressed/t.csv.gz")
    dataset.save(TABLE)
    assert dataset._fs.cat_file("/compressed/t.csv.gz").startswith(b"\x1f\x8b")
    assert dataset.load().equals(TABLE)


@pytest.mark.parametrize(
    ("kind", "name", "data"),
    [(CSVDataset, "t.csv.gz", TABLE), (NumpyDataset, "a.npz", {"x": np.ones(3)})],
    ids=["csv.gz", "npz"],
)
def test_same_data_gives_the_same_bytes_at_any_time(
    kind: Any, name: str, data: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = kind(filepath=str(tmp_path / name))
    written = []
    for now in (1e9, 1.5e9):
        monkeypatch.setattr("time.time", lambda now=now: now)
        dataset.save(data)
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]


def test_failed_save_publishes_nothing_elsewhere() -> None:
    dataset = JSONDataset(filepath="memory:///unpublished/a.json")
    with pytest.raises(DatasetError):
        dataset.save({"first": "x" * 100_000, "second": object()})
    assert not dataset.exists()


def test_failed_save_keeps_the_old_file_elsewhere() -> None:
    dataset = JSONDataset(filepath="memory:///kept/a.json")
    dataset.save("old")
    with pytest.raises(DatasetError):
        dataset.save({"first": "x" * 100_000, "second": object()})
    assert dataset.load() == "old"


def test_unknown_protocol_is_named_with_the_dataset() -> None:
    catalog = DataCatalog.from_config({"far": {"type": "json.JSONDataset", "filepath": "nowhere://a/b.json"}})
    with pytest.raises(DatasetError, match=r"far.*nowhere"):
        catalog.load("far")


def test_versions_over_http_are_refused() -> None:
    with pytest.raises(DatasetError, match="Versioning is not supported for HTTP"):
        CSVDataset(filepath="https://example.com/a.csv", version=Version(None, None))


def test_credentials_and_options_reach_the_file_system(tmp_path: Path) -> None:
    dataset = TextDataset(
        filepath="simplecache:///a", credentials={"target_protocol": "memory"}, fs_args={"check_files": False}
    )
    assert dataset._storage_options == {"target_protocol": "memory", "check_files": False}
    assert dataset._fs.protocol == "simplecache"


def test_options_of_a_catalog_entry_are_left_as_they_are(tmp_path: Path) -> None:
    fs_args = {"open_args_save": {"mode": "a"}, "auto_mkdir": False}
    TextDataset(filepath=str(tmp_path / "a"), fs_args=fs_args)
    assert fs_args == {"open_args_save": {"mode": "a"}, "auto_mkdir": False}


def test_listing_is_not_stale_after_another_writer(tmp_path: Path) -> None:
    dataset = JSONDataset(filepath="memory:///shared/a.json", version=Version(None, None))
    dataset.save(1)
    fsspec.filesystem("memory").pipe_file("/shared/a.json/9999/a.json", b"2")
    dataset.release()
    assert dataset.load() == 2


def test_unversioned_file_in_the_way_of_versions_is_explained(tmp_path: Path) -> None:
    path = str(tmp_path / "a.json")
    JSONDataset(filepath=path).save(1)
    with pytest.raises(DatasetError, match=r"Cannot save versioned dataset 'a\.json'"):
        JSONDataset(filepath=path, version=Version(None, None)).save(2)


@pytest.mark.parametrize("name", ["json.JSONDataset", "kedro_datasets.json.JSONDataset"])
def test_names_of_kedro_datasets_work_without_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kedro_datasets", None)
    catalog = DataCatalog.from_config({"x": {"type": name, "filepath": f"{tmp_path}/x.json"}})
    assert isinstance(catalog["x"], JSONDataset)


def test_full_path_in_kedro_datasets_works_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kedro_datasets", None)
    entry = {"type": "kedro_datasets.pandas.csv_dataset.CSVDataset", "filepath": "x.csv"}
    assert isinstance(DataCatalog.from_config({"x": entry})["x"], CSVDataset)


def test_dataset_that_only_kedro_datasets_has_is_missed_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kedro_datasets", None)
    entry = {"type": "kedro_datasets.spark.SparkDataset", "filepath": "x"}
    with pytest.raises(DatasetError, match="pip install kedro-datasets"):
        DataCatalog.from_config({"x": entry})["x"]


def test_missing_package_is_told_with_the_extra_that_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    catalog = DataCatalog.from_config({"t": {"type": "pandas.CSVDataset", "filepath": "t.csv"}})
    with pytest.raises(DatasetError, match=r"pip install 'deodar\[pandas\]'"):
        catalog.load("t")


def test_missing_engine_is_told_with_the_extra_that_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    catalog = DataCatalog.from_config({"t": {"type": "pandas.ParquetDataset", "filepath": f"{tmp_path}/t.pq"}})
    with pytest.raises(DatasetError, match=r"pip install 'deodar\[pandas\]'"):
        catalog.save("t", TABLE)


def test_module_that_a_pickle_misses_gets_no_wrong_advice(tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_bytes(b"cnot_a_module_here\nThing\n.")
    with pytest.raises(DatasetError, match="not_a_module_here") as caught:
        PickleDataset(filepath=str(tmp_path / "a.pkl")).load()
    assert "pip install" not in str(caught.value)


def test_unknown_pickle_backend_is_refused_at_once() -> None:
    with pytest.raises(ImportError, match="'nothing_like_it' could not be imported"):
        PickleDataset(filepath="a.pkl", backend="nothing_like_it")


def test_module_that_cannot_pickle_is_no_backend() -> None:
    with pytest.raises(ValueError, match="should satisfy the pickle interface"):
        PickleDataset(filepath="a.pkl", backend="math")


def test_object_that_cannot_be_pickled_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="was not serialised by 'pickle'"):
        PickleDataset(filepath=str(tmp_path / "a.pkl")).save(lambda: None)


def test_yaml_builds_no_objects(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("!!python/object/apply:os.getcwd []")
    with pytest.raises(DatasetError, match="could not determine a constructor"):
        YAMLDataset(filepath=str(tmp_path / "a.yml")).load()


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_arrays_of_objects_are_refused(name: str, tmp_path: Path) -> None:
    data: Any = np.array([{}], dtype=object)
    dataset = NumpyDataset(filepath=str(tmp_path / name))
    with pytest.raises(DatasetError, match="allow_pickle"):
        dataset.save({"x": data} if name.endswith("z") else data)


def test_array_is_no_archive(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="holds a dictionary of arrays"):
        NumpyDataset(filepath=str(tmp_path / "a.npz")).save(np.ones(2))


def test_parquet_columns_of_partitions_are_refused(tmp_path: Path) -> None:
    dataset = ParquetDataset(filepath=str(tmp_path / "t.pq"), save_args={"partition_cols": ["a"]})
    with pytest.raises(DatasetError, match="does not support save argument 'partition_cols'"):
        dataset.save(TABLE)


def test_parquet_folder_is_loaded_but_not_replaced(tmp_path: Path) -> None:
    dataset = ParquetDataset(filepath=str(tmp_path / "t"))
    TABLE.assign(b=1).to_parquet(tmp_path / "t", partition_cols=["a"])
    assert len(dataset.load()) == 2
    with pytest.raises(DatasetError, match="to a directory is not supported"):
        dataset.save(TABLE)


@pytest.mark.parametrize("name", ["../x", "a/../../x", "..", "", "/", ".", "a\\..\\..\\x", "a\0b"])
def test_name_that_leads_out_of_the_folder_is_refused(name: str) -> None:
    with pytest.raises(DatasetError, match="would lead out of '/folder'"):
        inside("/folder", name)


@pytest.mark.parametrize(("name", "path"), [("a", "/f/a"), ("a/b", "/f/a/b"), ("/a", "/f/a"), ("..a", "/f/..a")])
def test_name_is_joined_to_the_folder(name: str, path: str) -> None:
    assert inside("/f", name) == path


def test_every_dataset_takes_the_markers_of_the_wrappers() -> None:
    assert CSVDataset.load.__loadwrapped__  # type: ignore[attr-defined]
    assert not hasattr(CSVDataset.save.__wrapped__, "__savewrapped__")  # type: ignore[attr-defined]
