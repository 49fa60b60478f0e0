"""How to pickle the large types whose own way would copy, or would give the reader something it cannot write to."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

Reducer = Callable[[Any], Any]
_known: dict[type, Reducer] = {}


def large_type_reducers() -> dict[type, Reducer]:
    """Return reducers by exact type, for those of our types whose packages this process has imported."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and hasattr(numpy, "ndarray"):
        _known.setdefault(numpy.ndarray, _reduce_array)
    polars = sys.modules.get("polars")
    if polars is not None and hasattr(polars, "DataFrame") and polars.DataFrame not in _known:
        if find_spec("pyarrow") is None:
            return _known
        _known[polars.DataFrame] = _reduce_polars_frame
        _known[polars.Series] = _reduce_polars_series
    return _known


class _Window:
    """The memory of an array, presented as writable. Nothing writes to it; only readers' copies are written to."""

    def __init__(self, array: Any) -> None:
        self._keeps = array
        address, _ = array.__array_interface__["data"]
        self.__array_interface__ = {**array.__array_interface__, "data": (address, False)}


def _reduce_array(array: Any) -> Any:
    """Send an array's memory out of band, whatever its layout, and so that it arrives writable."""
    if array.dtype.hasobject or not array.nbytes:
        return array.__reduce_ex__(5)
    if array.dtype.kind in "Mm":
        # Dates have no buffer of their own, so NumPy copies them into the pickle stream; as integers they have one.
        return _load_dates, (array.view("i8"), array.dtype)
    if not (array.flags.c_contiguous or array.flags.f_contiguous):
        # NumPy would put the bytes of a strided array into the pickle stream, copying them at both ends.
        array = array.copy(order="C")
    elif not array.flags.writeable and array.dtype.names is None:
        # A lock on the producer's array is no reason to surprise a reader, whose array is its own.
        array = sys.modules["numpy"].asarray(_Window(array))
    elif not array.flags.writeable:
        array = array.copy(order="K")
    return array.__reduce_ex__(5)


def _load_dates(numbers: Any, dtype: Any) -> Any:
    return numbers.view(dtype)


def _reduce_polars_frame(frame: Any) -> Any:
    """Send a frame as an Arrow table, whose buffers travel out of band; Polars itself pickles a copy."""
    polars = sys.modules["polars"]
    try:
        table = frame.to_arrow(compat_level=polars.CompatLevel.newest())
        exact = _load_polars_frame(table).schema == frame.schema
    except Exception:
        # Some column types (Python objects, say) have no form in Arrow; then its own way is the right one.
        exact = False
    return (_load_polars_frame, (table,)) if exact else frame.__reduce_ex__(5)


def _reduce_polars_series(series: Any) -> Any:
    name = series.name
    function, arguments = _reduce_polars_frame(series.to_frame("values"))[:2]
    if function is not _load_polars_frame:
        return series.__reduce_ex__(5)
    return _load_polars_series, (name, arguments[0])


def _load_polars_frame(table: Any) -> Any:
    # The producer had Polars, but this process may not have imported it yet.
    import polars

    return polars.from_arrow(table)


def _load_polars_series(name: str, table: Any) -> Any:
    return _load_polars_frame(table).to_series().rename(name)
