"""The catalog, its resolver and datasets in memory, statement by statement.

Collected under the names ``deodar`` and ``kedro``.
"""

from __future__ import annotations

import copy
import logging
import os
import pickle
import re
import subprocess
import sys
import threading
import types
import warnings
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from .claims import PACKAGE, better, part, since
from .claims import plain_logs as plain_logs  # serves every test here

io, core = part("io"), part("io.core")
catalogs, resolvers = part("io.data_catalog"), part("io.catalog_config_resolver")
memory, cached = part("io.memory_dataset"), part("io.cached_dataset")
ParallelRunnerManager = part("runner.parallel_runner").ParallelRunnerManager
DataCatalog, SharedMemoryDataCatalog, Resolver = io.DataCatalog, io.SharedMemoryDataCatalog, io.CatalogConfigResolver
MemoryDataset, CachedDataset, SharedMemoryDataset = io.MemoryDataset, io.CachedDataset, io.SharedMemoryDataset
DatasetError, DatasetNotFoundError, Version = io.DatasetError, io.DatasetNotFoundError, io.Version
_LazyDataset = catalogs._LazyDataset
CATALOG = f"{PACKAGE}.io.data_catalog"
MEMORY = f"{PACKAGE}.io.memory_dataset.MemoryDataset"


class Text(io.AbstractVersionedDataset):  # type: ignore[name-defined,misc]
    def __init__(
        self, filepath: str, version: Any = None, credentials: Any = None, load_args: Any = None, metadata: Any = None
    ) -> None:
        super().__init__(PurePosixPath(filepath), version)
        self.credentials, self.load_args, self.metadata = credentials, load_args, metadata

    def load(self) -> str:
        return Path(self._get_load_path()).read_text()

    def save(self, data: str) -> None:
        path = Path(self._get_save_path())
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(data)

    def _exists(self) -> bool:
        return Path(self._get_load_path()).exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "version": self._version}


class Failing(io.AbstractDataset):  # type: ignore[name-defined,misc]
    """Raises what it was told."""

    def __init__(self, error: Any = None) -> None:
        self.error = error

    def load(self) -> Any:
        raise self.error

    def save(self, data: Any) -> None:
        raise self.error

    def _describe(self) -> dict[str, Any]:
        return {}


class Confirmed(io.AbstractDataset):  # type: ignore[name-defined,misc]
    confirmed = 0

    def load(self) -> Any: ...

    def save(self, data: Any) -> None: ...

    def _describe(self) -> dict[str, Any]:
        return {}

    def confirm(self) -> None:
        self.confirmed += 1


class Fragile(Confirmed):
    """Cannot be built until told otherwise."""

    broken = True
    built = 0

    def __init__(self, name: str = "") -> None:
        if Fragile.broken:
            raise RuntimeError("still broken")
        type(self).built += 1
        self.name = name


TEXT = f"{__name__}.Text"


@pytest.fixture
def entries(tmp_path: Path) -> dict[str, Any]:
    return {
        "boats": {"type": TEXT, "filepath": str(tmp_path / "boats.txt"), "versioned": True},
        "cars": {"type": TEXT, "filepath": str(tmp_path / "cars.txt")},
        "{name}_text": {"type": TEXT, "filepath": str(tmp_path / "{name}.txt")},
    }


@pytest.fixture
def catalog(entries: dict[str, Any]) -> Any:
    return DataCatalog.from_config(entries)


def warned(caplog: Any) -> list[tuple[str, str]]:
    return [(record.name, record.getMessage()) for record in caplog.records if record.levelno >= logging.WARNING]


# --- MemoryDataset ----------------------------------------------------------------------------------------------


def test_none_is_data_for_the_constructor_and_the_raw_save_only() -> None:
    assert MemoryDataset(None).load() is None and MemoryDataset(None).exists()
    with pytest.raises(DatasetError, match="Saving 'None' to a 'Dataset' is not allowed"):
        MemoryDataset().save(None)


def test_nothing_saved_is_an_error() -> None:
    with pytest.raises(DatasetError, match=r"^Data for MemoryDataset has not been saved yet\.$"):
        MemoryDataset().load()


def test_a_release_empties() -> None:
    dataset = MemoryDataset(1)
    dataset.release()
    assert not dataset.exists() and repr(dataset) == f"{MEMORY}()"


@pytest.mark.parametrize(
    ("data", "text"), [(1, "data='<int>'"), (None, "data='<NoneType>'"), ({}, "data='<dict>'"), (0, "data='<int>'")]
)
def test_the_representation_shows_the_kind_of_data(data: Any, text: str) -> None:
    assert repr(MemoryDataset(data)) == f"{MEMORY}({text})"


def test_it_is_ephemeral_by_instance() -> None:
    assert MemoryDataset()._EPHEMERAL is True and MemoryDataset._EPHEMERAL is False
    assert MemoryDataset(metadata={"a": 1}).metadata == {"a": 1}


def kinds() -> list[tuple[Any, str]]:
    import numpy
    import pandas

    frame = pandas.DataFrame({"a": [1]})
    other = type("DataFrame", (), {})()
    return [
        (frame, "copy"),
        (numpy.zeros(2), "copy"),
        (pandas.Series([1]), "deepcopy"),
        (other, "assign"),
        (type("LazyFrame", (), {})(), "deepcopy"),
        ({"a": 1}, "deepcopy"),
        (None, "deepcopy"),
        (1, "deepcopy"),
    ]


@pytest.mark.parametrize("index", range(8))
def test_the_mode_follows_from_the_data(index: int) -> None:
    data, mode = kinds()[index]
    assert memory._infer_copy_mode(data) == mode


def test_tables_of_ibis_are_assigned(monkeypatch: Any) -> None:
    class Table: ...

    monkeypatch.setitem(sys.modules, "ibis", types.SimpleNamespace(Table=Table))
    assert memory._infer_copy_mode(Table()) == "assign"


@pytest.mark.parametrize("method", ["load", "save"])
def test_each_operation_asks_each_helper_once(method: str, mocker: Any) -> None:
    dataset = MemoryDataset([1])
    infer = mocker.patch(f"{PACKAGE}.io.memory_dataset._infer_copy_mode", return_value="assign")
    copied = mocker.patch(f"{PACKAGE}.io.memory_dataset._copy_with_mode", return_value=[2])
    _ = dataset.load() if method == "load" else dataset.save([1])
    infer.assert_called_once_with([1])
    copied.assert_called_once_with([1], copy_mode="assign")


@pytest.mark.parametrize(("mode", "same", "equal_inside"), [("assign", True, True), ("copy", False, True),
                                                             ("deepcopy", False, False)])  # fmt: skip
def test_a_mode_can_be_chosen(mode: str, same: bool, equal_inside: bool) -> None:
    data = [[1]]
    found = MemoryDataset(data, copy_mode=mode).load()
    assert (found is data, found[0] is data[0]) == (same, equal_inside) and found == data


