"""Slotted dataclasses that cost a twentieth to make.

``dataclasses`` compiles six functions for each class, half a millisecond: for the records of a plain run that was a
fifth of all it took to start. Here a method is made when it is first called, the one that fills a record when a class
has many, and descriptions of fields when somebody asks; of most classes a small run has a few records, or none. To
``fields``, ``replace``, ``asdict``, ``copy`` and ``pickle`` they are dataclasses like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

__all__ = ["dataclass", "field", "replace"]

_DEFAULTS = "__record_defaults__"
# A method is compiled in the time in which so many records are filled without it.
_FEW = 50

_Record = TypeVar("_Record")
_MISSING: Any = object()


class _Field:
    """What a class says of a field beside its type."""

    __slots__ = ("compare", "default", "default_factory", "repr")

    def __init__(self, default: Any, default_factory: Any, repr: bool, compare: bool) -> None:
        self.default, self.default_factory = default, default_factory
        self.repr, self.compare = repr, compare

    def described(self) -> Any:
        """Return it as ``dataclasses`` has it."""
        given = {"default": self.default, "default_factory": self.default_factory}
        given = {name: value for name, value in given.items() if value is not _MISSING}
        return _dataclasses().field(**given, repr=self.repr, compare=self.compare)


if TYPE_CHECKING:
    # For a reader and for mypy these are those of the standard library.
    from dataclasses import dataclass, field
else:

    def dataclass(*, frozen: bool = False, slots: bool) -> Callable[[type], type]:
        """Make a class a slotted dataclass; for one without slots take the standard library's decorator."""
        if not slots:
            raise TypeError("Records are slotted. Other dataclasses are made by the standard library's.")
        return lambda plain: _as_record(plain, _FROZEN if frozen else _CHANGING)

    def field(
        *, default: Any = _MISSING, default_factory: Any = _MISSING, repr: bool = True, compare: bool = True
    ) -> _Field:
        """Say of a field what the standard library's function of that name says, as far as records need it."""
        return _Field(default, default_factory, repr, compare)


def _dataclasses() -> Any:
    # Imported here: it brings `inspect` along, a tenth of a plain run, and most processes never describe a record.
    import dataclasses

    return dataclasses


def replace(record: _Record, /, **changes: Any) -> _Record:
    """Return a record like another, with some values changed.

    As the function of ``dataclasses`` of that name, which wants all fields described first.
    """
    return type(record)(**{**{name: getattr(record, name) for name in _defaults_of(record)}, **changes})


def _as_record(plain: type, methods: Mapping[str, Any]) -> type:
    own = dict(vars(plain))
    names = tuple(plain.__annotations__)
    defaults = {name: own.pop(name, _MISSING) for name in names}
    if any(type(default).__module__ == "dataclasses" for default in defaults.values()):
        raise TypeError(f"{plain.__qualname__} describes a field with the standard library's `field`, not with ours.")
    for leftover in ("__dict__", "__weakref__"):
        own.pop(leftover, None)
    if any(hasattr(base, _DEFAULTS) for base in plain.__bases__):
        raise TypeError(f"{plain.__qualname__} extends a record. Records have all their fields themselves.")
    # Last what the class says for itself.
    namespace = {
        **methods,
        "__init__": _start(),
        "__slots__": names,
        "__match_args__": names,
        _DEFAULTS: defaults,
        **own,
    }
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
        defaults = {name: value for name, value in vars(owner)[_DEFAULTS].items() if value is not _MISSING}
        given = {name: value.described() if _is_field(value) else value for name, value in defaults.items()}
        twin = type(owner.__name__, (), {**given, "__annotations__": owner.__annotations__, "__doc__": owner.__doc__})
        twin.__module__ = owner.__module__
        described = getattr(_dataclasses().dataclass(**self._options)(twin), self._attribute)
        setattr(owner, self._attribute, described)
        return described


def _defaults_of(record: Any) -> Mapping[str, Any]:
    defaults: Mapping[str, Any] = getattr(record, _DEFAULTS)
    return defaults


def _is_field(default: object) -> bool:
    return isinstance(default, _Field)


def _settle(record: Any, name: str, method: Callable[..., Any]) -> None:
    """Put a method in the place of the one that has made it. Threads that race make the same."""
    owner = next(cls for cls in type(record).__mro__ if _DEFAULTS in vars(cls))
    method.__qualname__, method.__module__ = f"{owner.__qualname__}.{name}", owner.__module__
    setattr(owner, name, method)


def _start() -> Callable[..., None]:
    """Return an ``__init__`` for the first records of a class, which are filled field by field."""
    uses = count(1)

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        if next(uses) > _FEW or not _fill(self, args, kwargs):
            made = _make_init(self)
            _settle(self, "__init__", made)
            made(self, *args, **kwargs)

    return __init__


def _fill(record: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    """Fill a record field by field; return False for arguments that a real signature can tell the faults of."""
    defaults = _defaults_of(record)
    given = {**dict(zip(defaults, args, strict=False)), **kwargs}
    if len(given) < len(args) + len(kwargs) or not given.keys() <= defaults.keys():
        return False
    for name, default in defaults.items():
        value, make = _default(default)
        if name in given:
            value = given[name]
        elif make is not _MISSING:
            value = make()
        if value is _MISSING:
            return False
        object.__setattr__(record, name, value)
    if hasattr(record, "__post_init__"):
        record.__post_init__()
    return True


def _default(default: Any) -> tuple[Any, Any]:
    """Return the value that stands for a missing one, and what makes it."""
    return (default.default, default.default_factory) if _is_field(default) else (default, _MISSING)


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
    scope: dict[str, Any] = {"MISSING": _MISSING}
    parameters, body = ["self"], []
    for name, default in _defaults_of(record).items():
        parameter = value = name
        scope[f"set_{name}"] = getattr(type(record), name).__set__
        scope[f"default_{name}"], scope[f"make_{name}"] = constant, make = _default(default)
        if make is not _MISSING:
            parameter, value = f"{name}=MISSING", f"make_{name}() if {name} is MISSING else {name}"
        elif constant is not _MISSING:
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


def _refuse_to_set(self: Any, name: str, value: object) -> None:
    raise _dataclasses().FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: Any, name: str) -> None:
    raise _dataclasses().FrozenInstanceError(f"cannot delete field {name!r}")


def _getstate(self: Any) -> list[Any]:
    return [getattr(self, name) for name in _defaults_of(self)]


def _setstate(self: Any, state: list[Any]) -> None:
    for name, value in zip(_defaults_of(self), state, strict=True):
        object.__setattr__(self, name, value)


_METHODS: dict[str, Any] = {
    "__repr__": _repr,
    "__eq__": _eq,
    "__getstate__": _getstate,
    "__setstate__": _setstate,
    "__replace__": replace,
    "__dataclass_fields__": _Description("__dataclass_fields__", init=False, repr=False, eq=False),
}
_CHANGING = {**_METHODS, "__hash__": None, "__dataclass_params__": _Description("__dataclass_params__")}
_FROZEN = {
    **_METHODS,
    "__hash__": _hash,
    "__setattr__": _refuse_to_set,
    "__delattr__": _refuse_to_delete,
    "__dataclass_params__": _Description("__dataclass_params__", frozen=True),
}
