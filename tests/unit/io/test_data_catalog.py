"""The catalog: names, patterns, versions, and many threads at once."""

from __future__ import annotations

import copy
import logging
import pickle
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import deodar.io.data_catalog as data_catalog
from deodar.io import (
    AbstractDataset,
    CachedDataset,
    CatalogConfigResolver,
    CatalogProtocol,
    DataCatalog,
    DatasetError,
    DatasetNotFoundError,
    MemoryDataset,
    SharedMemoryCatalogProtocol,
    Version,
)
from deodar.io.core import VersionAlreadyExistsError, VersionNotFoundError
from deodar.io.data_catalog import _LazyDataset

MEMORY = {"type": "MemoryDataset"}


class Broken(AbstractDataset[Any, Any]):
    built = 0

    def __init__(self) -> None:
        type(self).built += 1
        raise ValueError("cannot be built")

    def load(self) -> Any: ...

    def save(self, data: Any) -> None: ...

    def _describe(self) -> dict[str, Any]:
        return {}


class Failing(MemoryDataset):
    def load(self) -> Any:
        raise VersionNotFoundError("gone")


class Confirming(MemoryDataset):
    confirmed = False

    def confirm(self) -> None:
        self.confirmed = True


def test_data_given_as_it_is_becomes_a_dataset() -> None:
    catalog = DataCatalog()
    catalog["x"] = {"a": 1}
    assert catalog.load("x") == {"a": 1}


def test_none_is_data() -> None:
    catalog = DataCatalog()
    catalog["x"] = None
    assert catalog.load("x") is None


def test_the_dictionary_given_is_the_one_used() -> None:
    datasets: dict[str, Any] = {"x": MemoryDataset(1)}
    catalog = DataCatalog(datasets)
    catalog["y"] = 2
    assert list(datasets) == ["x", "y"]


def test_a_name_that_is_not_there() -> None:
    catalog = DataCatalog()
    assert catalog.get("nope") is None
    assert not catalog.exists("nope")
    assert "nope" not in catalog


@pytest.mark.parametrize(
    "ask",
    [
        lambda c: c["nope"],
        lambda c: c.load("nope"),
        lambda c: c.save("nope", 1),
        lambda c: c.release("nope"),
        lambda c: c.confirm("nope"),
    ],
)
def test_asking_for_more_of_a_name_that_is_not_there_is_an_error(ask: Any) -> None:
    with pytest.raises(DatasetNotFoundError, match=r"Dataset 'nope' not found in the catalog"):
        ask(DataCatalog())


def test_the_runtime_pattern_serves_only_when_asked_for() -> None:
    catalog = DataCatalog()
    assert isinstance(catalog.get("x", fallback_to_runtime_pattern=True), MemoryDataset)
    assert "x" in catalog


def test_names_list_what_was_not_used_first() -> None:
    catalog = DataCatalog.from_config({"a": MEMORY, "b": MEMORY})
    catalog.get("a")
    assert (catalog.keys(), list(catalog), len(catalog)) == (["b", "a"], ["b", "a"], 2)


def test_items_can_be_replaced_while_looping() -> None:
    catalog = DataCatalog.from_config({"a": MEMORY, "b": MEMORY})
    for name, _ in catalog.items():
        catalog[name] = name
    assert [catalog.load(name) for name in ("a", "b")] == ["a", "b"]


def test_replacing_warns_and_forgets_the_entry(caplog: pytest.LogCaptureFixture) -> None:
    catalog = DataCatalog.from_config({"a": MEMORY})
    catalog["a"] = 1
    assert caplog.record_tuples == [("deodar.io.data_catalog", logging.WARNING, "Replacing dataset 'a'")]
    assert catalog.config_resolver.config == {}


def test_a_dataset_given_beats_an_entry(caplog: pytest.LogCaptureFixture) -> None:
    resolver = CatalogConfigResolver({"a": MEMORY}, default_runtime_patterns={"{d}": MEMORY})
    catalog = DataCatalog({"a": MemoryDataset(1)}, config_resolver=resolver)
    assert catalog.load("a") == 1
    assert "Cannot register dataset 'a' from config" in caplog.text


def test_a_lazy_entry_can_be_assigned() -> None:
    catalog = DataCatalog()
    catalog["a"] = _LazyDataset("a", MEMORY)
    assert isinstance(catalog["a"], MemoryDataset)


def test_catalogs_are_equal_by_their_datasets() -> None:
    catalog = DataCatalog({"a": MemoryDataset(1)})
    assert catalog == copy.copy(catalog)
    assert catalog != copy.deepcopy(catalog)
    with pytest.raises(AttributeError):
        _ = catalog == 3
    with pytest.raises(TypeError):
        hash(catalog)