def test_a_bad_mode_is_named() -> None:
    text = "Invalid copy mode: alien. Possible values are: deepcopy, copy, assign."
    with pytest.raises(DatasetError) as caught:
        memory._copy_with_mode(1, copy_mode="alien")
    assert str(caught.value) == text
    with pytest.raises(DatasetError, match=text):
        MemoryDataset(copy_mode="alien").save(1)


@pytest.mark.parametrize("make", [threading.Lock, lambda: (i for i in range(2))])
def test_what_cannot_be_copied_is_a_dataset_error(make: Any) -> None:
    with pytest.raises(DatasetError, match="Failed while saving data to dataset"):
        MemoryDataset().save(make())


@pytest.mark.parametrize("when", ["before", "after"])
def test_changes_are_not_seen(when: str) -> None:
    data = {"a": [1]}
    dataset = MemoryDataset(data)
    changed = data if when == "before" else dataset.load()
    changed["a"].append(2)
    assert dataset.load() == {"a": [1]}


@pytest.mark.parametrize(
    ("given", "answer"),
    [(MemoryDataset(), True), ("MemoryDataset", True), (MEMORY, True), (f"{PACKAGE}.io.MemoryDataset", False),
     ("pandas.CSVDataset", False), ("", False)],
)  # fmt: skip
def test_memory_datasets_are_known_by_class_and_two_names(given: Any, answer: bool) -> None:
    assert memory._is_memory_dataset(given) is answer


@better
def test_released_data_is_not_kept_by_the_arguments() -> None:
    dataset = MemoryDataset([1] * 1000)
    assert len(pickle.dumps(dataset)) < 3000
    assert "data" not in dataset._init_args


@better
def test_looking_at_data_imports_nothing() -> None:
    script = (
        f"import sys; from {PACKAGE}.io import MemoryDataset; MemoryDataset(1).load(); "
        "print([m for m in ('pandas', 'numpy', 'ibis') if m in sys.modules])"
    )
    environment = {**os.environ, "DEODAR_DROPIN": str(int(PACKAGE == "kedro"))}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment)
    assert done.stdout.strip() == "[]", done.stderr


# --- SharedMemoryDataset ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def manager() -> Any:
    manager = ParallelRunnerManager()
    manager.start()
    yield manager
    manager.shutdown()


def test_without_a_manager_there_is_nothing() -> None:
    dataset = SharedMemoryDataset()
    assert dataset.shared_memory_dataset is None and not dataset.exists() and repr(dataset).endswith("Dataset()")
    with pytest.raises(DatasetError, match="'NoneType'"):
        dataset.load()
    with pytest.raises(DatasetError, match="'NoneType'"):
        dataset.save(1)


def test_data_goes_through_the_manager(manager: Any) -> None:
    dataset = SharedMemoryDataset(manager)
    assert dataset._EPHEMERAL is True and not dataset.exists()
    with pytest.raises(DatasetError, match=r"Data for MemoryDataset has not been saved yet\."):
        dataset.load()
    dataset.save({"a": 1})
    assert dataset.exists() and dataset.load() == {"a": 1}
    dataset.set_manager(manager)
    assert not dataset.exists()


@pytest.mark.parametrize("name", ["exists", "load", "release", "save"])
def test_the_proxy_has_these_methods(name: str, manager: Any) -> None:
    assert callable(getattr(manager.MemoryDataset(), name))


def test_unknown_attributes_are_those_of_the_proxy(manager: Any) -> None:
    assert SharedMemoryDataset(manager)._token is not None
    with pytest.raises(AttributeError):
        SharedMemoryDataset(manager).__setstate__  # noqa: B018


def test_what_cannot_be_pickled_is_named(manager: Any) -> None:
    text = (
        r"<class 'function'> cannot be serialised. ParallelRunner implicit memory datasets can only be used with "
        r"serialisable data"
    )
    with pytest.raises(DatasetError, match=re.escape(text)):
        SharedMemoryDataset(manager).save(lambda: 1)


@better
def test_a_release_reaches_the_manager(manager: Any) -> None:
    dataset = SharedMemoryDataset(manager)
    dataset.save(1)
    dataset.release()
    assert not dataset.exists()


def test_a_shared_dataset_travels(manager: Any) -> None:
    dataset = SharedMemoryDataset(manager)
    dataset.save(5)
    from multiprocessing.reduction import ForkingPickler

    assert pickle.loads(bytes(ForkingPickler.dumps(SharedMemoryDataset()))).shared_memory_dataset is None


# --- CachedDataset ----------------------------------------------------------------------------------------------


def test_a_cache_is_built_around_an_entry_or_a_dataset(tmp_path: Path) -> None:
    behind = MemoryDataset(1)
    assert CachedDataset(behind)._dataset is behind
    dataset = CachedDataset({"type": TEXT, "filepath": str(tmp_path / "f")}, metadata={"a": 1})
    assert type(dataset._dataset) is Text and dataset.metadata == {"a": 1}
    assert dataset._EPHEMERAL is True and CachedDataset._SINGLE_PROCESS is True and CachedDataset._EPHEMERAL is False


@pytest.mark.parametrize("flag", [True, False])
def test_the_entry_behind_must_not_say_whether_it_is_versioned(flag: bool) -> None:
    with pytest.raises(ValueError) as caught:
        CachedDataset({"type": TEXT, "filepath": "f", "versioned": flag})
    assert str(caught.value) == (
        "Cached datasets should specify that they are versioned in the 'CachedDataset', not in the wrapped dataset."
    )


@pytest.mark.parametrize("behind", ["text", 1, None, [1]])
def test_something_else_behind_is_refused(behind: Any) -> None:
    with pytest.raises(ValueError, match="The argument type of 'dataset' should be either a dict/YAML representation "
                                         "of the dataset, or the actual dataset object"):  # fmt: skip
        CachedDataset(behind)


def test_the_version_goes_to_the_dataset_behind() -> None:
    dataset = CachedDataset({"type": TEXT, "filepath": "f"}, version=Version("l", "s"))
    assert dataset._dataset._version == Version("l", "s")


def test_the_memory_gets_the_mode_by_keyword(mocker: Any) -> None:
    made = mocker.patch(f"{PACKAGE}.io.cached_dataset.MemoryDataset")
    CachedDataset(MemoryDataset(1), copy_mode="assign")
    made.assert_called_once_with(copy_mode="assign")


def test_what_was_saved_or_loaded_once_is_not_read_again(mocker: Any) -> None:
    behind = MemoryDataset(1)
    read = mocker.spy(behind, "load")
    dataset = CachedDataset(behind)
    assert (dataset.load(), dataset.load(), read.call_count) == (1, 1, 1)
    dataset.save(2)
    assert (dataset.load(), behind.load()) == (2, 2)
    dataset.release()
    assert not dataset.exists() and not behind.exists()


def test_a_cache_exists_with_what_is_behind() -> None:
    assert CachedDataset(MemoryDataset(1)).exists() and not CachedDataset(MemoryDataset()).exists()


