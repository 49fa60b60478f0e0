"""Tables with polars."""

import os
from pathlib import Path
from typing import Any

from ..io.core import DatasetError, Version
from ._file import FileDataset
from ._packages import package

__all__ = ["CSVDataset", "EagerPolarsDataset", "LazyPolarsDataset"]


class _PolarsDataset(FileDataset):
    """A polars table in a file; the format names polars' functions (``read_csv``, ``write_csv``)."""

    _PACKAGE = "polars"
    _file_format = "csv"

    def _read(self, source: Any) -> Any:
        return self._function(package("polars"), "read")(source, **self._load_args)

    def _write(self, data: Any, target: Any) -> None:
        self._function(data, "write")(target, **self._save_args)

    def _function(self, owner: Any, verb: str) -> Any:
        function = getattr(owner, f"{verb}_{self._file_format}", None)
        if function is None:
            raise DatasetError(
                f"polars has no '{verb}_{self._file_format}'. Check 'file_format'; "
                "csv, parquet, ipc and ndjson are known to work."
            )
        return function


class CSVDataset(_PolarsDataset):
    """Comma-separated values; arguments go to ``read_csv`` and ``write_csv``."""


class EagerPolarsDataset(_PolarsDataset):
    """A ``DataFrame`` in any format that polars reads and writes."""

    def __init__(
        self,
        *,
        filepath: str | os.PathLike[str],
        file_format: str,
        load_args: dict[str, Any] | None = None,
        save_args: dict[str, Any] | None = None,
        version: Version | None = None,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Describe the file.

        Args:
            filepath: see ``FileDataset``, as for the arguments that are not listed here.
            file_format: the end of the name of polars' functions: ``parquet`` for ``read_parquet``.
            load_args: passed on to the function that reads.
            save_args: passed on to the function that writes.
        """
        super().__init__(
            filepath=filepath,
            load_args=load_args,
            save_args=save_args,
            version=version,
            credentials=credentials,
            fs_args=fs_args,
            metadata=metadata,
        )
        self._file_format = file_format.lower()

    def _describe(self) -> dict[str, Any]:
        return {"file_format": self._file_format, **super()._describe()}


class LazyPolarsDataset(EagerPolarsDataset):
    """A ``LazyFrame``: loading reads nothing yet, saving takes a ``DataFrame`` as well.

    A ``LazyFrame`` is streamed into a local file where polars can do that, and need not fit in memory.
    """

    def _read(self, source: Any) -> Any:
        if isinstance(source, str):
            return self._function(package("polars"), "scan")(source, **self._load_args)
        # A handle closes when this returns, so that there is nothing to be lazy about.
        return super()._read(source).lazy()

    def _write(self, data: Any, target: Any) -> None:
        if not hasattr(data, "collect"):
            super()._write(data, target)
        elif isinstance(target, str) and hasattr(data, f"sink_{self._file_format}"):
            getattr(data, f"sink_{self._file_format}")(Path(target), **self._save_args)
        else:
            super()._write(data.collect(), target)