def test_printing_shows_unused_entries_by_their_class() -> None:
    catalog = DataCatalog.from_config({"a": MEMORY, "b": MEMORY})
    catalog["b"].save(1)
    assert repr(catalog) == (
        "'a': deodar.io.memory_dataset.MemoryDataset\n'b': deodar.io.memory_dataset.MemoryDataset(data='<int>')"
    )


def test_a_type_is_told_without_registering_a_pattern() -> None:
    catalog = DataCatalog.from_config({"{x}_m": MEMORY})
    assert catalog.get_type("a_m") == "deodar.io.memory_dataset.MemoryDataset"
    assert catalog.get_type("other") is None
    assert catalog.keys() == []


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, ["mem", "cached"]),
        ({"name_regex": "^c"}, ["cached"]),
        ({"name_regex": re.compile("E"), "type_regex": "Cached"}, []),
        ({"type_regex": re.compile("cached_dataset")}, ["cached"]),
        ({"by_type": MemoryDataset}, ["mem"]),
        ({"by_type": [MemoryDataset, CachedDataset]}, ["mem", "cached"]),
        ({"by_type": AbstractDataset}, []),
    ],
)
def test_names_are_filtered(filters: dict[str, Any], names: list[str]) -> None:
    catalog = DataCatalog({"mem": MemoryDataset(), "cached": CachedDataset(MemoryDataset())})
    assert catalog.filter(**filters) == names


def test_a_bad_expression_is_an_error() -> None:
    with pytest.raises(re.error):
        DataCatalog({"a": MemoryDataset()}).filter("(")


def test_failures_name_the_dataset_and_keep_their_cause() -> None:
    with pytest.raises(DatasetError, match=r"^x: gone") as caught:
        DataCatalog({"x": Failing(1)}).load("x")
    assert type(caught.value) is DatasetError
    assert isinstance(caught.value.__cause__, VersionNotFoundError)


def test_loads_and_saves_are_announced(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    catalog = DataCatalog({"x": MemoryDataset()})
    catalog.save("x", 1)
    catalog.load("x")
    assert caplog.messages == [
        "Saving data to x (MemoryDataset)...",
        "Loading data from x (MemoryDataset)...",
    ]
    assert caplog.records[0].rich_format == ["dark_orange"]  # type: ignore[attr-defined]


def test_a_dataset_can_be_confirmed() -> None:
    dataset = Confirming(1)
    DataCatalog({"x": dataset}).confirm("x")
    assert dataset.confirmed


def test_a_dataset_without_confirm_is_named() -> None:
    with pytest.raises(DatasetError, match=r"Dataset 'x' does not have 'confirm' method"):
        DataCatalog({"x": MemoryDataset(1)}).confirm("x")


@pytest.mark.parametrize(
    ("entry", "text"),
    [(3, "Catalog entry 'a' is not a valid dataset configuration"), ({}, "'type' is missing from dataset")],
)
def test_an_entry_that_is_none_is_refused_at_once(entry: Any, text: str) -> None:
    with pytest.raises(DatasetError, match=text):
        DataCatalog.from_config({"a": entry})


def test_an_empty_pattern_is_refused_when_it_is_needed() -> None:
    with pytest.raises(DatasetError, match=r"'type' is missing from dataset"):
        DataCatalog.from_config({"{a}_x": {}}).get("q_x")


def test_an_entry_that_cannot_be_built_fails_alike_each_time() -> None:
    catalog = DataCatalog.from_config({"a": {"type": Broken}})
    for _ in range(2):
        with pytest.raises(DatasetError, match=r"Failed to instantiate dataset 'a'"):
            catalog.get("a")
    assert "a" in catalog


def test_configuration_is_left_as_it_is() -> None:
    config = {"a": {"type": "MemoryDataset", "metadata": {"k": [1]}}, "{x}_m": {"type": "MemoryDataset"}}
    before = copy.deepcopy(config)
    catalog = DataCatalog.from_config(config)
    catalog.get("a"), catalog.get("q_m")
    catalog.config_resolver.config["a"]["metadata"]["k"].append(2)
    assert config == before


def test_a_catalog_survives_its_configuration(text_file: Any, tmp_path: Path) -> None:
    config = {
        "used": {"type": text_file, "filepath": str(tmp_path / "a"), "credentials": "key", "versioned": True},
        "unused": {"type": text_file, "filepath": str(tmp_path / "b"), "metadata": {"m": 1}},
        "memory": MEMORY,
    }
    catalog = DataCatalog.from_config(config, {"key": {"secret": 1}}, {"used": "v0"}, "v1")
    catalog.get("used")
    entries, credentials, load_versions, save_version = catalog.to_config()
    assert credentials == {"used_credentials": {"secret": 1}}
    assert (load_versions, save_version) == ({"unused": None, "used": "v0"}, "v1")
    assert entries["unused"] == config["unused"]
    again = DataCatalog.from_config(entries, credentials, load_versions, save_version)
    assert repr(again["used"]) == repr(catalog["used"])


def test_load_versions_of_unknown_names_are_refused() -> None:
    config = {"a": MEMORY, "{x}_p": MEMORY, "{d}": MEMORY}
    with pytest.raises(DatasetNotFoundError, match=r"'load_versions' keys \[b\] are not found in the catalog"):
        DataCatalog.from_config(config, load_versions={"a": "1", "b": "2", "q_p": "3"})


def test_all_datasets_share_one_save_version(text_file: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_catalog, "generate_timestamp", lambda: "now")
    entry = {"type": text_file, "filepath": str(tmp_path / "a"), "versioned": True}
    catalog = DataCatalog.from_config({"a": entry, "b": entry})
    assert [d._version.save for d in catalog.values()] == ["now", "now"]  # type: ignore[attr-defined]


def test_a_resolver_alone_gives_one_save_version_too(text_file: Any, tmp_path: Path) -> None:
    entry = {"type": text_file, "filepath": str(tmp_path / "a"), "versioned": True}
    resolver = CatalogConfigResolver({"a": entry, "b": entry}, default_runtime_patterns={"{d}": MEMORY})
    catalog = DataCatalog(config_resolver=resolver)
    assert len({d._version.save for d in catalog.values()}) == 1  # type: ignore[attr-defined]


def test_a_dataset_of_another_save_version_is_refused_and_the_old_one_stays(text_file: Any) -> None:
    catalog = DataCatalog.from_config({"a": MEMORY}, save_version="1")
    with pytest.raises(VersionAlreadyExistsError, match=r"Cannot add a dataset `a` with `2` save version"):
        catalog["a"] = text_file("y", Version(None, "2"))
    assert "a" in catalog


def test_versions_are_seen_through_a_cache(text_file: Any) -> None:
    catalog = DataCatalog({"a": CachedDataset(text_file("y", Version("7", "1")))})
    assert (catalog._load_versions, catalog._save_version) == ({"a": "7"}, "1")


def test_a_version_asked_for_leaves_the_catalog_alone(text_file: Any, tmp_path: Path) -> None:
    for version in ("v1", "v2"):
        text_file(str(tmp_path / "a"), Version(None, version)).save(version)
    catalog = DataCatalog({"a": text_file(str(tmp_path / "a"), Version(None, None))})
    assert (catalog.load("a", version="v1"), catalog.load("a")) == ("v1", "v2")


def test_loads_go_through_get(monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = DataCatalog({"x": MemoryDataset(1)})
    other = MemoryDataset(2)
    monkeypatch.setattr(catalog, "get", lambda *args, **kwargs: other)
    catalog.save("x", 3)
    assert (catalog.load("x"), other.load()) == (3, 3)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda c: pickle.loads(pickle.dumps(c))])