def test_a_load_of_none_cannot_be_kept() -> None:
    with pytest.raises(DatasetError, match="Saving 'None'"):
        CachedDataset(MemoryDataset(None)).load()


@since("1.7")
def test_the_representation_of_a_cache_quotes_both_parts() -> None:
    text = f"{PACKAGE}.io.cached_dataset.CachedDataset(dataset=\"{MEMORY}(data='<int>')\", cache='{MEMORY}()')"
    assert repr(CachedDataset(MemoryDataset(1))) == text
    assert CachedDataset(MemoryDataset(1))._describe() == {"dataset": {"data": "<int>"}, "cache": {"data": None}}


@pytest.mark.parametrize("travel", [copy.deepcopy, lambda ds: pickle.loads(pickle.dumps(ds))])
def test_travelling_empties_the_memory_with_a_warning(travel: Any, caplog: Any) -> None:
    dataset = CachedDataset(MemoryDataset(1))
    dataset.load()
    shown = str(dataset)
    travel(dataset)
    assert warned(caplog) == [(f"{PACKAGE}.io.cached_dataset", f"{shown}: clearing cache to pickle.")]
    assert not dataset._cache.exists()


def test_credentials_and_metadata_behind_work() -> None:
    inner = {"type": TEXT, "filepath": "f", "credentials": "db", "metadata": {"m": 1}}
    catalog = DataCatalog.from_config({"a": {"type": "CachedDataset", "dataset": inner}}, {"db": {"user": "u"}})
    assert catalog["a"]._dataset.credentials == {"user": "u"} and catalog["a"]._dataset.metadata == {"m": 1}


# --- The catalog as a dictionary --------------------------------------------------------------------------------


def test_a_catalog_needs_nothing() -> None:
    catalog = DataCatalog()
    assert len(catalog) == 0 and not catalog and catalog.keys() == [] and repr(catalog) == ""
    assert catalog._load_versions == {} and catalog._save_version is None
    assert DataCatalog.default_runtime_patterns == {"{default}": {"type": f"{PACKAGE}.io.MemoryDataset"}}
    assert isinstance(catalog, io.CatalogProtocol) and isinstance(catalog.config_resolver, Resolver)


def test_the_dictionary_given_is_the_one_used() -> None:
    given = {"a": MemoryDataset(1)}
    catalog = DataCatalog(given)
    catalog["b"] = 2
    assert catalog._datasets is given and "b" in given


def test_datasets_given_are_not_looked_at(mocker: Any) -> None:
    mock = mocker.Mock()
    assert DataCatalog({"a": mock})["a"] is mock


def test_an_entry_of_a_name_that_was_given_is_dropped_with_a_warning(caplog: Any) -> None:
    resolver = Resolver({"a": {"type": "MemoryDataset"}}, default_runtime_patterns={})
    given = MemoryDataset(1)
    caplog.clear()
    catalog = DataCatalog({"a": given}, config_resolver=resolver)
    assert catalog["a"] is given and "a" not in resolver.config
    assert warned(caplog) == [
        (CATALOG, "Cannot register dataset 'a' from config: a dataset with the same name was already provided in the "
         "`datasets` argument.")
    ]  # fmt: skip


def test_catalogs_cannot_be_hashed() -> None:
    with pytest.raises(TypeError):
        hash(DataCatalog())


@pytest.mark.parametrize(
    ("name", "inside"),
    [("boats", True), ("cars", True), ("x_text", True), ("x_TEXT", True), ("_text", False), ("nothing", False)],
)
def test_a_name_is_inside_if_registered_or_matched(name: str, inside: bool, catalog: Any) -> None:
    assert (name in catalog) is inside
    assert catalog.keys() == ["boats", "cars"]


def test_the_users_catch_all_counts_and_the_runtime_pattern_does_not() -> None:
    assert "x" in DataCatalog.from_config({"{any}": {"type": "MemoryDataset"}})
    assert "x" not in DataCatalog()


def test_an_item_that_is_missing_is_an_error() -> None:
    with pytest.raises(DatasetNotFoundError, match=r"^Dataset 'x' not found in the catalog$"):
        DataCatalog()["x"]


def test_names_of_lazy_datasets_come_first_and_move_when_built(catalog: Any) -> None:
    catalog["data"] = 1
    assert catalog.keys() == ["boats", "cars", "data"]
    catalog["boats"]
    assert catalog.keys() == list(catalog) == catalog._ipython_key_completions_() == ["cars", "data", "boats"]
    assert len(catalog) == 3


def test_values_and_items_are_lists_of_built_datasets(catalog: Any) -> None:
    assert [type(dataset).__name__ for dataset in catalog.values()] == ["Text", "Text"]
    items = catalog.items()
    assert type(items) is list and [name for name, _ in items] == ["boats", "cars"]
    assert catalog._lazy_datasets == {}


def test_items_may_be_replaced_while_looping(catalog: Any) -> None:
    for name, _ in catalog.items():
        catalog[name] = MemoryDataset(name)
    assert [dataset.load() for dataset in catalog.values()] == ["boats", "cars"]


def test_replacing_warns_and_forgets_all_that_was_known(entries: dict[str, Any], caplog: Any) -> None:
    catalog = DataCatalog.from_config(entries, load_versions={"boats": "v"})
    catalog["boats"] = 1
    assert warned(caplog) == [(CATALOG, "Replacing dataset 'boats'")]
    assert catalog["boats"].load() == 1
    assert "boats" not in catalog.config_resolver.config and "boats" not in catalog._load_versions
    assert "boats" not in catalog._lazy_datasets


@pytest.mark.parametrize("data", [1, None, "text", [], {"a": 1}, MemoryDataset])
def test_data_becomes_a_dataset_in_memory(data: Any, caplog: Any) -> None:
    caplog.set_level("DEBUG")
    catalog = DataCatalog()
    catalog["d"] = data
    assert (CATALOG, logging.DEBUG, "Adding input data d as a default MemoryDataset") in caplog.record_tuples
    assert type(catalog["d"]) is MemoryDataset and catalog.load("d") == data


def test_a_lazy_dataset_can_be_assigned() -> None:
    catalog = DataCatalog()
    catalog["a"] = _LazyDataset("a", {"type": "MemoryDataset", "data": 1})
    assert "a" in catalog._lazy_datasets and catalog.load("a") == 1 and "a" not in catalog._lazy_datasets


def test_catalogs_are_equal_by_the_identity_of_their_datasets() -> None:
    dataset = MemoryDataset(1)
    assert DataCatalog({"a": dataset}) == DataCatalog({"a": dataset})
    assert DataCatalog({"a": dataset}) != DataCatalog({"a": MemoryDataset(1)})
    assert DataCatalog({"a": dataset}) != DataCatalog({"b": dataset})
    assert DataCatalog() != DataCatalog.from_config({"{x}_y": {"type": "MemoryDataset"}})
    catalog = DataCatalog({"a": dataset})
    assert copy.deepcopy(catalog) != catalog
    with pytest.raises(AttributeError):
        assert catalog == 1


