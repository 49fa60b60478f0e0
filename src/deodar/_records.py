"""Frozen, slotted dataclasses that cost a twentieth to make.

``dataclasses`` compiles six functions for each class, half a millisecond: for the records of a plain run that was a
fifth of all it took to start. Here a method is made when it is first called, and so are the descriptions of fields;
most classes of a run never have a record. To ``fields``, ``replace``, ``asdict``, ``copy`` and ``pickle`` they are
dataclasses like any other.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

_DEFAULTS = "__record_defaults__"

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
    own = dict(vars(plain))
    names = tuple(plain.__annotations__)
    defaults = {name: own.pop(name, dataclasses.MISSING) for name in names}
    for leftover in ("__dict__", "__weakref__"):
        own.pop(leftover, None)
    if any(hasattr(base, _DEFAULTS) for base in plain.__bases__):
        raise TypeError(f"{plain.__qualname__} extends a record. Records have all their fields themselves.")
    # Last what the class says for itself.
    namespace = {**_METHODS, "__slots__": names, "__match_args__": names, _DEFAULTS: defaults, **own}
    made: type = type(plain)(plain.__name__, plain.__bases__, namespace)
    made.__qualname__ = plain.__qualname__
    return made


class _Description:
    """What the standard library's functions ask of a dataclass, put together when one of them asks."""

    def __init__(self, attribute: str, **options: bool) -> None:
        self._attribute = attribute
        self._options = options

    def __get__(self, record: object, cls: type) -> Any:
        owner = next(each for each in cls.__mro__ if _DEFAULTS in vars(each))
        given = {name: value for name, value in vars(owner)[_DEFAULTS].items() if value is not dataclasses.MISSING}
        twin = type(owner.__name__, (), {**given, "__annotations__": owner.__annotations__, "__doc__": owner.__doc__})
        twin.__module__ = owner.__module__
        described = getattr(dataclasses.dataclass(**self._options)(twin), self._attribute)
        setattr(owner, self._attribute, described)
        return described


def _defaults_of(record: Any) -> Mapping[str, Any]:
    defaults: Mapping[str, Any] = getattr(record, _DEFAULTS)
    return defaults


def _is_field(default: object) -> bool:
    return isinstance(default, dataclasses.Field)


def _settle(record: Any, name: str, method: Callable[..., Any]) -> None:
    """Put a method in the place of the one that has made it. Threads that race make the same."""
    owner = next(cls for cls in type(record).__mro__ if _DEFAULTS in vars(cls))
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


def _make_init(record: Any) -> Callable[..., None]:
    """Return an ``__init__`` that writes through the slots: they are not closed to it."""
    scope: dict[str, Any] = {"MISSING": dataclasses.MISSING}
    parameters, body = ["self"], []
    for name, default in _defaults_of(record).items():
        parameter = value = name
        scope[f"set_{name}"] = getattr(type(record), name).__set__
        if _is_field(default):
            scope[f"make_{name}"], default = default.default_factory, default.default
            if scope[f"make_{name}"] is not dataclasses.MISSING:
                parameter, value = f"{name}=MISSING", f"make_{name}() if {name} is MISSING else {name}"
        if default is not dataclasses.MISSING:
            scope[f"default_{name}"] = default
            parameter = f"{name}=default_{name}"
        parameters.append(parameter)
        body.append(f" set_{name}(self, {value})")
    if hasattr(record, "__post_init__"):
        body.append(" self.__post_init__()")
    # Only names of fields get in, which Python has taken for names before.
    exec(f"def __init__({', '.join(parameters)}):\n" + "\n".join(body or [" pass"]), scope)  # noqa: S102
    made: Callable[..., None] = scope["__init__"]
    return made


def _make_getter(record: Any) -> Callable[[Any], Any]:
    names = [name for name, default in _defaults_of(record).items() if not _is_field(default) or default.compare]
    return attrgetter(*names) if names else lambda _: None


def _repr(self: Any) -> str:
    shown = (name for name, default in _defaults_of(self).items() if not _is_field(default) or default.repr)
    return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"


def _replace(self: Any, /, **changes: Any) -> Any:
    return dataclasses.replace(self, **changes)


def _refuse_to_set(self: Any, name: str, value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _getstate(self: Any) -> list[Any]:
    return [getattr(self, name) for name in _defaults_of(self)]


def _setstate(self: Any, state: list[Any]) -> None:
    for name, value in zip(_defaults_of(self), state, strict=True):
        object.__setattr__(self, name, value)


_METHODS: dict[str, Any] = {
    "__init__": _init,
    "__repr__": _repr,
    "__eq__": _eq,
    "__hash__": _hash,
    "__setattr__": _refuse_to_set,
    "__delattr__": _refuse_to_delete,
    "__getstate__": _getstate,
    "__setstate__": _setstate,
    "__replace__": _replace,
    "__dataclass_fields__": _Description("__dataclass_fields__", init=False, repr=False, eq=False),
    "__dataclass_params__": _Description("__dataclass_params__", frozen=True),
}
