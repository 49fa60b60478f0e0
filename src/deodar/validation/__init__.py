"""Validation of parameters against the types that nodes declare, and of data against declared validators.

The names here are those of the contract. What validates data lives beside the catalog, which calls it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._front_door import front_door

if TYPE_CHECKING:
    from ..io._validation_errors import CheckFailure, DataValidationError, ValidationConfigurationError
    from ..io._validation_pandera import PanderaValidator
    from ..io._validation_resolution import CallableValidator, Validator, preflight_check, resolve_validator
    from ..io._validation_results import ValidationResult, validate_catalog, validate_dataset
    from ..io._validation_spec import ValidatorSpec
    from .exceptions import ModelInstantiationError, ParameterValidationError
    from .model_factory import instantiate_model
    from .parameter_validator import ParameterValidator
    from .type_extractor import TypeExtractor

__all__ = [
    "CallableValidator",
    "CheckFailure",
    "DataValidationError",
    "ModelInstantiationError",
    "PanderaValidator",
    "ParameterValidationError",
    "ParameterValidator",
    "TypeExtractor",
    "ValidationConfigurationError",
    "ValidationResult",
    "Validator",
    "ValidatorSpec",
    "instantiate_model",
    "preflight_check",
    "resolve_validator",
    "validate_catalog",
    "validate_dataset",
]

__getattr__, __dir__ = front_door(
    __name__,
    {
        "ModelInstantiationError": "exceptions",
        "ParameterValidationError": "exceptions",
        "ParameterValidator": "parameter_validator",
        "TypeExtractor": "type_extractor",
        "instantiate_model": "model_factory",
        "CallableValidator": ".io._validation_resolution",
        "CheckFailure": ".io._validation_errors",
        "DataValidationError": ".io._validation_errors",
        "PanderaValidator": ".io._validation_pandera",
        "ValidationConfigurationError": ".io._validation_errors",
        "ValidationResult": ".io._validation_results",
        "Validator": ".io._validation_resolution",
        "ValidatorSpec": ".io._validation_spec",
        "preflight_check": ".io._validation_resolution",
        "resolve_validator": ".io._validation_resolution",
        "validate_catalog": ".io._validation_results",
        "validate_dataset": ".io._validation_results",
    },
)
