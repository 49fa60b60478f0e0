"""Frozen, slotted dataclasses that cost a tenth to make.

``dataclasses`` compiles six functions for each class, half a millisecond: for the records of a plain run that was a
fifth of all it took to start. Here a method is made when it is first called, and most classes of a run never have a
record. To ``fields``, ``replace``, ``asdict``, ``copy`` and ``pickle`` they are dataclasses like any other.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

if TYPE_CHECKING:
    # For a reader and for mypy this is that decorator.
    from dataclasses import dataclass
else:

    def dataclass(*, frozen: bool, slots: bool) -> Callable[[type], type]:
        """Make a class a frozen, slotted dataclass; for any other kind take the standard library's decorator."""
        if not (frozen and slots):
            raise TypeError("Records are frozen and slotted. Other dataclasses are made by the standard library's.")
        return _as_record


def _as_record(plain: type) -> type:
    for name, method in _METHODS.items():
        # What the class says for itself stays.
        if name not in vars(plain):
            setattr(plain, name, method)
    return dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(plain)


def _settle(self: Any, name: str, method: Callable[..., Any]) -> None:
    """Put a method in the place of the one that has made it. Threads that race make the same."""
    owner = next(cls for cls in type(self).__mro__ if vars(cls).get(name) is _METHODS[name])
    method.__qualname__, method.__module__ = f"{owner.__qualname__}.{name}", owner.__module__
    setattr(owner, name, method)


def _init(self: Any, *args: Any, **kwargs: Any) -> None:
    made = _make_init(self)
    _settle(self, "__init__", made)
    made(self, *args, **kwargs)


def _eq(self: Any, other: object) -> Any:
    values = _make_getter(self)

    def __eq__(self: Any, other: object) -> Any:
        return values(self) == values(other) if type(other) is type(self) else NotImplemented

    _settle(self, "__eq__", __eq__)
    return __eq__(self, other)


def _hash(self: Any) -> int:
    values = _make_getter(self)

    def __hash__(self: Any) -> int:
        return hash(values(self))

    _settle(self, "__hash__", __hash__)
    return __hash__(self)


def _make_init(self: Any) -> Callable[..., None]:
    """Return an ``__init__`` that writes through the slots: they are not closed to it."""
    scope: dict[str, Any] = {"MISSING": dataclasses.MISSING}
    parameters, body = ["self"], []
    for field in dataclasses.fields(self):
        name = field.name
        parameter = value = name
        scope[f"set_{name}"] = getattr(type(self), name).__set__
        if field.default is not dataclasses.MISSING:
            scope[f"default_{name}"] = field.default
            parameter = f"{name}=default_{name}"
        elif field.default_factory is not dataclasses.MISSING:
            scope[f"make_{name}"] = field.default_factory
            parameter, value = f"{name}=MISSING", f"make_{name}() if {name} is MISSING else {name}"
        parameters.append(parameter)
        body.append(f" set_{name}(self, {value})")
    if hasattr(self, "__post_init__"):
        body.append(" self.__post_init__()")
    # Only names of fields get in, which Python has taken for names before.
    exec(f"def __init__({', '.join(parameters)}):\n" + "\n".join(body or [" pass"]), scope)  # noqa: S102
    made: Callable[..., None] = scope["__init__"]
    return made


def _make_getter(self: Any) -> Callable[[Any], Any]:
    names = [field.name for field in dataclasses.fields(self) if field.compare]
    return attrgetter(*names) if names else lambda _: None


def _repr(self: Any) -> str:
    pairs = (f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr)
    return f"{type(self).__qualname__}({', '.join(pairs)})"


def _refuse_to_set(self: Any, name: str, value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _getstate(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _setstate(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


_METHODS: dict[str, Callable[..., Any]] = {
    "__init__": _init,
    "__repr__": _repr,
    "__eq__": _eq,
    "__hash__": _hash,
    "__setattr__": _refuse_to_set,
    "__delattr__": _refuse_to_delete,
    "__getstate__": _getstate,
    "__setstate__": _setstate,
}
