"""A dataset that keeps its data in this process, and hands it out so that nobody's change is seen by others."""

from __future__ import annotations

import copy
import sys
from typing import Any

from ._frames import is_copy_on_write, lazily_copied
from ._recording import records_itself
from .core import AbstractDataset, DatasetError, TCopyMode


class _Empty:
    """No data, as None may be data. There is one of it, whatever is copied or pickled."""

    __slots__ = ()

    def __reduce__(self) -> str:
        return "_EMPTY"

    def __copy__(self) -> _Empty:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> _Empty:
        return self

    def __repr__(self) -> str:
        return "<no data>"


_EMPTY: Any = _Empty()

# Values of exactly these types cannot change, so that handing out the same one is a deep copy.
_UNCHANGEABLE = frozenset(
    {int, float, complex, bool, str, bytes, type(None), range, type(Ellipsis), type(NotImplemented)}
)


class MemoryDataset(AbstractDataset[Any, Any]):
    """Data in memory.

    Each load and each save copies as far as the kind of data needs it: ``assign`` hands out the object
    itself, ``copy`` calls its ``copy()``, ``deepcopy`` copies all that hangs on it.
    """

    @records_itself
    def __init__(
        self, data: Any = _EMPTY, copy_mode: TCopyMode | None = None, metadata: dict[str, Any] | None = None
    ) -> None:
        """Take the data.

        Args:
            data: what to hold from the start; None is data too.
            copy_mode: ``deepcopy``, ``copy`` or ``assign``; by default what suits the data.
            metadata: anything; this dataset ignores it.
        """
        self._data = _EMPTY
        self._copy_mode = copy_mode
        self.metadata = metadata
        self._EPHEMERAL = True
        # Not the data: it would outlive a release, and be pickled twice.
        self._init_args = {"copy_mode": copy_mode, "metadata": metadata}
        if data is not _EMPTY:
            self.save.__wrapped__(self, data)  # type: ignore[attr-defined]  # The raw save takes None.

    def load(self) -> Any:
        """Return the data, copied.

        Raises:
            DatasetError: nothing has been saved.
        """
        data = self._data
        if data is _EMPTY:
            raise DatasetError(f"Data for {type(self).__name__} has not been saved yet.")
        return _copy_with_mode(data, copy_mode=self._copy_mode or _infer_copy_mode(data))

    def save(self, data: Any) -> None:
        """Keep a copy of the data."""
        self._data = _copy_with_mode(data, copy_mode=self._copy_mode or _infer_copy_mode(data))

    def adopt(self, data: Any) -> None:
        """Keep data that nobody else holds, without copying it."""
        self._data = data

    def _exists(self) -> bool:
        return self._data is not _EMPTY

    def _release(self) -> None:
        self._data = _EMPTY

    def _describe(self) -> dict[str, Any]:
        return {"data": None if self._data is _EMPTY else f"<{type(self._data).__name__}>"}

    def _init_config(self) -> dict[str, Any]:
        config = super()._init_config()
        if self._data is _EMPTY or type(self).__init__ is not MemoryDataset.__init__:
            return config
        return {"type": config.pop("type"), "data": self._data, **config}


def _infer_copy_mode(data: Any) -> TCopyMode:
    """Tell how data must be copied so that changes on one side do not show on the other.

    Looks only at packages that are loaded already: data of one that is not cannot be there.
    """
    kind = type(data)
    if kind in _UNCHANGEABLE:
        return "deepcopy"
    for package, name, mode in _PACKAGE_MODES:
        module = sys.modules.get(package)
        wanted = None if module is None else getattr(module, name, None)
        if isinstance(wanted, type) and isinstance(data, wanted):
            return mode
    return "assign" if kind.__name__ == "DataFrame" else "deepcopy"


_PACKAGE_MODES: tuple[tuple[str, str, TCopyMode], ...] = (
    ("pandas", "DataFrame", "copy"),
    ("numpy", "ndarray", "copy"),
    ("ibis", "Table", "assign"),
)


def _copy_with_mode(data: Any, copy_mode: TCopyMode) -> Any:
    """Copy data.

    Raises:
        DatasetError: there is no such mode.
    """
    if copy_mode == "deepcopy":
        return data if type(data) in _UNCHANGEABLE else copy.deepcopy(data)
    if copy_mode == "copy":
        return lazily_copied(data) if is_copy_on_write(data) else data.copy()
    if copy_mode == "assign":
        return data
    raise DatasetError(f"Invalid copy mode: {copy_mode}. Possible values are: deepcopy, copy, assign.")


_NAMES_IN_CONFIG = ("MemoryDataset", f"{__name__}.MemoryDataset")


def _is_memory_dataset(ds_or_type: AbstractDataset[Any, Any] | str) -> bool:
    """Tell whether a dataset, or the type in a catalog entry, is the one in memory."""
    if isinstance(ds_or_type, MemoryDataset):
        return True
    return isinstance(ds_or_type, str) and ds_or_type in _NAMES_IN_CONFIG