def test_the_representation_has_a_line_per_entry(catalog: Any, tmp_path: Path) -> None:
    catalog["data"] = 1
    catalog["boats"] = MemoryDataset()
    expected = f"'cars': {TEXT}\n'data': {MEMORY}(data='<int>')\n'boats': {MEMORY}()"
    assert repr(catalog) == str(catalog) == expected


def test_printing_needs_the_classes(entries: dict[str, Any]) -> None:
    catalog = DataCatalog.from_config({"a": {"type": "nowhere.At"}})
    with pytest.raises(DatasetError, match="No module named 'nowhere'"):
        repr(catalog)
    del catalog._lazy_datasets["a"].config["type"]
    with pytest.raises(KeyError, match="type"):
        repr(catalog)


def test_a_lazy_dataset_has_its_arguments_and_builds_through_the_global(mocker: Any) -> None:
    lazy = _LazyDataset("n", {"type": "MemoryDataset"}, "l", "s")
    assert (lazy.name, lazy.config, lazy.load_version, lazy.save_version) == ("n", {"type": "MemoryDataset"}, "l", "s")
    assert repr(lazy) == MEMORY
    replaced = mocker.patch(f"{CATALOG}.AbstractDataset")
    assert lazy.materialize() is replaced.from_config.return_value
    replaced.from_config.assert_called_once_with("n", {"type": "MemoryDataset"}, "l", "s")


def test_from_config_of_datasets_may_be_replaced(mocker: Any, catalog: Any) -> None:
    made = MemoryDataset(7)
    mocker.patch(f"{PACKAGE}.io.core.AbstractDataset.from_config", return_value=made)
    assert catalog["cars"] is made


# --- get --------------------------------------------------------------------------------------------------------


def test_get_of_nothing_is_none_unless_the_runtime_pattern_serves() -> None:
    catalog = DataCatalog()
    assert catalog.get("x") is None and catalog.keys() == []
    dataset = catalog.get("x", fallback_to_runtime_pattern=True)
    assert type(dataset) is MemoryDataset and catalog.keys() == ["x"] and catalog.get("x") is dataset


def test_get_by_a_pattern_registers(catalog: Any) -> None:
    dataset = catalog.get("x_text")
    assert type(dataset) is Text and dataset is catalog["x_text"] and catalog.keys() == ["boats", "cars", "x_text"]
    assert dataset._filepath.name == "x.txt"


def test_a_none_that_is_stored_is_returned() -> None:
    catalog = DataCatalog()
    catalog._datasets["x"] = None
    assert catalog.get("x", fallback_to_runtime_pattern=True) is None


def test_get_with_a_version_gives_a_copy(catalog: Any) -> None:
    dataset = catalog.get("boats", version=Version("v", None))
    assert dataset._version == Version("v", None) and catalog["boats"] is not dataset
    assert catalog["boats"]._version.load is None
    catalog["plain"] = 1
    assert catalog.get("plain", version=Version("v", None)) is catalog["plain"]


@better
def test_an_entry_that_cannot_be_built_stays_and_fails_alike() -> None:
    catalog = DataCatalog.from_config({"a": {"type": f"{__name__}.Fragile"}, "{x}_p": {"type": f"{__name__}.Fragile"}})
    Fragile.broken = True
    for _ in range(2):
        for name in ("a", "b_p"):
            with pytest.raises(DatasetError, match="still broken"):
                catalog.get(name)
        with pytest.raises(DatasetError, match="still broken"):
            catalog.exists("a")
    assert list(catalog) == ["a"]
    Fragile.broken = False
    assert type(catalog["a"]) is Fragile and type(catalog["b_p"]) is Fragile


@better
@pytest.mark.parametrize("name", ["a", "b_p", "free"])
def test_threads_that_ask_at_once_get_one_dataset(name: str) -> None:
    Fragile.broken, Fragile.built = False, 0
    kind = {"type": f"{__name__}.Fragile"}
    catalog = DataCatalog.from_config({"a": kind, "{x}_p": kind, "{any}": kind})
    barrier = threading.Barrier(4, timeout=30)

    def ask(_: int) -> Any:
        barrier.wait()
        return catalog.get(name, True)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(ask, range(4)))
    assert found[0] is not None and len(set(map(id, found))) == 1 and Fragile.built == 1


# --- load, save and the rest ------------------------------------------------------------------------------------


def test_loads_and_saves_are_announced(caplog: Any) -> None:
    caplog.set_level("INFO")
    catalog = DataCatalog({"a": MemoryDataset(1)})
    catalog.save("a", 2)
    assert catalog.load("a") == 2
    with pytest.raises(DatasetError):
        catalog.confirm("a")
    records = caplog.records
    assert [r.name for r in records] == [CATALOG] * 3
    texts = [re.sub(r"\[/?dark_orange\]", "", r.getMessage()) for r in records]
    assert texts == [
        "Saving data to a (MemoryDataset)...",
        "Loading data from a (MemoryDataset)...",
        "Confirming dataset 'a'",
    ]


@since("1.5")
def test_announcements_say_what_to_colour(caplog: Any) -> None:
    caplog.set_level("INFO")
    DataCatalog({"a": MemoryDataset(1)}).load("a")
    assert caplog.records[0].rich_format == ["dark_orange"]


@pytest.mark.parametrize(
    "ask",
    [lambda c: c.load("x"), lambda c: c.save("x", 1), lambda c: c.release("x"), lambda c: c.confirm("x")],
    ids=["load", "save", "release", "confirm"],
)
def test_an_unknown_name_is_an_error(ask: Any) -> None:
    with pytest.raises(DatasetNotFoundError, match=r"^Dataset 'x' not found in the catalog$"):
        ask(DataCatalog())


def test_an_unknown_name_does_not_exist() -> None:
    assert DataCatalog().exists("x") is False


@since("1.3")
@pytest.mark.parametrize("error", [DatasetError("why"), core.VersionNotFoundError("why")])
@pytest.mark.parametrize("ask", [lambda c: c.load("a"), lambda c: c.save("a", 1)])
def test_dataset_errors_get_the_name_in_front(ask: Any, error: Exception) -> None:
    with pytest.raises(DatasetError) as caught:
        ask(DataCatalog({"a": Failing(error)}))
    assert str(caught.value) == "a: why" and type(caught.value) is DatasetError and caught.value.__cause__ is error


def test_other_errors_of_mocks_stay(mocker: Any) -> None:
    dataset = mocker.Mock()
    dataset.load.side_effect = dataset.save.side_effect = ZeroDivisionError("x")
    for ask in (lambda c: c.load("a"), lambda c: c.save("a", 1)):
        with pytest.raises(ZeroDivisionError):
            ask(DataCatalog({"a": dataset}))


