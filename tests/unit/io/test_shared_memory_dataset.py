"""Data in a process of its own, and the catalog made of it."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Iterator
from multiprocessing.managers import SyncManager
from typing import Any

import pytest

from deodar.io import (
    CachedDataset,
    DatasetError,
    MemoryDataset,
    SharedMemoryCatalogProtocol,
    SharedMemoryDataCatalog,
    SharedMemoryDataset,
)


class Manager(SyncManager):
    pass


Manager.register("MemoryDataset", MemoryDataset, exposed=("exists", "load", "release", "save"))


@pytest.fixture(scope="module")
def manager() -> Iterator[Any]:
    with Manager() as running:
        yield running


def test_data_comes_back(manager: Any) -> None:
    dataset = SharedMemoryDataset(manager)
    dataset.save([1])
    assert dataset.load() == [1]


def test_a_release_frees_the_data(manager: Any) -> None:
    dataset = SharedMemoryDataset(manager)
    dataset.save([1])
    dataset.release()
    assert not dataset.exists()


def test_an_empty_one_says_so_across_the_border(manager: Any) -> None:
    with pytest.raises(DatasetError, match=r"Data for MemoryDataset has not been saved yet"):
        SharedMemoryDataset(manager).load()


def test_data_that_cannot_travel_is_named(manager: Any) -> None:
    with pytest.raises(DatasetError, match=r"cannot be serialised. ParallelRunner implicit memory datasets"):
        SharedMemoryDataset(manager).save(threading.Lock())


def test_without_a_manager_there_is_nothing() -> None:
    dataset = SharedMemoryDataset()
    assert not dataset.exists()
    dataset.release()
    with pytest.raises(DatasetError, match=r"'NoneType'"):
        dataset.load()


def test_it_can_be_pickled() -> None:
    assert repr(pickle.loads(pickle.dumps(SharedMemoryDataset()))) == (
        "deodar.io.shared_memory_dataset.SharedMemoryDataset()"
    )


def test_a_catalog_makes_shared_datasets_by_default(manager: Any) -> None:
    catalog = SharedMemoryDataCatalog()
    assert isinstance(catalog.get("x", fallback_to_runtime_pattern=True), SharedMemoryDataset)
    catalog.set_manager_datasets(manager)
    catalog.save("x", 1)
    assert catalog.load("x") == 1


def test_a_catalog_names_what_cannot_go_to_another_process() -> None:
    catalog = SharedMemoryDataCatalog(
        {"z": CachedDataset(MemoryDataset()), "l": MemoryDataset(lambda: 1), "ok": MemoryDataset(1)}
    )
    with pytest.raises(AttributeError, match=r"cannot be used with multiprocessing: \['l', 'z'\]"):
        catalog.validate_catalog()


def test_a_lock_escapes_as_it_is() -> None:
    catalog = SharedMemoryDataCatalog({"l": MemoryDataset(threading.Lock(), copy_mode="assign")})
    with pytest.raises(TypeError, match=r"pickle"):
        catalog.validate_catalog()


def test_a_remote_dataset_that_cannot_travel_is_explained() -> None:
    dataset = MemoryDataset(lambda: 1)
    dataset._protocol = "s3"  # type: ignore[attr-defined]
    catalog = SharedMemoryDataCatalog({"far": dataset})
    with pytest.warns(UserWarning, match=r"'far'.*s3.*ThreadRunner"), pytest.raises(AttributeError):
        catalog.validate_catalog()


def test_it_keeps_the_protocol_of_shared_catalogs() -> None:
    assert isinstance(SharedMemoryDataCatalog(), SharedMemoryCatalogProtocol)
