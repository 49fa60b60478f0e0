"""Copies of pandas frames that cost nothing until somebody writes.

From pandas 3 on, a shallow copy is one: the first write to either side copies what it touches, and the arrays
that ``values`` hands out are read-only. (Assigning into ``column.array`` still bypasses that, as it does
between any two frames of pandas 3.) Columns of extension types are not protected like this and are copied.
"""

from __future__ import annotations

import sys
from typing import Any

_FIRST_MAJOR = 3


def is_copy_on_write(data: Any) -> bool:
    """Tell whether data is a frame of a pandas that copies on write; subclasses may do as they like."""
    pandas = sys.modules.get("pandas")
    if pandas is None or type(data) is not getattr(pandas, "DataFrame", None):
        return False
    major = str(pandas.__version__).partition(".")[0]
    return major.isdigit() and int(major) >= _FIRST_MAJOR


def lazily_copied(frame: Any) -> Any:
    """Return a frame that shares no change with this one."""
    exposed = [position for position, dtype in enumerate(frame.dtypes) if not _is_protected(dtype)]
    if len(exposed) * 2 > frame.shape[1]:
        return frame.copy()
    copied = frame.copy(deep=False)
    for position in exposed:
        copied.isetitem(position, frame.iloc[:, position].copy())
    return copied


def _is_protected(dtype: Any) -> bool:
    """Tell whether columns of a type are copied on write, or cannot be written at all, as Arrow's."""
    # NumPy's own types have a ``kind`` and a ``char``; extension types have no ``char``.
    return hasattr(dtype, "char") or getattr(dtype, "storage", None) == "pyarrow" or hasattr(dtype, "pyarrow_dtype")
