"""Validation on demand, by its contract name."""

from ..io._validation_errors import CheckFailure, DataValidationError, ValidationConfigurationError
from ..io._validation_results import ValidationResult, validate_catalog, validate_dataset

__all__ = [
    "CheckFailure",
    "DataValidationError",
    "ValidationConfigurationError",
    "ValidationResult",
    "validate_catalog",
    "validate_dataset",
]
