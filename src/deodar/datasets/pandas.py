"""Tables with pandas, in files and in databases."""

import json
import os
from typing import Any, ClassVar

from ..io.core import AbstractDataset, DatasetError, Version
from . import _sql
from ._file import FileDataset
from ._packages import package
from ._previews import TablePreview
from .text import TextDataset

__all__ = [
    "CSVDataset",
    "ExcelDataset",
    "FeatherDataset",
    "GenericDataset",
    "JSONDataset",
    "ParquetDataset",
    "SQLQueryDataset",
    "SQLTableDataset",
    "XMLDataset",
]


class _PandasDataset(FileDataset):
    """A pandas table in a file; ``_FORMAT`` names pandas' functions (``read_csv``, ``to_csv``)."""

    _FORMAT = ""
    _PACKAGE = "pandas"
    _TAKES_URLS = True
    _COMPRESSES = False

    def _read(self, source: Any, **overrides: Any) -> Any:
        args = {**self._load_args, **overrides}
        if isinstance(source, str) and not self._is_local:
            args.setdefault("storage_options", self._storage_options or None)
        return getattr(package("pandas"), f"read_{self._FORMAT}")(source, **args)

    def _write(self, data: Any, target: Any) -> None:
        args = self._save_args
        if self._COMPRESSES and "compression" not in args and str(target).endswith(".gz"):
            # Without the time of writing, so that the same table gives the same bytes.
            args = {**args, "compression": {"method": "gzip", "mtime": 0}}
        getattr(data, f"to_{self._FORMAT}")(target, **args)

    def _preview(self, rows: int) -> Any:
        return self.load().head(rows)

    def preview(self, nrows: int = 5) -> TablePreview:
        """Return the first rows, in pieces that JSON can hold.

        Args:
            nrows: how many.
        """
        return TablePreview(json.loads(self._preview(nrows).to_json(orient="split", date_format="iso")))


class CSVDataset(_PandasDataset):
    """Comma-separated values; a suffix such as ``.gz`` compresses. Arguments go to ``read_csv``, ``to_csv``."""

    DEFAULT_SAVE_ARGS: ClassVar[dict[str, Any]] = {"index": False}
    _FORMAT = "csv"
    _COMPRESSES = True

    def _preview(self, rows: int) -> Any:
        with self._load_source() as source:
            return self._read(source, nrows=rows)


class JSONDataset(_PandasDataset):
    """A table as JSON; arguments go to ``read_json`` and ``to_json``."""

    _FORMAT = "json"
    _COMPRESSES = True


class FeatherDataset(_PandasDataset):
    """A table in Arrow's file format; arguments go to ``read_feather`` and ``to_feather``."""

    _FORMAT = "feather"


class XMLDataset(_PandasDataset):
    """A table as XML; arguments go to ``read_xml`` and ``to_xml``. The default parser is the package lxml."""

    DEFAULT_SAVE_ARGS: ClassVar[dict[str, Any]] = {"index": False}
    _FORMAT = "xml"
    _COMPRESSES = True


class ParquetDataset(_PandasDataset):
    """A table in Parquet; arguments go to ``read_parquet`` and ``to_parquet``. Folders can be loaded."""

    _FORMAT = "parquet"

    def _write(self, data: Any, target: Any) -> None:
        if "partition_cols" in self._save_args:
            raise DatasetError(
                f"{type(self).__name__} does not support save argument 'partition_cols'. "
                "Please use 'partitions.PartitionedDataset' instead."
            )
        if isinstance(target, str) and os.path.isdir(target):  # noqa: PTH112 - see the other branch.
            raise DatasetError(f"Saving {type(self).__name__} to a directory is not supported.")
        super()._write(data, target)