def test_confirm_reaches_the_dataset_or_is_refused() -> None:
    catalog = DataCatalog({"a": Confirmed(), "b": MemoryDataset()})
    catalog.confirm("a")
    assert catalog["a"].confirmed == 1
    with pytest.raises(DatasetError, match=r"^Dataset 'b' does not have 'confirm' method$"):
        catalog.confirm("b")


def test_release_and_exists_reach_the_dataset() -> None:
    catalog = DataCatalog({"a": MemoryDataset(1)})
    assert catalog.exists("a")
    catalog.release("a")
    assert not catalog.exists("a")


@pytest.mark.parametrize("ask", [lambda c: c.load("a"), lambda c: c.save("a", 1), lambda c: c.release("a"),
                                 lambda c: c["a"]])  # fmt: skip
def test_datasets_are_fetched_through_get(ask: Any, mocker: Any) -> None:
    catalog = DataCatalog()
    get = mocker.patch.object(catalog, "get")
    ask(catalog)
    assert get.call_count == 1 and get.call_args.args[0] == "a"


def test_a_version_to_load_is_asked_for_as_such(catalog: Any) -> None:
    for version in ("v1", "v2"):
        Text(str(catalog["boats"]._filepath), Version(None, version)).save(version)
    assert catalog.load("boats") == "v2" and catalog.load("boats", version="v1") == "v1"
    with pytest.raises(DatasetError):
        catalog.load("boats", version="v3")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("boats", TEXT), ("x_text", TEXT), ("data", MEMORY), ("nothing", None)],
)
def test_a_type_is_told_without_registering(name: str, expected: Any, catalog: Any) -> None:
    catalog["data"] = 1
    assert catalog.get_type(name) == expected
    assert catalog.keys() == ["boats", "cars", "data"]
    catalog["boats"]
    assert catalog.get_type("boats") == TEXT


class OtherMemory(MemoryDataset):  # type: ignore[misc,valid-type]
    pass


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, ["boats", "cars", "params:a", "data"]),
        ({"name_regex": "a"}, ["boats", "cars", "params:a", "data"]),
        ({"name_regex": "^.{4}$"}, ["cars", "data"]),
        ({"name_regex": re.compile("BOATS", re.I)}, ["boats"]),
        ({"name_regex": ""}, ["boats", "cars", "params:a", "data"]),
        ({"type_regex": "Text$"}, ["boats", "cars"]),
        ({"type_regex": re.compile("memory_")}, ["params:a"]),
        ({"by_type": MemoryDataset}, ["params:a"]),
        ({"by_type": [MemoryDataset, Text]}, ["boats", "cars", "params:a"]),
        ({"by_type": OtherMemory, "name_regex": "data"}, ["data"]),
        ({"by_type": [], "type_regex": None}, ["boats", "cars", "params:a", "data"]),
        ({"name_regex": "zzz"}, []),
    ],
)
def test_names_are_filtered(filters: Any, names: list[str], catalog: Any) -> None:
    catalog["params:a"] = 1
    catalog["data"] = OtherMemory(1)
    assert catalog.filter(**filters) == names


@pytest.mark.parametrize("filters", [{"name_regex": "("}, {"type_regex": "("}])
def test_a_bad_expression_is_an_error(filters: Any, catalog: Any) -> None:
    with pytest.raises(re.error):
        catalog.filter(**filters)


# --- from_config and to_config ----------------------------------------------------------------------------------


@pytest.mark.parametrize("empty", [None, {}])
def test_no_configuration_is_an_empty_catalog(empty: Any) -> None:
    assert DataCatalog.from_config(empty).keys() == []


def test_the_configuration_is_left_as_it_is(entries: dict[str, Any]) -> None:
    credentials = {"db": {"user": "u"}}
    entries["cars"]["credentials"] = "db"
    before = copy.deepcopy((entries, credentials))
    first = DataCatalog.from_config(entries, credentials)
    first.values()
    first.save("boats", "x")
    assert (entries, credentials) == before
    assert DataCatalog.from_config(entries, credentials).keys() == ["boats", "cars"]


@pytest.mark.parametrize("entry", ["text", 1, None, ["a"]])
def test_an_entry_that_is_no_dictionary_is_refused(entry: Any) -> None:
    text = (
        "Catalog entry 'a' is not a valid dataset configuration. \nHint: If this catalog entry is intended for "
        "variable interpolation, make sure that the key is preceded by an underscore."
    )
    for refuse in (lambda: DataCatalog.from_config({"a": entry}),
                   lambda: resolver({"b": {"filepath": "x"}, "a": entry}),
                   lambda: DataCatalog._validate_dataset_config("a", entry)):  # fmt: skip
        with pytest.raises(DatasetError) as caught:
            refuse()
        assert str(caught.value) == text


def test_an_entry_without_type_is_refused() -> None:
    with pytest.raises(DatasetError) as caught:
        DataCatalog.from_config({"a": {"filepath": "x"}})
    assert str(caught.value).startswith(
        "An exception occurred when parsing config for dataset 'a':\n"
        "'type' is missing from dataset catalog configuration."
    )


def test_other_faults_of_an_entry_show_when_it_is_used() -> None:
    catalog = DataCatalog.from_config({"a": {"type": "nowhere.At"}, "b": {"type": "MemoryDataset", "wrong": 1}})
    with pytest.raises(DatasetError, match="parsing config for dataset 'a'"):
        catalog.get("a")
    with pytest.raises(DatasetError, match="Dataset 'b' must only contain arguments valid for the constructor"):
        catalog.exists("b")


@pytest.mark.parametrize(
    ("versions", "missing"),
    [({"boats": "v"}, None), ({"x_text": "v"}, None), ({"b": "v", "a": "v"}, "a, b"), ({"other": "v"}, "other")],
)
def test_load_versions_must_be_of_known_names(versions: Any, missing: Any, entries: dict[str, Any]) -> None:
    entries["{any}"] = {"type": "MemoryDataset"}
    if missing is None:
        assert DataCatalog.from_config(entries, load_versions=versions)._load_versions == versions
        return
    with pytest.raises(DatasetNotFoundError) as caught:
        DataCatalog.from_config(entries, load_versions=versions)
    assert str(caught.value) == f"'load_versions' keys [{missing}] are not found in the catalog."


def test_entries_are_looked_at_before_load_versions() -> None:
    with pytest.raises(DatasetError, match="Catalog entry 'a' is not a valid dataset configuration"):
        DataCatalog.from_config({"a": 5}, load_versions={"zz": "v"})


def test_load_versions_reach_the_datasets(entries: dict[str, Any]) -> None:
    catalog = DataCatalog.from_config(entries, load_versions={"boats": "v1"}, save_version="s1")
    assert catalog["boats"]._version == Version("v1", "s1")


def test_one_save_version_is_drawn_for_all(entries: dict[str, Any], mocker: Any) -> None:
    mocker.patch(f"{CATALOG}.generate_timestamp", return_value="now")
    entries["cars"]["versioned"] = True
    catalog = DataCatalog.from_config(entries)
    assert catalog["boats"]._version == catalog["cars"]._version == Version(None, "now")
    assert catalog._save_version == "now"


