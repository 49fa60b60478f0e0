"""What a validator found wrong with data, and what may be wrong with its declaration.

Both errors show themselves as those of ``validation.exceptions``, where callers import them from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ._errors import DatasetError

_SHOWN_IN = f"{__name__.partition('.')[0]}.validation.exceptions"
_TEXT_LIMIT = 500
_CHECK_LIMIT = 200
_COLUMN_LIMIT = 60
_EXAMPLE_LIMIT = 40
EXAMPLES_SHOWN = 5
_CHECKS_SHOWN = 10


class ValidationConfigurationError(DatasetError):
    """A validator is declared in a way that means nothing, or cannot be had."""

    __module__ = _SHOWN_IN


@dataclass(frozen=True)
class CheckFailure:
    """One check that data did not pass, with how many values failed it and some of them."""

    message: str
    check: str | None = None
    column: str | None = None
    failure_count: int = 1
    failure_examples: list[Any] = field(default_factory=list)

    def shown(self) -> str:
        """Return this failure in one line."""
        where = "" if self.column is None else f"{_cut(str(self.column), _COLUMN_LIMIT)}: "
        what = _cut(str(self.check or self.message), _CHECK_LIMIT)
        count = f"{self.failure_count} {'case' if self.failure_count == 1 else 'cases'}"
        examples = ", ".join(_cut(str(example), _EXAMPLE_LIMIT) for example in self.failure_examples[:EXAMPLES_SHOWN])
        return f"  - {where}{what} — {count}" + (f" (e.g. {examples})" if examples else "")


class DataValidationError(DatasetError):
    """Data did not pass its validator.

    A validator may raise it with no more than a message; the catalog fills in the rest.
    """

    __module__ = _SHOWN_IN

    def __init__(  # The contract's signature.
        self,
        message: str,
        *,
        dataset_name: str | None = None,
        mode: str | None = None,
        validator: str | None = None,
        failures: list[CheckFailure] | None = None,
        error_type: str | None = None,
    ) -> None:
        """Take what is known.

        Args:
            message: what to say if there are no single failures.
            dataset_name: whose data it is.
            mode: ``load``, ``save`` or ``api``.
            validator: dotted path of the validator.
            failures: the checks that failed.
            error_type: why the check could not be made, if it was not.
        """
        super().__init__(message)
        self.message = message
        self.dataset_name = dataset_name
        self.mode = mode
        self.validator = validator
        self.failures = list(failures or [])
        self.error_type = error_type

    def __str__(self) -> str:
        lines = []
        if self.dataset_name is not None:
            on = "" if self.mode is None else f" on {self.mode}"
            lines.append(_cut(f"Validation failed for dataset '{self.dataset_name}'{on}", _TEXT_LIMIT))
        elif self.failures:
            lines.append(_cut(self.message, _TEXT_LIMIT))
        if self.validator is not None:
            lines.append(f"(validator: {self.validator})")
        if not self.failures:
            lines.append(_cut(self.message, _TEXT_LIMIT))
            return "\n".join(lines)
        cases = sum(failure.failure_count for failure in self.failures)
        lines.append(f"{len(self.failures)} check(s) failed — {cases} failure case(s):")
        lines.extend(failure.shown() for failure in self.failures[:_CHECKS_SHOWN])
        if len(self.failures) > _CHECKS_SHOWN:
            lines.append(f"  ... and {len(self.failures) - _CHECKS_SHOWN} more check(s)")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[Any, ...]:
        # The keyword arguments are in the state, which is applied after building it from the message.
        return type(self), (self.message,), self.__dict__


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
