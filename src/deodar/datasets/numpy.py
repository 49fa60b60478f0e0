"""NumPy arrays."""

import zipfile
from typing import Any, ClassVar

from ..io.core import DatasetError
from ._file import FileDataset
from ._packages import package

__all__ = ["NumpyDataset"]


class NumpyDataset(FileDataset):
    """One array in ``.npy``, or a dictionary of arrays in ``.npz``.

    Arrays of objects are refused unless ``allow_pickle`` says otherwise, as loading them can run code. With
    ``save_args: {compressed: true}`` an ``.npz`` is compressed.
    """

    DEFAULT_LOAD_ARGS: ClassVar[dict[str, Any]] = {"allow_pickle": False}
    DEFAULT_SAVE_ARGS: ClassVar[dict[str, Any]] = {"allow_pickle": False}
    _HANDLE = "b"
    _PACKAGE = "numpy"

    def _read(self, source: Any) -> Any:
        loaded = package("numpy").load(source, **self._load_args)
        if not self._is_archive:
            return loaded
        with loaded:
            return dict(loaded.items())

    def _write(self, data: Any, target: Any) -> None:
        numpy = package("numpy")
        args = dict(self._save_args)
        if not self._is_archive:
            numpy.save(target, data, **args)
            return
        if not isinstance(data, dict):
            raise DatasetError(f"An '.npz' file holds a dictionary of arrays, not {type(data)}.")
        method = zipfile.ZIP_DEFLATED if args.pop("compressed", False) else zipfile.ZIP_STORED
        with zipfile.ZipFile(target, "w", method) as archive:
            for name, array in data.items():
                # Not by ``savez``: there no array can be named "file". And the same arrays give the same
                # bytes, as a ``ZipInfo`` has no time of its own.
                entry = zipfile.ZipInfo(f"{name}.npy")
                entry.compress_type = method
                with archive.open(entry, "w", force_zip64=True) as member:
                    numpy.lib.format.write_array(member, numpy.asanyarray(array), **args)

    @property
    def _is_archive(self) -> bool:
        return self._filepath.suffix == ".npz"
