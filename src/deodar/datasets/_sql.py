"""Databases by SQLAlchemy: one engine for each connection string, and no secrets in messages."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..io.core import DatasetError
from ._packages import check_installed, package

# Engines hold the pools of connections and are made to be shared; an SQLite database in memory even lives
# in its engine. Kept by process, as a connection does not survive a fork.
_engines: dict[tuple[int, str, str], Any] = {}


class Database:
    """A database and how to connect to it; the connection string is not shown anywhere."""

    def __init__(self, credentials: dict[str, Any] | None, execution_options: dict[str, Any] | None = None) -> None:
        """Take the connection string and what goes with it; nothing is connected yet.

        Args:
            credentials: ``con`` and further arguments of ``create_engine``.
            execution_options: options of SQLAlchemy's connections.

        Raises:
            DatasetError: there is no connection string, or SQLAlchemy is not installed.
        """
        if not (credentials and credentials.get("con")):
            raise DatasetError(
                "'con' argument cannot be empty. Please provide a SQLAlchemy connection string: "
                "'credentials: {con: dialect://…}', best by name from credentials.yml."
            )
        check_installed("pandas")
        check_installed("sqlalchemy")
        self._connect = dict(credentials)
        self.execution_options = dict(execution_options or {})

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def engine(self) -> Any:
        """Return the engine for this database, made when first asked for."""
        sqlalchemy = package("sqlalchemy")
        options = dict(self._connect)
        try:
            url = sqlalchemy.make_url(options.pop("con"))
        except sqlalchemy.exc.ArgumentError:
            # Without the cause: SQLAlchemy's message quotes the string, password included.
            raise DatasetError(
                "The connection string 'con' cannot be parsed. It should look like "
                "'dialect+driver://user:password@host:port/database'."
            ) from None
        key = (os.getpid(), url.render_as_string(hide_password=False), repr(sorted(options.items())))
        if key not in _engines:
            _engines[key] = self._made(sqlalchemy, url, options)
        engine = _engines[key]
        return engine.execution_options(**self.execution_options) if self.execution_options else engine

    def has_table(self, name: str, schema: str | None) -> bool:
        """Tell whether the database has a table of that name."""
        return bool(package("sqlalchemy").inspect(self.engine()).has_table(name, schema))

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn errors that SQLAlchemy raises inside into ones that show no secrets.

        Raises:
            DatasetError: what went wrong, without the connection string and the parameters.
        """
        try:
            yield
        except DatasetError:
            raise
        except Exception as exc:
            said = _said_by_database(exc)
            if said is None:
                raise
            # Not from ``exc``: its text holds the statement with all its parameters, row by row.
            raise DatasetError(f"The database says: {said}") from said

    @staticmethod
    def _made(sqlalchemy: Any, url: Any, options: dict[str, Any]) -> Any:
        shown = url.render_as_string(hide_password=True)
        try:
            return sqlalchemy.create_engine(url, **options)
        except sqlalchemy.exc.NoSuchModuleError as exc:
            raise DatasetError(
                f"SQLAlchemy knows no dialect '{url.drivername}' (in '{shown}'). "
                "Check its spelling, or install the package that provides it."
            ) from exc
        except ModuleNotFoundError as exc:
            raise DatasetError(
                f"The driver '{exc.name}' for '{shown}' is not installed. Try: pip install {exc.name}"
            ) from exc


def _said_by_database(error: BaseException | None) -> BaseException | None:
    """Find the driver's own error below those that SQLAlchemy and pandas wrap around it."""
    dbapi_error = package("sqlalchemy").exc.DBAPIError
    while error is not None:
        if isinstance(error, dbapi_error):
            return error.orig  # type: ignore[no-any-return]  # SQLAlchemy is not typed here.
        error = error.__cause__ or error.__context__
    return None


def names_only(params: Any) -> Any:
    """Return what may be shown of the parameters of a query: their names, or how many there are."""
    if isinstance(params, dict):
        return sorted(map(str, params))
    return f"{len(params)} values"
