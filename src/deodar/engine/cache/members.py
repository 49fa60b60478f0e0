"""What people put on classes, functions and objects, told apart from what Python and metaclasses make of it."""

from __future__ import annotations

import enum
import functools
import types
from collections.abc import Iterator, Mapping
from typing import Any

from .digests import NotPlainError, digest_plain

# Written by Python itself; they say where a class stands, not what it does.
_BOOKKEEPING = frozenset(
    {
        "__module__",
        "__qualname__",
        "__name__",
        "__doc__",
        "__dict__",
        "__weakref__",
        "__firstlineno__",
        "__static_attributes__",
        "__annotate__",
        "__annotate_func__",
        "__annotations__",
        "__annotations_cache__",
        "__abstractmethods__",
        "_abc_impl",
        "__orig_bases__",
        "__parameters__",
        "__dataclass_fields__",
    }
)
# Written by update_wrapper, and by Python.
_OF_WRAPPERS = frozenset({*functools.WRAPPER_ASSIGNMENTS, "__wrapped__", "__annotations__", "__type_params__"})
# What a field of a dataclass may say that neither its default nor the methods that are made of it show.
_OF_FIELDS = ("default_factory", "init", "repr", "hash", "compare", "kw_only", "metadata")
METHODS = (staticmethod, classmethod)
BUILTINS = (
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.MethodWrapperType,
    types.ClassMethodDescriptorType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
)
CONTAINERS = (list, tuple, dict, set, frozenset)
_CODE = (*BUILTINS, types.FunctionType, type, *METHODS, property, functools.cached_property)


def written_members(cls: type) -> Iterator[tuple[str, Any]]:
    """Yield the members of a class that are its author's, of an enumeration with the values of its entries."""
    if issubclass(cls, enum.Enum):
        for name, entry in cls.__members__.items():
            yield name, entry.value
            # What was set on an entry; the rest of its state follows from its value.
            for key, content in vars(entry).items():
                if not key.startswith("_"):
                    yield f"{name}.{key}", content
    for key, member in vars(cls).items():
        if _is_written(cls, key, member):
            yield key, member
    yield from _declared_fields(cls)


def _declared_fields(cls: type) -> Iterator[tuple[str, Any]]:
    """Yield what a class says of its fields where the class itself keeps nothing of it."""
    for name, field in _mapping(cls, "__dataclass_fields__"):
        said = {word: getattr(field, word, None) for word in _OF_FIELDS}
        # Where there is none, a mark that nothing else has stands for it, and the class says it anyway.
        factory = said["default_factory"] if callable(said["default_factory"]) else None
        # A proxy, which no digest of plain values knows.
        yield f"{name} field", {**said, "default_factory": factory, "metadata": dict(said["metadata"] or {})}
    # Models of pydantic move defaults and all that was said with ``Field`` in here.
    for words in ("__pydantic_fields__", "__private_attributes__"):
        for name, field in _mapping(cls, words):
            yield f"{name} field", field


def _mapping(cls: type, name: str) -> Iterator[tuple[str, Any]]:
    found = vars(cls).get(name)
    if isinstance(found, Mapping):
        yield from found.items()


def _is_written(cls: type, key: str, member: Any) -> bool:
    """Say whether a member was written by the user, and not made by Python or a metaclass from what was."""
    if key in _BOOKKEEPING or getattr(member, "__objclass__", None) is cls:
        return False
    if isinstance(member, _CODE):
        return True
    is_special = key.startswith("__") and key.endswith("__")
    if issubclass(cls, enum.Enum) and (key in cls.__members__ or is_special or _is_sunder(key)):
        return False
    if not is_special or _is_plain(member):
        return True
    # Metaclasses of others leave much behind that says nothing new, and cannot be told either.
    return _is_ours(cls, member) or (isinstance(member, CONTAINERS) and not key.startswith("__pydantic"))


def _is_ours(cls: type, member: Any) -> bool:
    """Say whether an object's class is from where the class is that has it."""
    return type(member).__module__.partition(".")[0] == cls.__module__.partition(".")[0]


def _is_sunder(key: str) -> bool:
    """Say whether a name is one of those that enumerations keep for themselves."""
    return key.startswith("_") and key.endswith("_")


def _is_plain(value: Any) -> bool:
    try:
        digest_plain(value)
    except (NotPlainError, RecursionError):
        return False
    return True


def attributes_of(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    """Yield what was set on a function."""
    for key, content in sorted(vars(function).items()):
        if key not in _OF_WRAPPERS:
            yield key, content


def state_of(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the attributes of an object."""
    for key, content in sorted(getattr(value, "__dict__", {}).items(), key=lambda pair: str(pair[0])):
        # What update_wrapper writes down says where something stands, but for what is wrapped.
        if key == "__wrapped__" or key not in _OF_WRAPPERS:
            yield key, content
    for cls in type(value).__mro__:
        slots = vars(cls).get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else slots:
            if slot.startswith("__") and not slot.endswith("__"):
                slot = f"_{cls.__name__.lstrip('_')}{slot}"
            if slot not in ("__dict__", "__weakref__") and hasattr(value, slot):
                yield slot, getattr(value, slot)
