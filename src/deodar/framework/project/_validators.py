"""What a setting is: its name, its default, and what it must be.

The shapes are those of dynaconf's validators, which plugins and their tests define settings with. Objects
of dynaconf itself are accepted wherever these are.
"""

import sys
from collections.abc import Callable
from typing import Any

from ...utils import load_obj

_TOP = __name__.partition(".")[0]


class _Unset:
    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "<unset>"


UNSET = _Unset()


class ValidationError(ValueError):
    """A setting has a value that it must not have."""


def invalid(message: str) -> ValidationError:
    """Return the error to raise, which is dynaconf's too in a process that has imported dynaconf."""
    # Programs written for Kedro catch dynaconf's class; they can only do so after importing it.
    foreign = sys.modules.get("dynaconf.validator")
    if foreign is None:
        return ValidationError(message)
    both = type("ValidationError", (ValidationError, foreign.ValidationError), {"__module__": __name__})
    error: ValidationError = both(message)
    return error


class Validator:
    """Declares one or more settings.

    Args:
        names: the settings, in capitals.
        default: value where the project sets none; a callable is called with the settings and the validator.
        must_exist: whether the project has to set it.
        condition: a check that returns whether a value is good.
        cast: applied to a value given by the project, before the checks.
        is_type_of: a class or classes of which the value must be an instance.
    """

    def __init__(
        self,
        *names: str,
        default: Any = UNSET,
        must_exist: bool | None = None,
        condition: Callable[[Any], bool] | None = None,
        cast: Callable[[Any], Any] | None = None,
        is_type_of: type | tuple[type, ...] | None = None,
    ) -> None:
        self.names = names
        self.default = default
        self.must_exist = must_exist
        self.condition = condition
        self.cast = cast
        self.is_type_of = is_type_of

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.names))}, default={self.default!r})"

    def validate(self, settings: Any, *args: Any, **kwargs: Any) -> None:
        """Check every setting this validator names.

        Raises:
            ValidationError: a value is missing or is not what it must be.
        """
        for name in self.names:
            if name in settings:
                self._check(name, getattr(settings, name))
            elif self.must_exist:
                raise invalid(f"Setting '{name}' is required: define it in the project's settings.py.")

    def _check(self, name: str, value: Any) -> None:
        if self.is_type_of is not None and not isinstance(value, self.is_type_of):
            raise invalid(f"Invalid value {value!r} received for setting '{name}'. Its type must be {self.is_type_of}.")
        if self.condition is not None and not self.condition(value):
            raise invalid(f"Invalid value {value!r} received for setting '{name}'.")


class DefaultClass:
    """A default given as a dotted path, imported each time it is asked for.

    Not remembered, so that replacing the class in its module takes effect.
    """

    def __init__(self, class_path: str) -> None:
        self.class_path = class_path

    def __call__(self, settings: Any = None, validator: Any = None) -> Any:
        return load_obj(self.class_path)

    def __repr__(self) -> str:
        return f"<class {self.class_path}>"


def _get_default_class(class_path: str) -> DefaultClass:
    return DefaultClass(class_path)


def qualified_name(value: Any) -> str:
    """Return ``module.qualname`` of a class, or the representation of anything else."""
    return f"{value.__module__}.{value.__qualname__}" if isinstance(value, type) else repr(value)


def _default_of(validator: Validator, settings: Any) -> Any:
    return validator.default(settings, validator) if callable(validator.default) else validator.default


class _IsSubclassValidator(Validator):
    """A setting whose value must be a subclass of its default."""

    def validate(self, settings: Any, *args: Any, **kwargs: Any) -> None:
        super().validate(settings, *args, **kwargs)
        default = _default_of(self, settings)
        for name in self.names:
            _require_subclass(name, getattr(settings, name), default)


class _HasSharedParentClassValidator(Validator):
    """A setting whose value must descend from the parent of its default."""

    def validate(self, settings: Any, *args: Any, **kwargs: Any) -> None:
        super().validate(settings, *args, **kwargs)
        parent = _default_of(self, settings).mro()[1]
        for name in self.names:
            _require_subclass(name, getattr(settings, name), parent)


class _ImplementsCatalogProtocolValidator(Validator):
    """A setting whose value must be a class with all methods of a data catalog."""

    def validate(self, settings: Any, *args: Any, **kwargs: Any) -> None:
        super().validate(settings, *args, **kwargs)
        protocol = load_obj("kedro.io.core.CatalogProtocol")
        for name in self.names:
            value = getattr(settings, name)
            # The class is looked at, not built: one that needs arguments is as good as another.
            if not isinstance(value, type) or not _has_methods_of(protocol, value):
                raise invalid(
                    f"Invalid value '{qualified_name(value)}' received for setting '{name}'. "
                    f"It must implement '{_TOP}.io.core.CatalogProtocol'."
                )


def _require_subclass(name: str, value: Any, parent: type) -> None:
    if not isinstance(value, type) or not issubclass(value, parent):
        raise invalid(
            f"Invalid value '{qualified_name(value)}' received for setting '{name}'. "
            f"It must be a subclass of '{qualified_name(parent)}'."
        )


# What the machinery of protocols and classes puts into a class body, rather than its author.
_NOT_PROTOCOL = frozenset(("__init__", "__subclasshook__", "__class_getitem__", "__init_subclass__", "__new__"))


def _has_methods_of(protocol: type, value: type) -> bool:
    methods = (
        name
        for name, member in vars(protocol).items()
        if (callable(member) or isinstance(member, classmethod)) and name not in _NOT_PROTOCOL
    )
    return all(callable(getattr(value, name, None)) for name in methods)
