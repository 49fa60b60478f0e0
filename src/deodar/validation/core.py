"""Validators and how they are found, by their contract name."""

from ..io._validation_errors import ValidationConfigurationError
from ..io._validation_resolution import CallableValidator, Validator, preflight_check, resolve_validator
from ..io._validation_spec import ValidatorSpec

__all__ = [
    "CallableValidator",
    "ValidationConfigurationError",
    "Validator",
    "ValidatorSpec",
    "preflight_check",
    "resolve_validator",
]
