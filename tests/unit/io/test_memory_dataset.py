"""Data in memory: what is copied, what is freed."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import types
import weakref
from typing import Any

import numpy as np
import pandas as pd
import pytest

from deodar.io import CachedDataset, DatasetError, MemoryDataset
from deodar.io.memory_dataset import _EMPTY, _copy_with_mode, _infer_copy_mode, _is_memory_dataset


class Thing:
    pass


def test_nothing_saved_cannot_be_loaded() -> None:
    with pytest.raises(DatasetError, match=r"Data for MemoryDataset has not been saved yet"):
        MemoryDataset().load()


def test_none_is_data_when_given_to_the_constructor() -> None:
    assert MemoryDataset(None).load() is None
    assert MemoryDataset(None).exists()


def test_none_cannot_be_saved_later() -> None:
    with pytest.raises(DatasetError, match=r"Saving 'None'"):
        MemoryDataset(1).save(None)


def test_a_change_before_or_after_is_not_seen() -> None:
    data = {"a": [1]}
    dataset = MemoryDataset(data)
    data["a"].append(2)
    dataset.load()["a"].append(3)
    assert dataset.load() == {"a": [1]}


@pytest.mark.parametrize("value", [1, 1.5, "x", b"x", True, range(3)])
def test_what_cannot_change_is_not_copied(value: Any) -> None:
    assert MemoryDataset(value).load() is value


@pytest.mark.parametrize(
    ("data", "mode"),
    [
        (pd.DataFrame(), "copy"),
        (np.zeros(1), "copy"),
        (pd.Series(dtype=float), "deepcopy"),
        (1, "deepcopy"),
        (None, "deepcopy"),
        ([1], "deepcopy"),
        (type("DataFrame", (), {})(), "assign"),
    ],
)
def test_the_mode_of_copying_follows_from_the_data(data: Any, mode: str) -> None:
    assert _infer_copy_mode(data) == mode


def test_tables_of_a_package_that_is_loaded_are_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("ibis")
    module.Table = Thing  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ibis", module)
    thing = Thing()
    assert MemoryDataset(thing).load() is thing


def test_no_package_is_imported_to_look_at_data() -> None:
    program = (
        "import sys; from deodar.io import MemoryDataset; MemoryDataset({'a': [1]}).load();"
        "print([name for name in ('pandas', 'numpy', 'ibis') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_a_mode_can_be_chosen() -> None:
    data = [1]
    assert MemoryDataset(data, copy_mode="assign").load() is data


def test_an_unknown_mode_is_named() -> None:
    with pytest.raises(DatasetError, match=r"Invalid copy mode: x. Possible values are: deepcopy, copy, assign"):
        MemoryDataset([1], copy_mode="x").load()  # type: ignore[arg-type]


def test_what_cannot_be_copied_is_a_dataset_error() -> None:
    with pytest.raises(DatasetError, match=r"Failed while saving data"):
        MemoryDataset().save(x for x in [1])


def test_an_array_is_copied_and_stays_writable() -> None:
    dataset = MemoryDataset(np.zeros(2))
    first = dataset.load()
    first[0] = 9
    assert dataset.load()[0] == 0


def _frame() -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "number": np.arange(4.0),
            "text": list("abcd"),
            "masked": pd.array([1, None, 3, 4], dtype="Int64"),
            "kind": pd.Categorical(list("aabb")),
            "when": pd.date_range("2026-01-01", periods=4),
            "zoned": pd.date_range("2026-01-01", periods=4, tz="UTC"),
        }
    )
    frame.index.name = "row"
    frame.attrs["source"] = ["here"]
    return frame


def _set_values(frame: pd.DataFrame, column: str, value: Any) -> None:
    try:
        frame[column].values[0] = value
    except ValueError as exc:  # pandas 3 hands out read-only arrays.
        assert "read-only" in str(exc)


CHANGES = {
    "cell": lambda frame: frame.__setitem__("number", 7.0),
    "loc": lambda frame: frame.loc.__setitem__((0, "number"), 7.0),
    "iloc": lambda frame: frame.iloc.__setitem__((0, 1), "z"),
    "numpy view": lambda frame: _set_values(frame, "number", 7.0),
    "masked array": lambda frame: _set_values(frame, "masked", 7),
    "categories": lambda frame: _set_values(frame, "kind", "b"),
    "zoned": lambda frame: frame["zoned"].array.__setitem__(0, pd.Timestamp("1999", tz="UTC")),
    "new column": lambda frame: frame.insert(0, "new", 1),
    "dropped column": lambda frame: frame.pop("number"),
    "index": lambda frame: setattr(frame, "index", range(4, 8)),
    "index name": lambda frame: setattr(frame.index, "name", "other"),
    "columns": lambda frame: setattr(frame, "columns", list("uvwxyz")),
    "attrs": lambda frame: frame.attrs["source"].append("there"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_change_to_a_loaded_frame_stays_with_its_loader(change: Any) -> None:
    dataset = MemoryDataset(_frame())
    change(dataset.load())
    _assert_same(dataset.load(), _frame())


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_change_to_a_saved_frame_stays_with_its_saver(change: Any) -> None:
    frame = _frame()
    dataset = MemoryDataset(frame)
    change(frame)
    _assert_same(dataset.load(), _frame())


def _assert_same(actual: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(actual, expected)
    assert (actual.index.name, actual.attrs) == (expected.index.name, expected.attrs)


def test_an_unchanged_frame_shares_its_numbers_where_pandas_copies_on_write() -> None:
    dataset = MemoryDataset(pd.DataFrame({"a": np.arange(3.0)}))
    is_shared = np.shares_memory(dataset.load()["a"].values, dataset.load()["a"].values)
    assert is_shared == (int(pd.__version__.partition(".")[0]) >= 3)


def test_a_subclass_of_a_frame_copies_itself() -> None:
    class Frame(pd.DataFrame):
        def copy(self, deep: bool = True) -> Any:
            return "its own copy"

    assert _copy_with_mode(Frame(), "copy") == "its own copy"


def test_a_released_dataset_lets_go_of_what_it_was_built_with() -> None:
    thing = Thing()
    dataset = MemoryDataset(thing, copy_mode="assign")
    reference = weakref.ref(thing)
    del thing
    dataset.release()
    assert reference() is None
    assert not dataset.exists()


def test_data_is_pickled_once() -> None:
    data = bytes(100_000)
    assert len(pickle.dumps(MemoryDataset(data))) < 110_000


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda d: pickle.loads(pickle.dumps(d))])
def test_an_empty_dataset_is_empty_after_copying(duplicate: Any) -> None:
    assert not duplicate(MemoryDataset()).exists()
    assert duplicate(_EMPTY) is _EMPTY


def test_the_representation_names_the_kind_of_data() -> None:
    assert str(MemoryDataset(1)) == "deodar.io.memory_dataset.MemoryDataset(data='<int>')"
    assert str(MemoryDataset()) == "deodar.io.memory_dataset.MemoryDataset()"


def test_the_entry_of_an_empty_dataset_has_no_data() -> None:
    assert MemoryDataset()._init_config() == {
        "type": "deodar.io.memory_dataset.MemoryDataset",
        "copy_mode": None,
    }


def test_a_memory_dataset_is_known_by_two_names_and_its_class() -> None:
    asked: list[Any] = [
        MemoryDataset(), "MemoryDataset", "deodar.io.memory_dataset.MemoryDataset", "deodar.io.MemoryDataset",
        CachedDataset(MemoryDataset()),
    ]  # fmt: skip
    assert [_is_memory_dataset(x) for x in asked] == [True, True, True, False, False]


def test_the_entry_of_a_subclass_has_its_own_arguments() -> None:
    class Named(MemoryDataset):
        def __init__(self, name: str) -> None:
            super().__init__([name])

    assert Named("x")._init_config() == {"type": f"{__name__}.Named", "name": "x"}