def test_a_catalog_travels(duplicate: Any) -> None:
    catalog = DataCatalog.from_config({"a": MEMORY, "{x}_m": MEMORY})
    catalog["b"] = [1]
    travelled = duplicate(catalog)
    assert travelled.load("b") == [1]
    assert "q_m" in travelled
    assert isinstance(travelled["a"], MemoryDataset)


def test_it_keeps_the_protocol_of_catalogs() -> None:
    assert isinstance(DataCatalog(), CatalogProtocol)
    assert not isinstance(DataCatalog(), SharedMemoryCatalogProtocol)


class Slow(MemoryDataset):
    """Takes until another thread has asked for it too, or nobody comes."""

    built: list[str] = []
    waiting = threading.Event()

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.built.append(name)
        self.waiting.wait(0.02)


@pytest.mark.parametrize("key", ["plain", "{x}_pattern"])
def test_threads_that_ask_at_once_get_one_dataset(key: str) -> None:
    Slow.built.clear()
    catalog = DataCatalog.from_config({key: {"type": Slow, "name": "n"}})
    start = threading.Barrier(8, timeout=20)

    def ask() -> Any:
        start.wait()
        return catalog.get(key.replace("{x}", "a"))

    with ThreadPoolExecutor(8) as pool:
        found = [future.result(20) for future in [pool.submit(ask) for _ in range(8)]]
    assert {id(dataset) for dataset in found} == {id(found[0])}
    assert Slow.built == ["n"]
    assert found[0] is not None


def test_tools_may_build_datasets_their_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    class Lite(AbstractDataset[Any, Any]):
        @classmethod
        def from_config(cls, *args: Any, **kwargs: Any) -> Any:
            return MemoryDataset("placeholder")

    catalog = DataCatalog.from_config({"a": {"type": "nowhere.NoDataset"}})
    monkeypatch.setattr(data_catalog, "AbstractDataset", Lite)
    assert catalog.load("a") == "placeholder"
