"""Values as bytes and back."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from deodar.engine.transport.pickling import Packed, UnportableValueError, pack, pack_by_value, unpack


def there_and_back(value: Any) -> Any:
    return unpack(bytearray(pack(value).join()))


def in_stream(packed: Packed, size: int) -> bool:
    """Whether a buffer of this size went through the pickle stream instead of beside it."""
    return not any(isinstance(piece, memoryview) and len(piece) >= size for piece in packed.pieces)


@pytest.mark.parametrize("value", [None, 1, "text", b"bytes" * 50_000, [1, {"a": (2, 3)}], {1, 2}])
def test_a_plain_value_comes_back_equal(value: Any) -> None:
    assert there_and_back(value) == value


def test_the_size_that_is_told_is_the_size_that_is_written() -> None:
    packed = pack({"array": np.arange(1000), "text": "x" * 100})
    assert packed.size == len(packed.join())


def test_an_array_goes_beside_the_stream() -> None:
    assert not in_stream(pack(np.arange(10_000)), 80_000)


def test_the_memory_of_an_array_is_not_copied_when_packed() -> None:
    array = np.arange(10_000)
    packed = pack(array)
    array[0] = 77
    assert unpack(bytearray(packed.join()))[0] == 77


def test_an_array_that_comes_back_lives_in_the_memory_it_came_in() -> None:
    array = np.arange(10_000)
    data = bytearray(pack(array).join())
    assert np.shares_memory(unpack(data), np.frombuffer(data, dtype="u1"))


def test_a_read_only_array_arrives_writable() -> None:
    array = np.arange(10)
    array.flags.writeable = False
    back = there_and_back(array)
    back[0] = 5
    assert back[0] == 5


def test_packing_leaves_the_lock_on_a_read_only_array() -> None:
    array = np.arange(10)
    array.flags.writeable = False
    pack(array)
    assert not array.flags.writeable


@pytest.mark.parametrize("dtype", ["M8[ns]", "m8[s]", [("a", "i4"), ("b", "f8")]])
def test_a_read_only_array_of_a_rarer_type_arrives_writable_and_equal(dtype: Any) -> None:
    array = np.zeros(10, dtype=dtype)
    array.flags.writeable = False
    back = there_and_back(array)
    assert back.flags.writeable and back.dtype == array.dtype and (back == array).all()


def test_a_strided_array_goes_beside_the_stream_too() -> None:
    array = np.arange(20_000)[::2]
    packed = pack(array)
    assert not in_stream(packed, 80_000)
    assert (unpack(bytearray(packed.join())) == array).all()


def test_a_fortran_array_keeps_its_layout() -> None:
    back = there_and_back(np.asfortranarray(np.arange(12).reshape(3, 4)))
    assert back.flags.f_contiguous and not back.flags.c_contiguous


@pytest.mark.parametrize("array", [np.array([{"a": 1}, None], dtype=object), np.array([]), np.array(5)])
def test_an_odd_array_comes_back_equal(array: Any) -> None:
    back = there_and_back(array)
    assert back.shape == array.shape and back.dtype == array.dtype and (back == array).all()


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "i": np.arange(5000),
            "f": np.arange(5000) / 3,
            "s": pd.array([f"row {i}" for i in range(5000)], dtype="string[pyarrow]"),
            "c": pd.Categorical(["a", "b"] * 2500),
            "t": pd.date_range("2020-01-01", periods=5000, freq="h"),
            "o": pd.Series([{"n": i} for i in range(5000)], dtype=object),
        }
    )


def test_a_pandas_frame_comes_back_equal() -> None:
    pd.testing.assert_frame_equal(there_and_back(frame()), frame())


def test_no_column_of_a_pandas_frame_but_objects_goes_through_the_stream() -> None:
    packed = pack(frame().drop(columns="o"))
    assert sum(len(piece) for piece in packed.pieces if isinstance(piece, bytes)) < 10_000


def test_a_pandas_frame_that_came_back_can_be_changed() -> None:
    back = there_and_back(frame())
    back.loc[0, ["i", "f"]] = [99, 1.5]
    back["s"] = back["s"].str.upper()
    assert back.loc[0, "i"] == 99 and back.loc[1, "s"] == "ROW 1"


def test_a_read_only_column_can_be_changed_in_place_where_it_arrives() -> None:
    back = there_and_back(frame()["i"].to_numpy())
    back += 1
    assert back[0] == 1


def test_an_arrow_table_goes_beside_the_stream() -> None:
    table = pa.table({"a": np.arange(10_000), "s": ["x"] * 10_000})
    packed = pack(table)
    assert not in_stream(packed, 80_000)
    assert unpack(bytearray(packed.join())).equals(table)


def polars_frame() -> pl.DataFrame:
    return pl.from_pandas(frame().drop(columns="o")).with_columns(
        pl.Series("l", [[1, 2], None] * 2500), pl.Series("n", [None, 1.5] * 2500)
    )


def test_a_polars_frame_goes_beside_the_stream_and_comes_back_equal() -> None:
    packed = pack(polars_frame())
    assert sum(len(piece) for piece in packed.pieces if isinstance(piece, bytes)) < 10_000
    back = unpack(bytearray(packed.join()))
    assert back.equals(polars_frame()) and back.schema == polars_frame().schema


def test_a_polars_series_comes_back_with_its_name() -> None:
    back = there_and_back(pl.Series("price", [1.0, None, 3.0]))
    assert back.name == "price" and back.to_list() == [1.0, None, 3.0]


def test_a_polars_frame_with_python_objects_goes_its_own_way() -> None:
    thing = pl.DataFrame({"a": [1, 2]}).lazy()
    assert there_and_back(thing).collect().to_dict(as_series=False) == {"a": [1, 2]}


def test_a_frame_inside_a_container_comes_back() -> None:
    back = there_and_back({"parts": [polars_frame(), np.arange(3)]})
    assert back["parts"][0].equals(polars_frame())


def test_a_closure_travels_by_value() -> None:
    step = 5
    assert there_and_back(lambda x: x + step)(1) == 6


def test_an_instance_of_a_local_class_travels_with_its_class() -> None:
    class Local:
        def __init__(self) -> None:
            self.array = np.arange(3)

    assert there_and_back(Local()).array.tolist() == [0, 1, 2]


def test_arrays_beside_a_closure_go_beside_the_stream_and_arrive_writable() -> None:
    array = np.arange(50_000.0)
    array.flags.writeable = False
    packed = pack_by_value([lambda: array, array[::2]])
    assert not in_stream(packed, array.nbytes)
    call, half = unpack(bytearray(packed.join()))
    call()[0] = half[0] = 7
    assert array[0] == 0


def test_code_that_travels_by_value_keeps_its_file() -> None:
    assert there_and_back(lambda: 1).__code__.co_filename == __file__


def test_a_lock_cannot_travel_and_the_error_names_its_type() -> None:
    with pytest.raises(UnportableValueError, match=r"_thread\.lock"):
        pack(threading.Lock())


def test_the_error_says_what_stood_in_the_way() -> None:
    with pytest.raises(UnportableValueError) as caught:
        pack({"lock": threading.Lock()})
    assert caught.value.kind is dict and isinstance(caught.value.reason, TypeError)
