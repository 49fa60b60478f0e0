"""From a validator's dotted path to something that validates."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

from ..utils import load_obj
from ._validation_errors import ValidationConfigurationError
from ._validation_pandera import PanderaValidator, is_pandera_schema
from ._validation_spec import ValidatorSpec


@runtime_checkable
class Validator(Protocol):
    """Something that looks at data. Several threads may call it at once."""

    def validate(self, data: Any) -> Any:
        """Return the data, perhaps another one; raise what is wrong with it."""
        ...


class CallableValidator:
    """A plain function as a validator; if it returns None the data stays as it is."""

    def __init__(self, func: Callable[[Any], Any]) -> None:
        self._func = func

    def validate(self, data: Any) -> Any:
        """Call the function."""
        result = self._func(data)
        return data if result is None else result

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._func!r})"


def resolve_validator(spec: ValidatorSpec) -> Validator:
    """Return the validator of a specification.

    Raises:
        ValidationConfigurationError: it cannot be imported, built, or is no validator.
    """
    try:
        found = load_obj(spec.class_path)
    except (ImportError, AttributeError, ValueError) as exc:
        raise ValidationConfigurationError(
            f"Could not import validator '{spec.class_path}': {exc}. Check that the class path is correct "
            "and the package is installed in the current environment."
        ) from exc
    if is_pandera_schema(found):
        return PanderaValidator.with_options(found, spec.class_path, spec.options)
    if inspect.isclass(found):
        return _instance_of(found, spec)
    if callable(getattr(found, "validate", None)):
        _refuse_options(spec, "an instance", "declare a class path instead or drop the options.")
        validator: Validator = found
        return validator
    if callable(found):
        _refuse_options(
            spec,
            "a plain callable",
            "declare a validator class that takes them as constructor arguments, or drop the options.",
        )
        return CallableValidator(found)
    raise ValidationConfigurationError(
        f"Validator '{spec.class_path}' resolved to {type(found).__name__} ({found!r}), which is not a "
        "validator class, a validator instance, a supported schema or a callable."
    )


def _instance_of(found: type, spec: ValidatorSpec) -> Validator:
    if not callable(getattr(found, "validate", None)):
        raise ValidationConfigurationError(
            f"Validator '{spec.class_path}' resolved to class {found.__name__}, which does not provide a "
            "'validate(data)' method."
        )
    try:
        validator: Validator = found(**spec.options)
    except Exception as exc:
        raise ValidationConfigurationError(
            f"Could not instantiate validator '{spec.class_path}' with options {spec.options}: {exc}"
        ) from exc
    return validator


def _refuse_options(spec: ValidatorSpec, what: str, instead: str) -> None:
    if spec.options:
        raise ValidationConfigurationError(
            f"Validator '{spec.class_path}' is {what} and cannot accept options {sorted(spec.options)}; {instead}"
        )


def preflight_check(specs: Mapping[str, ValidatorSpec]) -> list[str]:
    """Say which validators' top-level packages are not installed, without importing any.

    Args:
        specs: specifications by dataset name.
    """
    return [
        f"Validator for dataset '{name}' requires package '{package}' which is not installed "
        f"(declared: {spec.class_path})."
        for name, spec in specs.items()
        if not _is_installed(package := spec.class_path.partition(".")[0])
    ]


def _is_installed(package: str) -> bool:
    # Imported here: only a catalog with validators needs it.
    from importlib.util import find_spec

    if package in sys.modules:
        return True
    try:
        return bool(package) and find_spec(package) is not None
    except (ImportError, ValueError):
        return False
