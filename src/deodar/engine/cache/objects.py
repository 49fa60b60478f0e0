"""What any object is for a fingerprint: its own content, and the objects it reaches."""

from __future__ import annotations

import functools
import logging
import sys
import types
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any

from . import memory
from .digests import NotPlainError, digest_plain, digest_text, shown
from .members import BUILTINS, CONTAINERS, METHODS, attributes_of, state_of, written_members
from .modules import ModuleSources
from .names import Names
from .packages import UNKNOWN, Packages, is_standard
from .parts import Edge, Edges, Part, text_part
from .secrets import hidden
from .syntax import CodeFacts, SourceReader, reaches_anything

_OWN = __name__.partition(".")[0]
# Names for types, and what they stand for; each would pickle as its name alone.
_TYPE_NAMES = {
    "NewType": ("__supertype__",),
    "TypeVar": ("__bound__", "__constraints__"),
    "TypeAliasType": ("__value__",),
}


class Describer:
    """Says what objects are. Owned by a ``CodeTracker``."""

    def __init__(self, is_project_module: Callable[[str], bool], sources: SourceReader, packages: Packages) -> None:
        self._is_project = is_project_module
        self._sources = sources
        self._packages = packages
        self.sources = ModuleSources(self)
        self._parts: dict[int, Part] = {}

    def edges(self, part: Part) -> Sequence[Edge]:
        """Return what a part reaches, with the name that leads there; helpers are reached from many functions."""
        if part.edges is None:
            part.edges = () if part.reach is None else tuple(part.reach())
        return part.edges

    def describe(self, value: Any, kind: str, name: str) -> Part:
        """Describe an object; ``kind`` and ``name`` are how the one who reaches it would call it."""
        found = self._parts.get(id(value))
        if found is None or found.held is not value:
            found = self._new(value, kind, name)
            # Whether two equal plain values are one object differs from process to process: they are told by
            # their name instead.
            if found.held is value:
                self._parts[id(value)] = found
        return found

    def is_project(self, module: str | None) -> bool:
        """Say whether a module is the user's own; what says no module was made by hand, so it is."""
        if not module or module == "__main__":
            return True
        return self._is_project(module)

    def package(self, module: str) -> Edges:
        """Yield the distributions behind a module; nothing for the standard library."""
        if not is_standard(module):
            for leaf in self._packages.leaves(module):
                key = ("package", leaf.name)
                part = Part(leaf.kind, leaf.name, leaf.digest, key, shown=leaf.shown)
                if leaf.shown == UNKNOWN:
                    part.notes.append(f"module {module} says no version: a change of it will not be noticed.")
                yield f"package {leaf.name}", part

    def _new(self, value: Any, kind: str, name: str) -> Part:
        if isinstance(value, types.FunctionType):
            return self._function(value, kind)
        # Python 3.10 takes list[int] for a class.
        if isinstance(value, type) and not _is_alias(value):
            return self._class(value)
        if isinstance(value, types.ModuleType):
            return self._module(value)
        if isinstance(value, types.MethodType):
            return self._link(value, "method", [("function", value.__func__), ("self", value.__self__)], name)
        if isinstance(value, functools.partial):
            pairs = [("function", value.func), ("args", value.args), ("keywords", value.keywords)]
            return self._link(value, "partial", pairs, name)
        if isinstance(value, (*METHODS, property, functools.cached_property)):
            return self._link(value, type(value).__name__, _accessors(value), name)
        if isinstance(value, BUILTINS):
            return self._builtin(value)
        if isinstance(value, types.MappingProxyType):
            return self._container(dict(value), name)
        if type(value).__module__ == "typing" and type(value).__name__ in _TYPE_NAMES:
            pairs = [(word, getattr(value, word)) for word in _TYPE_NAMES[type(value).__name__]]
            return self._link(value, type(value).__name__, pairs, name)
        return self._value(value, name)

    def _part(self, value: Any, kind: str, name: str, digest: str, reach: Callable[[], Edges] | None = None) -> Part:
        return Part(kind, name, digest, id(value), value, reach=reach)

    def _link(self, value: Any, word: str, pairs: list[tuple[str, Any]], name: str) -> Part:
        """Describe something that is nothing but what it leads to."""

        def reach() -> Edges:
            for label, target in pairs:
                yield label, self.describe(target, "helper", f"{name}.{label}" if name else label)

        return self._part(value, "", "", digest_text("link", word), reach)

    def _function(self, function: types.FunctionType, kind: str) -> Part:
        # Not __module__ and __qualname__: functools.wraps writes those of the wrapped one over the wrapper's.
        module = str(function.__globals__.get("__name__") or "")
        is_root = kind == "function" and "__wrapped__" not in vars(function)
        label = _code_label(function, "" if is_root else module)
        if not self.is_project(module):
            digest = digest_text("other", module, label)
            part = self._part(function, "", "", digest, lambda: self._foreign(function, module))
            return _noted(part, function)
        facts = self._sources.facts(function.__code__, function.__doc__)
        word = "function" if is_root else "helper"
        part = self._part(function, word, label, facts.digest, lambda: self._reached(function, facts, part, kind))
        if facts.dynamic:
            calls = ", ".join(sorted(facts.dynamic))
            part.notes.append(f"{label} calls {calls}: what it reaches that way is not tracked.")
        return part

    def _foreign(self, function: types.FunctionType, module: str) -> Edges:
        """Yield what the project put into someone else's function: a decorator keeps what it decorates."""
        yield from self._state(function, "function")
        yield from self.package(module)

    def _reached(self, function: types.FunctionType, facts: CodeFacts, part: Part, kind: str) -> Edges:
        yield from self._state(function, kind)
        yield from Names(self, function, facts, part.notes).edges()

    def _state(self, function: types.FunctionType, kind: str) -> Edges:
        name = _label(function)
        if "__wrapped__" in vars(function):
            yield "__wrapped__", self.describe(vars(function)["__wrapped__"], kind, name)
        for word, state in (("defaults", function.__defaults__), ("kwdefaults", function.__kwdefaults__)):
            if state:
                yield word, self.describe(state, "value", f"defaults of {name}")
        for free, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
            try:
                content = cell.cell_contents
            except ValueError:
                continue
            # What it reads through a module in a closure is found by name.
            if not isinstance(content, types.ModuleType):
                yield f"closure {free}", self.describe(content, "constant", f"{name}.{free}")
        for key, content in attributes_of(function):
            yield f"attribute {key}", self.describe(content, "constant", f"{name}.{key}")

    def _class(self, cls: type) -> Part:
        module = cls.__module__
        if not self.is_project(module):
            digest = digest_text("other", module, cls.__qualname__)
            return self._part(cls, "", "", digest, lambda: self.package(module))
        return self._part(cls, "", "", digest_text("class", cls.__name__), lambda: self._members(cls))

    def _members(self, cls: type) -> Edges:
        label = _label(cls)
        for position, base in enumerate(cls.__bases__):
            if base is not object:
                yield f"base {position}", self.describe(base, "class", _label(base))
        if type(cls) is not type:
            yield "metaclass", self.describe(type(cls), "class", _label(type(cls)))
        yield from self._annotations(cls, label)
        for key, member in written_members(cls):
            yield f"member {key}", self.describe(member, "constant", f"{label}.{key}")

    def _annotations(self, cls: type, label: str) -> Edges:
        """Yield the annotations, and the project's classes that they name: models check their fields by them."""
        # Imported here: most functions use no class of the project.
        from .annotations import annotations_of, names_in

        found = annotations_of(cls)
        if not found:
            return
        text = "; ".join(f"{name}: {_annotation(kind)}" for name, kind in found.items())
        yield "__annotations__", text_part("constant", f"annotations of {label}", text)
        space = vars(sys.modules.get(cls.__module__, types))
        for name, kind in found.items():
            targets = names_in(kind, space) if isinstance(kind, str) else self._code_in(kind)[1]
            for position, target in enumerate(targets):
                if self._is_code(target):
                    yield f"annotation {name} {position}", self.describe(target, "class", _label(target))

    def _module(self, module: types.ModuleType) -> Part:
        """Describe a module that is used as a value: anything in it may be asked for."""
        name = module.__name__
        if not self.is_project(name):
            return self._part(module, "", "", digest_text("other", name), lambda: self.package(name))
        part = self.sources.part(name)
        return part or self._part(module, "helper", _short(name), digest_text("no source"))

    def _builtin(self, value: Any) -> Part:
        module = getattr(value, "__module__", None) or getattr(getattr(value, "__objclass__", None), "__module__", "")
        owner = getattr(value, "__self__", None)
        digest = digest_text("builtin", str(module), str(getattr(value, "__qualname__", value)))

        def reach() -> Edges:
            if module and self.is_project(str(module)):
                yield from self.sources.compiled(str(module))
            elif module:
                yield from self.package(str(module))
            if owner is not None and not isinstance(owner, types.ModuleType):
                yield "self", self.describe(owner, "value", type(owner).__name__)

        return _noted(self._part(value, "", "", digest, reach), value)

    def _value(self, value: Any, name: str) -> Part:
        try:
            digest = digest_plain(value)
            return Part("constant", name, digest, ("plain", name, digest), shown=shown(hidden(name, value)))
        except (NotPlainError, RecursionError):
            pass
        if isinstance(value, logging.Logger):
            # Its name says where the code stands, which must not count.
            return text_part("", name, "logger")
        if self.is_project(type(value).__module__):
            return self._instance(value, name)
        if isinstance(value, CONTAINERS):
            return self._container(value, name)
        wrapped = getattr(value, "__wrapped__", None)
        if callable(wrapped):
            return self._link(value, type(value).__name__, [("__wrapped__", wrapped)], name)
        return self._opaque(value, name)

    def _container(self, value: Any, name: str, key: Hashable = None) -> Part:
        """Describe what holds others by what it holds.

        Args:
            key: of a part of an object; that of the object itself where there is none.
        """

        def reach() -> Edges:
            if isinstance(value, dict):
                for position, (key, content) in enumerate(value.items()):
                    yield f"key {position}", self.describe(key, "constant", f"{name} key {position}")
                    yield f"[{shown(key)}]", self.describe(content, "constant", f"{name}[{shown(key)}]")
                factory = getattr(value, "default_factory", None)
                if factory is not None:
                    yield "default_factory", self.describe(factory, "helper", f"{name}.default_factory")
            else:
                items = sorted(value, key=_sort_key) if isinstance(value, (set, frozenset)) else value
                for position, content in enumerate(items):
                    yield f"[{position}]", self.describe(content, "constant", f"{name}[{position}]")

        digest = digest_text("container", type(value).__name__, str(len(value)))
        return Part("", "", digest, key or id(value), value, reach=reach)

    def _instance(self, value: Any, name: str) -> Part:
        """Describe an object of one of the project's classes by its class and its state."""

        def reach() -> Edges:
            yield "type", self.describe(type(value), "class", _label(type(value)))
            for key, content in state_of(value):
                yield f"attribute {key}", self.describe(content, "constant", f"{name}.{key}")
            if isinstance(value, (str, int, float, bytes)):
                plain: Any = next(base for base in type(value).__mro__ if base.__module__ == "builtins")
                yield "value", self._value(plain(value), name)
            elif isinstance(value, CONTAINERS):
                yield "items", self._container(value, name, ("items", id(value)))
            elif _has_hidden_state(type(value)):
                yield "state", self._reduced(value, name)

        return self._part(value, "", "", digest_text("instance"), reach)

    def _reduced(self, value: Any, name: str) -> Part:
        """Describe what an object has from a class that is not written in Python, as pickle would see it."""
        try:
            _, *parts = value.__reduce_ex__(4)
        except Exception as error:
            # A user's own may raise anything; all it means is that there is no state to see.
            part = text_part("", name, "cannot be reduced")
            part.notes.append(f"the content of {name} cannot be tracked: {type(error).__name__}: {error}")
            return part
        listed = [list(part) if isinstance(part, Iterator) else part for part in parts]
        return self.describe(listed, "constant", name)

    def _opaque(self, value: Any, name: str) -> Part:
        """Describe an object of someone else's class: by what it pickles to, or not at all."""
        cls = type(value)
        identity, code = self._code_in(value)
        part = self._part(
            value, "constant", name, identity or digest_text("untracked", cls.__module__, cls.__qualname__)
        )

        def reach() -> Edges:
            yield from self.package(cls.__module__)
            # What Cython makes of functions says where it is from.
            if module := getattr(value, "__module__", None):
                yield from self.sources.compiled(str(module))
            for position, target in enumerate(code):
                yield f"part {position}", self.describe(target, "helper", _label(target))

        part.reach = reach
        if identity is None:
            part.notes.append(f"{name} is a {cls.__module__}.{cls.__qualname__}: its content cannot be tracked.")
        return part

    def _code_in(self, value: Any) -> tuple[str | None, list[Any]]:
        """Return the identity of someone else's object, and the code of the project that it holds."""
        return memory.identify_around(value, self._is_code)

    def _is_code(self, value: Any) -> bool:
        if isinstance(value, types.FunctionType):
            return self.is_project(value.__globals__.get("__name__"))
        if isinstance(value, types.ModuleType):
            return True
        return isinstance(value, type) and self.is_project(value.__module__)