class ExcelDataset(_PandasDataset):
    """A sheet as a table, or with ``sheet_name: null`` all sheets as a dictionary of tables.

    Arguments go to ``read_excel`` and ``to_excel``; those below ``writer`` in ``save_args`` to ``ExcelWriter``.
    """

    DEFAULT_SAVE_ARGS: ClassVar[dict[str, Any]] = {"index": False}
    _FORMAT = "excel"

    def __init__(
        self,
        *,
        filepath: str | os.PathLike[str],
        engine: str = "openpyxl",
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
            engine: the package that writes.
            load_args: passed on to ``read_excel``.
            save_args: passed on to ``to_excel``, but for ``writer``.

        Raises:
            DatasetError: a versioned file was asked to grow.
        """
        save_args = dict(save_args or {})
        self._writer_args: dict[str, Any] = {"engine": engine, **(save_args.pop("writer", None) or {})}
        if version is not None and str(self._writer_args.get("mode", "w")).startswith("a"):
            raise DatasetError(
                f"'{filepath}' is versioned: '{type(self).__name__}' with mode 'a' would add to a version "
                "that does not exist yet. Remove 'versioned' or the mode."
            )
        super().__init__(
            filepath=filepath,
            load_args={"engine": engine, **(load_args or {})},
            save_args=save_args,
            version=version,
            credentials=credentials,
            fs_args=fs_args,
            metadata=metadata,
        )

    def _write(self, data: Any, target: Any) -> None:
        with package("pandas").ExcelWriter(target, **self._writer_args) as writer:
            if not isinstance(data, dict):
                data.to_excel(writer, **self._save_args)
                return
            for sheet, table in data.items():
                table.to_excel(writer, **{**self._save_args, "sheet_name": sheet})

    def _preview(self, rows: int) -> Any:
        with self._load_source() as source:
            table = self._read(source, nrows=rows)
        return next(iter(table.values())) if isinstance(table, dict) else table

    def _describe(self) -> dict[str, Any]:
        return {**super()._describe(), "writer_args": self._writer_args}


_GENERIC_FORMATS = (
    "csv", "excel", "feather", "fwf", "hdf", "html", "json", "orc", "parquet", "pickle", "sas", "spss",
    "stata", "table", "xml",
)  # fmt: skip


class GenericDataset(_PandasDataset):
    """A table in any format of files that pandas reads."""

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
            file_format: the end of the name of pandas' functions: ``stata`` for ``read_stata``.
            load_args: passed on to the function that reads.
            save_args: passed on to the function that writes.

        Raises:
            DatasetError: pandas reads no files of that format.
        """
        self._FORMAT = file_format.lower()
        if self._FORMAT not in _GENERIC_FORMATS:
            known = ", ".join(_GENERIC_FORMATS)
            raise DatasetError(f"pandas has no files of format {file_format!r}. Known: {known}.")
        super().__init__(
            filepath=filepath,
            load_args=load_args,
            save_args=save_args,
            version=version,
            credentials=credentials,
            fs_args=fs_args,
            metadata=metadata,
        )

    def _write(self, data: Any, target: Any) -> None:
        if not hasattr(data, f"to_{self._FORMAT}"):
            raise DatasetError(f"pandas can read '{self._FORMAT}', but not write it.")
        super()._write(data, target)

    def _describe(self) -> dict[str, Any]:
        return {"file_format": self._FORMAT, **super()._describe()}


class SQLTableDataset(AbstractDataset[Any, Any]):
    """A table of a database; arguments go to ``read_sql_table`` and ``to_sql``."""

    DEFAULT_LOAD_ARGS: ClassVar[dict[str, Any]] = {}
    DEFAULT_SAVE_ARGS: ClassVar[dict[str, Any]] = {"index": False}

    def __init__(
        self,
        *,
        table_name: str,
        credentials: dict[str, Any],
        load_args: dict[str, Any] | None = None,
        save_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Describe the table; no connection is made yet.

        Args:
            table_name: the table, without its schema, which goes into the arguments.
            credentials: ``con``, a connection string for SQLAlchemy; the rest goes to ``create_engine``.
            load_args: passed on to ``read_sql_table``.
            save_args: passed on to ``to_sql``.
            metadata: kept for plugins.

        Raises:
            DatasetError: the table or the connection string is missing.
        """
        if not table_name:
            raise DatasetError("'table_name' argument cannot be empty.")
        self._database = _sql.Database(credentials)
        self._table_name = table_name
        self._load_args = {**self.DEFAULT_LOAD_ARGS, **(load_args or {})}
        self._save_args = {**self.DEFAULT_SAVE_ARGS, **(save_args or {})}
        self.metadata = metadata

    def load(self) -> Any:
        """Read the table."""
        pandas = package("pandas")
        with self._database.errors():
            return pandas.read_sql_table(self._table_name, con=self._database.engine(), **self._load_args)

    def save(self, data: Any) -> None:
        """Write the table."""
        with self._database.errors():
            data.to_sql(self._table_name, con=self._database.engine(), **self._save_args)

    def preview(self, nrows: int = 5) -> TablePreview:
        """Return the first rows, in pieces that JSON can hold.

        Args:
            nrows: how many.
        """
        pandas = package("pandas")
        with self._database.errors():
            chunks = pandas.read_sql_table(
                self._table_name, con=self._database.engine(), **{**self._load_args, "chunksize": nrows}
            )
            return TablePreview(json.loads(next(chunks).to_json(orient="split", date_format="iso")))

    def _exists(self) -> bool:
        schema = self._load_args.get("schema") or self._save_args.get("schema")
        with self._database.errors():
            return self._database.has_table(self._table_name, schema)

    def _describe(self) -> dict[str, Any]:
        return {
            "table_name": self._table_name,
            "load_args": self._load_args,
            "save_args": self._save_args,
        }


class SQLQueryDataset(AbstractDataset[Any, Any]):
    """What a query returns; it can only be loaded. ``load_args`` go to ``read_sql_query``.

    Values for the query go into ``load_args: {params: …}``, from where the database's own driver takes them.
    """

    def __init__(
        self,
        *,
        sql: str | None = None,
        credentials: dict[str, Any] | None = None,
        load_args: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        filepath: str | os.PathLike[str] | None = None,
        execution_options: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
        encoding: str | None = None,
    ) -> None:
        """Describe the query; no connection is made yet.

        Args:
            sql: the query.
            credentials: ``con``, a connection string for SQLAlchemy; the rest goes to ``create_engine``.
            load_args: passed on to ``read_sql_query``.
            fs_args: passed on to the file system of ``filepath``; ``credentials`` in it are for that one.
            filepath: a file with the query, instead of ``sql``.
            execution_options: options of SQLAlchemy's connection, such as ``stream_results``.
            metadata: kept for plugins.
            encoding: of the file with the query; UTF-8 if None.

        Raises:
            DatasetError: there is no query, there are two, or the connection string is missing.
        """
        if sql and filepath:
            raise DatasetError("'sql' and 'filepath' arguments cannot both be provided. Please only provide one.")
        if not (sql or filepath):
            raise DatasetError(
                "'sql' and 'filepath' arguments cannot both be empty. "
                "Please provide a sql query or path to a sql query file."
            )
        self._database = _sql.Database(credentials, execution_options)
        self._sql = sql
        self._file: TextDataset | None = None
        if filepath:
            options = dict(fs_args or {})
            file_credentials = options.pop("credentials", None)
            options["open_args_load"] = {"encoding": encoding or "utf-8", **options.get("open_args_load", {})}
            self._file = TextDataset(filepath=filepath, credentials=file_credentials, fs_args=options)
        self._filepath = None if self._file is None else self._file._filepath
        self._load_args = dict(load_args or {})
        self.metadata = metadata

    def load(self) -> Any:
        """Run the query."""
        query = self._sql if self._file is None else self._file.load()
        pandas = package("pandas")
        with self._database.errors():
            return pandas.read_sql_query(query, con=self._database.engine(), **self._load_args)

    def save(self, data: Any) -> None:
        """Refuse: a query is no place to write to."""
        raise DatasetError(f"'save' is not supported on {type(self).__name__}.")

    def _describe(self) -> dict[str, Any]:
        return {
            "sql": self._sql,
            "filepath": self._filepath,
            # Values may be personal data; only their names are shown.
            "load_args": {
                key: _sql.names_only(value) if key == "params" else value for key, value in self._load_args.items()
            },
            "execution_options": self._database.execution_options or None,
        }
