"""Small questions about types and nested dictionaries that parameter validation asks."""

import sys
import types
from typing import Any, Union, get_args, get_origin

from .exceptions import ParameterValidationError

_MISSING: Any = object()


def __getattr__(name: str) -> Any:
    # Programs may set this module's `pydantic` to None to do without it; until then it is what is imported.
    if name == "pydantic":
        return sys.modules.get("pydantic")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _base_model() -> type | None:
    # Never imported here: a class can only be a model where pydantic has been imported already.
    pydantic = globals().get("pydantic", _MISSING)
    if pydantic is _MISSING:
        pydantic = sys.modules.get("pydantic")
    return getattr(pydantic, "BaseModel", None)


def _members(tp: Any) -> tuple[Any, ...]:
    """Return the members of a union, or nothing if the type is none."""
    return get_args(tp) if get_origin(tp) in (Union, types.UnionType) else ()


def _is_optional(tp: Any) -> bool:
    """Tell whether a type is a union with None."""
    return type(None) in _members(tp)


def _unwrap_optional(tp: Any) -> Any:
    """Return the only type of a union beside None; any other type as it is."""
    members = _members(tp)
    others = [member for member in members if member is not type(None)]
    return others[0] if len(others) == 1 and len(members) > 1 else tp


def is_pydantic_class(cls: Any) -> bool:
    """Tell whether something is a class of pydantic models."""
    base = _base_model()
    return base is not None and isinstance(cls, type) and issubclass(cls, base)


def is_pydantic_model(value: Any) -> bool:
    """Tell whether a value is a pydantic model."""
    base = _base_model()
    return base is not None and isinstance(value, base)


def get_typed_fields(value: Any) -> dict[str, Any] | None:
    """Return the fields of a pydantic model or dataclass by name, or None for any other value."""
    if is_pydantic_model(value):
        return {name: getattr(value, name) for name in type(value).model_fields}
    if hasattr(type(value), "__dataclass_fields__"):
        # Imported here: where it is needed somebody has loaded it.
        import dataclasses

        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return None


def resolve_nested_dict_path(data: dict[str, Any], path: str) -> Any:
    """Return the value at a key or dotted path, or ``_MISSING``. A key that contains dots itself wins."""
    if path in data:
        return data[path]
    value: Any = data
    for step in path.split("."):
        if not isinstance(value, dict) or step not in value:
            return _MISSING
        value = value[step]
    return value


def set_nested_dict_value(data: dict[str, Any], path: str, value: Any) -> None:
    """Set the value at a key or dotted path, making dictionaries on the way.

    Raises:
        ParameterValidationError: something on the way is not a dictionary.
    """
    if path in data:
        data[path] = value
        return
    *parents, last = path.split(".")
    for step in parents:
        data = data.setdefault(step, {})
        if not isinstance(data, dict):
            raise ParameterValidationError(
                f"Cannot set nested value '{path}': intermediate key '{step}' is not a dictionary"
            )
    data[last] = value