@better
def test_a_resolver_alone_gives_one_save_version_too(entries: dict[str, Any]) -> None:
    entries["cars"]["versioned"] = True
    catalog = DataCatalog(config_resolver=Resolver(entries, None, {"{d}": {"type": "MemoryDataset"}}))
    assert catalog["boats"]._version.save == catalog["cars"]._version.save


@pytest.mark.parametrize("wrap", [lambda ds: ds, CachedDataset])
def test_another_save_version_is_refused(wrap: Any, entries: dict[str, Any]) -> None:
    catalog = DataCatalog.from_config({"cars": entries["cars"]}, save_version="s")
    with pytest.raises(core.VersionAlreadyExistsError) as caught:
        catalog["new"] = wrap(Text("f", Version(None, "t")))
    assert str(caught.value) == (
        "Cannot add a dataset `new` with `t` save version. Save version set for the catalog is `s`All datasets in the "
        "catalog must have the same save version."
    )
    catalog["fine"] = wrap(Text("f", Version("l", "s")))
    assert catalog._load_versions["fine"] == "l"


def test_datasets_given_settle_the_save_version() -> None:
    catalog = DataCatalog({"a": Text("f", Version("l", "s")), "b": Text("g", Version(None, None))})
    assert (catalog._save_version, catalog._load_versions) == ("s", {"a": "l"})
    with pytest.raises(core.VersionAlreadyExistsError):
        DataCatalog({"a": Text("f", Version(None, "s")), "b": Text("g", Version(None, "t"))})


@better
def test_a_refused_dataset_leaves_the_old_one(catalog: Any) -> None:
    old = catalog["boats"]
    with pytest.raises(core.VersionAlreadyExistsError):
        catalog["boats"] = Text("f", Version(None, "other"))
    assert catalog["boats"] is old


def test_an_unused_catalog_gives_its_entries_back(entries: dict[str, Any]) -> None:
    catalog = DataCatalog.from_config(entries, load_versions={"boats": "l"}, save_version="s")
    found, credentials, load_versions, save_version = catalog.to_config()
    plain = {name: entry for name, entry in entries.items() if "{" not in name}
    assert (found, credentials, save_version) == (plain, {}, "s")
    assert load_versions == {"boats": "l", "cars": None}


def test_a_used_catalog_gives_full_entries(entries: dict[str, Any]) -> None:
    entries["cars"] |= {"credentials": "db", "metadata": {"m": 1}}
    catalog = DataCatalog.from_config(entries, {"db": {"user": "u"}}, save_version="s")
    catalog.values()
    catalog["x_text"]
    catalog["data"] = 1
    found, credentials, _, _ = catalog.to_config()
    assert found["cars"] == {
        "type": TEXT, "filepath": entries["cars"]["filepath"], "credentials": "cars_credentials", "load_args": None,
    }  # fmt: skip
    assert found["boats"]["versioned"] is True and "data" not in found and "x_text" in found
    assert credentials == {"cars_credentials": {"user": "u"}}


@pytest.mark.parametrize("used", [False, True])
def test_a_catalog_survives_its_configuration(used: bool, entries: dict[str, Any]) -> None:
    inner = {"type": TEXT, "filepath": "f", "credentials": "db"}
    entries |= {"c": {"type": "CachedDataset", "versioned": True, "dataset": inner}}
    catalog = DataCatalog.from_config(entries, {"db": {"user": "u"}}, {"boats": "l"}, "s")
    if used:
        catalog.values()
    config = catalog.to_config()
    again = DataCatalog.from_config(*config)
    assert again.to_config() == config and sorted(again.keys()) == sorted(catalog.keys())
    assert again["c"]._dataset.credentials == {"user": "u"}
    assert again["c"]._dataset._version == Version(None, "s") and again["boats"]._version == Version("l", "s")


# --- Travelling -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("travel", [copy.deepcopy, lambda c: pickle.loads(pickle.dumps(c))])
def test_catalogs_travel(travel: Any, catalog: Any) -> None:
    catalog["data"] = {"a": 1}
    catalog["cars"]
    there = travel(catalog)
    assert there.keys() == catalog.keys() and there.load("data") == {"a": 1}
    there.save("boats", "x")
    assert there.load("boats") == "x" and "x_text" in there
    there["more"] = 1
    assert "more" not in catalog


# --- Subclasses and other catalogs ------------------------------------------------------------------------------


def test_a_subclass_has_runtime_patterns_of_its_own() -> None:
    class Mine(DataCatalog):  # type: ignore[misc,valid-type]
        default_runtime_patterns = {"{default}": {"type": f"{__name__}.Confirmed"}}

    assert type(Mine().get("x", True)) is Confirmed
    assert type(Mine.from_config({}).get("x", True)) is Confirmed
    assert type(Mine.from_config({})).__name__ == "Mine"


class Minimal:
    """The least that a catalog can be."""

    _datasets: dict[str, Any]

    def __init__(self) -> None:
        self._datasets = {}

    def __repr__(self) -> str:
        return "Minimal"

    def __contains__(self, name: object) -> bool:
        return name in self._datasets

    def keys(self) -> Any: ...
    def values(self) -> Any: ...
    def items(self) -> Any: ...
    def __iter__(self) -> Any: ...
    def __getitem__(self, name: str) -> Any: ...
    def __setitem__(self, name: str, value: Any) -> None: ...
    @classmethod
    def from_config(cls, catalog: Any) -> Any: ...
    def get(self, key: str, fallback_to_runtime_pattern: bool = False, version: Any = None) -> Any: ...
    def save(self, name: str, data: Any) -> None: ...
    def load(self, name: str, version: Any = None) -> Any: ...
    def release(self, name: str) -> None: ...
    def confirm(self, name: str) -> None: ...
    def exists(self, name: str) -> bool:
        return False


def test_any_class_with_the_methods_keeps_the_protocol() -> None:
    assert isinstance(Minimal(), io.CatalogProtocol) and not isinstance(Minimal(), io.SharedMemoryCatalogProtocol)
    assert not isinstance({}, io.CatalogProtocol)
    assert isinstance(SharedMemoryDataCatalog(), io.SharedMemoryCatalogProtocol)
    with pytest.raises(TypeError):
        issubclass(Minimal, io.CatalogProtocol)


def test_a_shared_catalog_makes_shared_datasets(manager: Any) -> None:
    catalog = SharedMemoryDataCatalog({"a": SharedMemoryDataset()})
    assert SharedMemoryDataCatalog.default_runtime_patterns == {
        "{default}": {"type": f"{PACKAGE}.io.SharedMemoryDataset"}
    }
    assert type(catalog.get("x", True)) is SharedMemoryDataset
    catalog.set_manager_datasets(manager)
    catalog.save("a", 1)
    catalog.save("x", 2)
    assert (catalog.load("a"), catalog.load("x")) == (1, 2)
    catalog.set_manager_datasets(manager)
    assert not catalog.exists("a")