def _noted(part: Part, called: Any) -> Part:
    """Say of a function of others, whatever it is called here, that what it finds cannot be seen."""
    name, module = str(getattr(called, "__name__", "")), str(getattr(called, "__module__", None) or "builtins")
    if reaches_anything(name) and (is_standard(module) or module.partition(".")[0] == _OWN):
        part.notes.append(f"{module}.{name} is used: what it reaches is not tracked.")
    return part


def _accessors(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, property):
        pairs = [("fget", value.fget), ("fset", value.fset), ("fdel", value.fdel)]
        return [(word, target) for word, target in pairs if target is not None]
    return [("function", value.func if isinstance(value, functools.cached_property) else value.__func__)]


def _has_hidden_state(cls: type) -> bool:
    """Say whether some class above is not written in Python, so that attributes do not show all."""
    return any(isinstance(vars(base).get("__new__"), types.BuiltinFunctionType) for base in cls.__mro__[:-1])


def _sort_key(value: Any) -> str:
    """Order the members of a set the same way in every process."""
    if isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType)):
        return f"{value.__module__}.{value.__qualname__}"
    return memory.identify(value) or shown(value)


def _short(module: str) -> str:
    return module.rpartition(".")[2]


def _label(value: Any) -> str:
    name = str(getattr(value, "__qualname__", getattr(value, "__name__", value))).replace("<locals>.", "")
    module = getattr(value, "__module__", None)
    return name if not module else f"{_short(module)}.{name}"


def _is_alias(value: object) -> bool:
    return isinstance(value, types.GenericAlias)


def _code_label(function: types.FunctionType, module: str) -> str:
    """Name a function by its code, which knows better than a wrapper that took another's name."""
    code = function.__code__
    name = function.__qualname__
    if name.rpartition(".")[2] != code.co_name:
        name = getattr(code, "co_qualname", code.co_name)
    name = name.replace("<locals>.", "")
    return f"{_short(module)}.{name}" if module else name


def _annotation(kind: Any) -> str:
    return kind.__qualname__ if isinstance(kind, type) else str(kind)
