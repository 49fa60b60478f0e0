"""What can be wrong with parameters; and, by their contract name, the errors of data validation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._front_door import front_door

if TYPE_CHECKING:
    from ..io._validation_errors import CheckFailure, DataValidationError, ValidationConfigurationError

__all__ = [
    "CheckFailure",
    "DataValidationError",
    "ModelInstantiationError",
    "ParameterValidationError",
    "ValidationConfigurationError",
]


class ParameterValidationError(Exception):
    """Parameters do not fit the types that nodes declare for them."""


class ModelInstantiationError(ParameterValidationError):
    """A model or dataclass could not be made of a parameter's value."""


__getattr__, __dir__ = front_door(
    __name__,
    dict.fromkeys(("CheckFailure", "DataValidationError", "ValidationConfigurationError"), ".io._validation_errors"),
)