def test_datasets_that_cannot_leave_their_process_are_listed() -> None:
    local = MemoryDataset(copy_mode="assign")
    local._data = lambda: 1  # cannot be pickled
    catalog = SharedMemoryDataCatalog({"z": CachedDataset(MemoryDataset()), "l": local, "fine": MemoryDataset(1)})
    with pytest.raises(AttributeError) as caught:
        catalog.validate_catalog()
    assert str(caught.value).startswith(
        "The following datasets cannot be used with multiprocessing: ['l', 'z']\nIn order to utilize multiprocessing "
        "you need to make sure all datasets are serialisable"
    )


def test_a_lock_in_a_dataset_is_a_type_error() -> None:
    dataset = Confirmed()
    dataset.lock = threading.Lock()
    with pytest.raises(TypeError):
        SharedMemoryDataCatalog({"a": dataset}).validate_catalog()


@since("1.6")
def test_a_remote_dataset_that_cannot_travel_is_explained() -> None:
    dataset = Confirmed()
    dataset._protocol, dataset.f = "s3", lambda: 1
    text = r"'a'[\s\S]*s3[\s\S]*ThreadRunner[\s\S]*SequentialRunner"
    with pytest.warns(UserWarning, match=text), pytest.raises(AttributeError):
        SharedMemoryDataCatalog({"a": dataset}).validate_catalog()


# --- CatalogConfigResolver --------------------------------------------------------------------------------------


def resolver(config: Any = None, credentials: Any = None, **more: Any) -> Any:
    return Resolver(config, credentials, more.get("runtime", {"{default}": {"type": "MemoryDataset"}}))


@pytest.mark.parametrize(("given", "count"), [(None, 1), ({}, 0)])
def test_missing_runtime_patterns_are_replaced(given: Any, count: int, caplog: Any) -> None:
    found = Resolver(default_runtime_patterns=given)
    assert found._default_runtime_patterns == {"{default}": {"type": f"{PACKAGE}.io.MemoryDataset"}}
    texts = [text for _, text in warned(caplog)]
    assert len(texts) == count
    assert all(t.startswith("Since runtime patterns are not provided, setting the runtime pattern to default value: ")
               for t in texts)  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "answer", "specificity"),
    [("{a}", True, 0), ("a_{b}", True, 2), ("{a}_{b}_csv", True, 5), ("abc", False, 3), ("a{", True, 2)],
)
def test_patterns_are_known_by_a_brace(pattern: str, answer: bool, specificity: int) -> None:
    assert Resolver.is_pattern(pattern) is answer and Resolver._pattern_specificity(pattern) == specificity


def test_patterns_are_sorted_by_specificity_fields_and_name() -> None:
    names = ["{a}_csv", "{b}_csv", "{a}.{b}", "{x}", "{a}_{b}csv", "pre_{a}_csv"]
    assert list(Resolver._sort_patterns(dict.fromkeys(names, 1))) == [
        "pre_{a}_csv", "{a}_{b}csv", "{a}_csv", "{b}_csv", "{a}.{b}", "{x}"
    ]  # fmt: skip


def test_two_catch_alls_are_refused() -> None:
    with pytest.raises(DatasetError) as caught:
        Resolver._sort_patterns({"{x}": {}, "{a}{b}": {}})
    assert str(caught.value) == (
        "Multiple catch-all patterns found in the catalog: {a}{b}, {x}. Only one catch-all pattern is allowed, remove "
        "the extras."
    )


@pytest.mark.parametrize(
    ("config", "fields"),
    [
        ({"filepath": "{b}"}, "{'{b}'}"),
        ({"deep": {"list": ["x{c}"]}}, "{'{c}'}"),
        ("{b}", "{'{b}'}"),
        (["{b}"], "{'{b}'}"),
        (("{b}",), "{'{b}'}"),
    ],
)
def test_a_field_that_the_name_lacks_is_refused(config: Any, fields: str) -> None:
    text = (
        f"Incorrect dataset configuration provided. Keys used in the configuration {fields} should present in the "
        "dataset pattern name {a}_x."
    )
    with pytest.raises(DatasetError) as caught:
        Resolver._validate_pattern_config("{a}_x", config)
    assert str(caught.value) == text


def test_fields_are_compared_as_text() -> None:
    Resolver._validate_pattern_config("{n:d}_x", {"filepath": "{n:d}"})
    with pytest.raises(DatasetError):
        Resolver._validate_pattern_config("{n:d}_x", {"filepath": "{n}"})


KIND = {"type": "MemoryDataset"}


def test_a_pattern_without_text_is_the_catch_all() -> None:
    found = resolver({"{any}": KIND, "{a}_x": KIND, "e": KIND})
    assert (found._user_catch_all_pattern, found._dataset_patterns) == ({"{any}": KIND}, {"{a}_x": KIND})
    assert found.config == found._resolved_configs == {"e": KIND}
    assert found.list_patterns() == ["{a}_x", "{any}", "{default}"]
    assert resolver({"{default}": KIND}).list_patterns() == ["{default}"]


@pytest.mark.parametrize(
    ("name", "dataset", "catch_all"),
    [("b_x", "{a}_x", "{any}"), ("B_X", "{a}_x", "{any}"), ("_x", None, "{any}"), ("other", None, "{any}")],
)
def test_names_are_matched(name: str, dataset: Any, catch_all: str) -> None:
    found = resolver({"{any}": KIND, "{a}_x": KIND})
    assert found.match_dataset_pattern(name) == dataset
    assert found.match_user_catch_all_pattern(name) == catch_all
    assert found.match_runtime_pattern(name) == "{default}"
    assert resolver().match_dataset_pattern(name) is resolver().match_user_catch_all_pattern(name) is None


@pytest.mark.parametrize(
    ("pattern", "name", "text", "filled"),
    [
        ("{ns}.{name}", "a.b.c", "{ns}/{name}", "a/b.c"),
        ("{a}_{a}", "x_x", "{a}", "x"),
        ("{a}_{a}", "x_y", "{a}", None),
        ("{n:d}_ds", "12_ds", "{n:d}.csv", "12.csv"),
        ("{n:d}_ds", "x_ds", "{n:d}", None),
        ("{a-b}_x", "q_x", "{a-b}", "q"),
        ("{a}_x", "Q_X", "{a}", "Q"),
        ("{a}x{b}", "1x2x3", "{a}|{b}", "1|2x3"),
        ("{a}_x", "two\nlines_x", "{a}", "two\nlines"),
        ("x{a}", "x", "{a}", None),
    ],
)
def test_matching_and_filling(pattern: str, name: str, text: str, filled: Any) -> None:
    found = resolver({pattern: {"type": "MemoryDataset", "data": text}})
    if filled is None:
        assert found.match_dataset_pattern(name) is None
    else:
        assert found.resolve_pattern(name)["data"] == filled


