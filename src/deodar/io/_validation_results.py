"""Validation on demand: what the validators of a catalog say, without an exception."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from ._validation import checked
from ._validation_errors import CheckFailure, DataValidationError, ValidationConfigurationError
from ._validation_spec import MODES, ValidatorSpec
from ._versions import Version

_PLAIN = (str, int, float, bool, type(None))
_MODE = "api"

_UNSET: Any = type("_Unset", (), {"__repr__": lambda self: "<unset>"})()

ValidationStatus = Literal["passed", "failed", "skipped", "errored"]


@dataclass
class ValidationResult:
    """What came of validating one dataset. True if nothing was found wrong."""

    dataset_name: str
    validator: str | None
    status: ValidationStatus
    failures: list[CheckFailure] = field(default_factory=list)
    message: str | None = None
    reason: str | None = None
    error_type: str | None = None
    enabled: bool = True
    data: Any | None = None

    def __bool__(self) -> bool:
        return self.status in ("passed", "skipped")

    def raise_if_failed(self) -> None:
        """Raise what was found wrong.

        Raises:
            DataValidationError: the data did not pass or could not be checked.
        """
        if self:
            return
        raise DataValidationError(
            self.message or f"Validation {self.status}",
            dataset_name=self.dataset_name,
            mode=_MODE,
            validator=self.validator,
            failures=self.failures,
            error_type=self.error_type,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return all but the data, in types that JSON knows."""
        return {
            "dataset_name": self.dataset_name,
            "validator": self.validator,
            "status": self.status,
            "failures": [
                {
                    "message": failure.message,
                    "check": failure.check,
                    "column": failure.column,
                    "failure_count": failure.failure_count,
                    "failure_examples": [_json_safe(example) for example in failure.failure_examples],
                }
                for failure in self.failures
            ],
            "message": self.message,
            "reason": self.reason,
            "error_type": self.error_type,
            "enabled": self.enabled,
        }


def _json_safe(value: Any) -> Any:
    # JSON has neither NaN nor infinity.
    if type(value) in _PLAIN and not (isinstance(value, float) and value - value != 0):
        return value
    return repr(value)


def validate_dataset(
    catalog: Any, name: str, data: Any = _UNSET, *, on: str = "load", version: str | None = None
) -> ValidationResult:
    """Validate one dataset now, whether or not its validator is enabled.

    Args:
        catalog: the catalog that declares the validator.
        name: the dataset's name.
        data: what to validate; by default what the dataset loads.
        on: ``load`` or ``save``, the occasion to validate for.
        version: the version to load.

    Raises:
        ValueError: there is no such occasion, or no data for a save.
    """
    if on not in MODES:
        raise ValueError(f"'on' must be 'load' or 'save', got {on!r}.")
    if on == "save" and data is _UNSET:
        raise ValueError("data must be provided when validating with on='save'.")
    if not hasattr(catalog, "_validator_specs"):
        return ValidationResult(name, None, "skipped", reason="catalog does not support declared validators")
    try:
        dataset = catalog.get(name, version=None if version is None else Version(version, None))
    except Exception as exc:
        return _errored(name, None, f"Dataset '{name}' exists but could not be created: {exc}")
    if dataset is None:
        return _errored(name, None, f"Dataset '{name}' not found in the catalog.")
    spec: ValidatorSpec | None = catalog._validator_specs.get(name)
    if spec is None:
        return ValidationResult(name, None, "skipped", reason="no validator declared")
    if on not in spec.on:
        return ValidationResult(
            name,
            spec.class_path,
            "skipped",
            reason=f"validator declared for {' and '.join(spec.on)} only",
            enabled=spec.enabled,
        )
    return _result(catalog, dataset, spec, name, data)


def _result(catalog: Any, dataset: Any, spec: ValidatorSpec, name: str, data: Any) -> ValidationResult:
    try:
        validator = catalog._validator_of(name)
    except ValidationConfigurationError as exc:
        is_missing = isinstance(exc.__cause__, ImportError)
        return _errored(name, spec, str(exc), "missing_dependency" if is_missing else "unresolvable_validator")
    if data is _UNSET:
        try:
            data = dataset.load()
        except Exception as exc:
            return _errored(name, spec, str(exc))
    try:
        result = checked(validator, data, name, _MODE, spec.class_path)
    except DataValidationError as exc:
        return ValidationResult(name, spec.class_path, "failed", exc.failures, message=str(exc), enabled=spec.enabled)
    except ValidationConfigurationError as exc:
        return _errored(name, spec, str(exc), "unresolvable_validator")
    return ValidationResult(name, spec.class_path, "passed", enabled=spec.enabled, data=result)


def _errored(
    name: str, spec: ValidatorSpec | None, message: str, error_type: str = "dataset_error"
) -> ValidationResult:
    return ValidationResult(
        name,
        None if spec is None else spec.class_path,
        "errored",
        message=message,
        error_type=error_type,
        enabled=True if spec is None else spec.enabled,
    )


def validate_catalog(catalog: Any, names: Iterable[str] | str | None = None) -> dict[str, ValidationResult]:
    """Validate what datasets of a catalog load.

    Args:
        catalog: the catalog that declares the validators.
        names: which datasets; by default all that have a validator.
    """
    if names is None:
        names = sorted(getattr(catalog, "_validator_specs", {}))
    elif isinstance(names, str):
        names = [names]
    return {name: validate_dataset(catalog, name) for name in names}
