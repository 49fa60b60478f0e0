"""Pandera schemas as validators. Pandera itself is only looked at once a schema of it is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._validation_errors import (
    EXAMPLES_SHOWN,
    CheckFailure,
    DataValidationError,
    ValidationConfigurationError,
)

_OPTIONS = ("lazy", "head", "tail", "sample", "random_state")


def is_pandera_schema(found: Any) -> bool:
    """Tell whether something is a ``DataFrameModel`` class or a ``DataFrameSchema``, of any back end."""
    if isinstance(found, type):
        return any(_is_of_pandera(base, "DataFrameModel") for base in found.__mro__)
    return any(_is_of_pandera(base, "DataFrameSchema") for base in type(found).__mro__)


def _is_of_pandera(kind: type, name: str) -> bool:
    return kind.__name__ == name and kind.__module__.partition(".")[0] == "pandera"


class PanderaValidator:
    """Validates with a pandera model or schema; gathers all failures unless ``lazy`` is off."""

    def __init__(  # The contract's signature: the options of a declaration.
        self,
        schema: Any,
        lazy: bool = True,
        head: int | None = None,
        tail: int | None = None,
        sample: int | None = None,
        random_state: int | None = None,
    ) -> None:
        """Take a schema and how much of the data to look at.

        Args:
            schema: a pandera model class or schema.
            lazy: whether to go on after the first failure.
            head: how many rows from the start to look at.
            tail: how many rows from the end.
            sample: how many rows at random.
            random_state: seed of the sample.
        """
        self._schema = schema
        self._lazy = lazy
        given = {"head": head, "tail": tail, "sample": sample, "random_state": random_state}
        self._rows = {name: value for name, value in given.items() if value is not None}

    @classmethod
    def with_options(cls, schema: Any, class_path: str, options: Mapping[str, Any]) -> PanderaValidator:
        """Build one from a declaration.

        Raises:
            ValidationConfigurationError: an option is not one of pandera's.
        """
        unknown = sorted(str(name) for name in options if name not in _OPTIONS)
        if unknown:
            shown = getattr(schema, "__name__", type(schema).__name__)
            raise ValidationConfigurationError(
                f"Unsupported option(s) {unknown} for pandera validator '{shown}'. Supported options: "
                f"{', '.join(_OPTIONS)}."
            )
        return cls(schema, **options)

    @property
    def _path(self) -> str:
        kind = self._schema if isinstance(self._schema, type) else type(self._schema)
        return f"{kind.__module__}.{kind.__qualname__}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._path})"

    def validate(self, data: Any) -> Any:
        """Return the data as the schema coerced it.

        Raises:
            DataValidationError: with every check that failed.
        """
        # Imported here: there is a schema, so pandera is loaded already.
        from pandera.errors import SchemaError, SchemaErrors

        try:
            result = self._schema.validate(data, lazy=self._lazy, **self._rows)
        except SchemaErrors as exc:
            raise self._error(_failures_by_check(exc.failure_cases)) from exc
        except SchemaError as exc:
            raise self._error([_single_failure(exc)]) from exc
        # With Spark, pandera raises nothing and leaves its findings on the frame.
        found = getattr(getattr(result, "pandera", None), "errors", None)
        if found:
            raise self._error([CheckFailure(message=str(found))])
        return result

    def _error(self, failures: list[CheckFailure]) -> DataValidationError:
        return DataValidationError(
            f"Pandera validation failed against {self._path}", validator=self._path, failures=failures
        )


def _failures_by_check(cases: Any) -> list[CheckFailure]:
    """Gather pandera's table of failure cases, one row for each value, into one entry for each check."""
    grouped: dict[tuple[str | None, str], list[Any]] = {}
    rows = cases.to_dicts() if hasattr(cases, "to_dicts") else cases.to_dict("records")
    for row in rows:
        column = row.get("column")
        # A missing name is NaN in a pandas table: not equal to itself.
        key = (None if column is None or column != column else str(column), str(row.get("check")))
        grouped.setdefault(key, []).append(row.get("failure_case"))
    return [
        CheckFailure(
            message=f"Check '{check}' failed" + ("" if column is None else f" for column '{column}'"),
            check=check,
            column=column,
            failure_count=len(values),
            failure_examples=values[:EXAMPLES_SHOWN],
        )
        for (column, check), values in grouped.items()
    ]


def _single_failure(exc: Any) -> CheckFailure:
    cases = getattr(exc, "failure_cases", None)
    values: list[Any] = []
    if cases is not None and "failure_case" in getattr(cases, "columns", ()):
        values = list(cases["failure_case"])
    schema_name = getattr(getattr(exc, "schema", None), "name", None)
    is_column = "Column" in type(getattr(exc, "schema", None)).__name__
    return CheckFailure(
        message=str(exc),
        check=str(exc.check),
        column=str(schema_name) if is_column and schema_name is not None else None,
        failure_count=max(len(values), 1),
        failure_examples=values[:EXAMPLES_SHOWN],
    )
