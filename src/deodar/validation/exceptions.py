"""What can be wrong with parameters; and, by their contract name, the errors of data validation."""

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
