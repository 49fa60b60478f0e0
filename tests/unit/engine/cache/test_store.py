"""The store of values."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest

from deodar.engine.cache.store import NotStorableError, NotStoredError, TooLargeError, ValueStore


def test_what_was_put_comes_back(tmp_path: Path) -> None:
    store = ValueStore(tmp_path / "values")
    key = store.put({"a": np.arange(3)})
    assert key in store
    assert store.get(key)["a"].tolist() == [0, 1, 2]


def test_equal_bytes_are_stored_once(tmp_path: Path) -> None:
    store = ValueStore(tmp_path)
    assert store.put([1, 2]) == store.put([1, 2])
    assert store.stats().values == 1


def test_a_value_with_a_function_made_on_the_spot_is_stored(tmp_path: Path) -> None:
    store = ValueStore(tmp_path)
    assert store.get(store.put(["x" * 100_000, lambda x: x + 1]))[1](1) == 2


def test_what_cannot_be_pickled_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    store = ValueStore(tmp_path)
    with pytest.raises(NotStorableError, match="lock"):
        store.put(threading.Lock())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_value_over_the_limit_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TooLargeError):
        ValueStore(tmp_path).put(np.zeros(10_000), limit=1000)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("key", ["v1-" + "0" * 32, "../../etc/passwd", ""])
def test_what_is_not_there_is_said(tmp_path: Path, key: str) -> None:
    store = ValueStore(tmp_path)
    assert key not in store
    with pytest.raises(NotStoredError):
        store.get(key)


def test_a_damaged_value_counts_as_not_there(tmp_path: Path) -> None:
    store = ValueStore(tmp_path)
    key = store.put([1] * 100)
    (file,) = tmp_path.glob("??/*")
    file.write_bytes(file.read_bytes()[:20])
    with pytest.raises(NotStoredError, match="cannot be read"):
        store.get(key)


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    store = ValueStore(tmp_path)
    keys = [store.put("x" * 1000 + str(number)) for number in range(3)]
    for age, key in enumerate(keys):
        os.utime(next(tmp_path.glob(f"??/{key}")), (1000 - age, 1000 - age))
    store.get(keys[2])
    dropped = store.prune(2100)
    assert (dropped.values, [key in store for key in keys]) == (1, [True, False, True])


def test_the_limit_holds_as_values_come_in(tmp_path: Path) -> None:
    store = ValueStore(tmp_path, limit=2500)
    keys = [store.put("x" * 1000 + str(number)) for number in range(5)]
    assert store.stats().size <= 2500
    assert keys[-1] in store


def test_clearing_drops_everything(tmp_path: Path) -> None:
    store = ValueStore(tmp_path)
    store.put(1)
    assert store.clear().values == 1
    assert store.stats().values == 0