def test_class_methods_serve_raw_configuration() -> None:
    assert list(Resolver._get_matches(["{a}_x", "{b}"], "q_x")) == ["{a}_x", "{b}"]
    assert Resolver._resolve_dataset_config("q_x", "{a}_x", {"f": "{a}", "l": ["{a}", 1]}) == {"f": "q", "l": ["q", 1]}
    found = resolver({"{a}_x": KIND})
    assert found._get_pattern_config("{a}_x") == KIND and found._get_pattern_config("nothing") == {}


def test_filling_looks_into_values_of_all_depths_and_not_into_keys() -> None:
    entry = {"type": "MemoryDataset", "data": {"{a}": ["{a}", ("{a}",), {"k": "{a}!"}, 5, None]}}
    assert resolver({"{a}_x": entry}).resolve_pattern("q_x")["data"] == {"{a}": ["q", ["q"], {"k": "q!"}, 5, None]}


@since("1.3")
def test_subclasses_of_tuples_pass_through_as_they_are() -> None:
    pair = namedtuple("pair", "a b")("{x}", 1)
    assert Resolver._resolve_dataset_config("q_x", "{x}_x", {"p": pair})["p"] is pair


def test_an_explicit_entry_is_returned_itself() -> None:
    found = resolver({"e": KIND, "{any}": {"type": "CachedDataset"}})
    assert found.resolve_pattern("e") is found.config["e"]


def test_the_best_pattern_wins_and_a_catch_all_is_announced(caplog: Any) -> None:
    found = resolver({"{any}": {"type": "A"}, "{a}_x": {"type": "B"}, "{a}_{b}_x": {"type": "C"}})
    assert [found.resolve_pattern(name)["type"] for name in ("1_2_x", "1_x", "1")] == ["C", "B", "A"]
    text = (
        "Config from the dataset pattern '{any}' in the catalog will be used to override the default dataset creation "
        "for '1'"
    )
    assert [message for _, message in warned(caplog)] == [text]
    found.resolve_pattern("1")
    assert len(warned(caplog)) == 2
    assert resolver().resolve_pattern("1") == KIND


def test_each_resolution_is_its_own() -> None:
    found = resolver({"{a}_x": {"type": "B", "args": {"l": []}}})
    found.resolve_pattern("1_x")["args"]["l"].append(1)
    assert found.resolve_pattern("1_x")["args"]["l"] == []


def test_credentials_are_put_in_at_any_depth() -> None:
    config = {"a": {"type": "T", "credentials": "c", "dataset": {"credentials": "d", "l": [{"credentials": "c"}]}}}
    found = resolver(config, {"c": {"u": 1}, "d": "text"}).config["a"]
    assert found == {
        "type": "T", "credentials": {"u": 1}, "dataset": {"credentials": "text", "l": [{"credentials": "c"}]},
    }  # fmt: skip
    assert config["a"]["credentials"] == "c"


def test_inline_credentials_are_kept_and_searched() -> None:
    config = {"a": {"type": "T", "credentials": {"user": "u", "credentials": "c"}}}
    assert resolver(config, {"c": 5}).config["a"]["credentials"] == {"user": "u", "credentials": 5}


@pytest.mark.parametrize("name", ["a", "{p}_x"])
@pytest.mark.parametrize("credentials", [None, {}, {"other": {}}])
def test_unknown_credentials_are_an_error_at_once(name: str, credentials: Any) -> None:
    with pytest.raises(KeyError) as caught:
        resolver({name: {"type": "T", "credentials": "c"}}, credentials)
    assert "Unable to find credentials 'c': check your data catalog and credentials configuration." in str(caught.value)


def test_helpers_for_credentials_are_there() -> None:
    assert resolvers._fetch_credentials("a", {"a": 1}) == 1
    assert resolvers._resolve_credentials({"credentials": "a", "x": {"credentials": "a"}}, {"a": 1}) == {
        "credentials": 1, "x": {"credentials": 1},
    }  # fmt: skip
    assert resolvers.CREDENTIALS_KEY == "credentials"


@pytest.mark.parametrize(
    ("config", "left", "found"),
    [
        ({"type": "T", "credentials": {"a": 1}}, {"type": "T", "credentials": "n_credentials"}, {"a": 1}),
        ({"d": {"credentials": "x"}}, {"d": {"credentials": "n_credentials"}}, "x"),
        ({"credentials": None}, {"credentials": None}, None),
        ({}, {}, None),
    ],
)
def test_credentials_are_taken_out(config: Any, left: Any, found: Any) -> None:
    before = copy.deepcopy(config)
    assert Resolver._unresolve_credentials("n", config) == (left, {} if found is None else {"n_credentials": found})
    assert config == before


@better
def test_two_credentials_of_one_entry_are_both_kept() -> None:
    config = {"a": {"type": "T", "credentials": {"u": 1}, "dataset": {"type": "T", "credentials": {"u": 2}}}}
    left, taken = Resolver._unresolve_credentials("a", config["a"])
    assert resolver({"a": left}, taken).config == config


@better
@pytest.mark.parametrize("password", ["}", "{n}", "{", "a}b{c"])
def test_a_password_is_not_filled(password: str) -> None:
    found = resolver({"{n}_x": {"type": "T", "credentials": "c", "f": "{n}"}}, {"c": {"p": password}})
    assert found.resolve_pattern("q_x") == {"type": "T", "credentials": {"p": password}, "f": "q"}


@better
def test_a_field_may_choose_the_credentials() -> None:
    found = resolver({"{n}_x": {"type": "T", "credentials": "{n}_cred"}}, {"q_cred": {"p": 1}})
    assert found.resolve_pattern("q_x")["credentials"] == {"p": 1}
    with pytest.raises(KeyError, match="Unable to find credentials 'z_cred'"):
        found.resolve_pattern("z_x")


@better
@pytest.mark.parametrize("entry", [5, "text", None])
def test_a_pattern_that_is_no_dictionary_is_refused(entry: Any) -> None:
    with pytest.raises(DatasetError, match="not a valid dataset configuration"):
        resolver({"{a}_x": entry})


@better
def test_an_empty_pattern_is_a_dataset_error() -> None:
    with pytest.raises(DatasetError, match="'type' is missing"):
        DataCatalog.from_config({"{a}_x": {}}).get("q_x")


# --- Use in a project -------------------------------------------------------------------------------------------


def test_transcoded_names_are_entries_of_their_own(tmp_path: Path) -> None:
    path = str(tmp_path / "f")
    catalog = DataCatalog.from_config({"df@a": {"type": TEXT, "filepath": path}, "df@b": KIND})
    assert type(catalog["df@a"]) is Text and type(catalog["df@b"]) is MemoryDataset and "df" not in catalog


def test_parameters_are_datasets_that_no_change_reaches() -> None:
    catalog = DataCatalog()
    catalog["params:a"] = {"b": [1]}
    catalog.load("params:a")["b"].append(2)
    assert catalog.load("params:a") == {"b": [1]}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert catalog.filter(name_regex="^params:") == ["params:a"]
