"""Validation of parameters against the types that nodes declare, and of data against declared validators.

The names here are those of the contract. What validates data lives beside the catalog, which calls it.
"""

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
