"""Where the names in a function lead: closure, globals, and attributes of modules on the way."""

from __future__ import annotations

import builtins
import sys
import types
from types import CodeType
from typing import Any

from .modules import unknown_module
from .parts import Describes, Edges, text_part
from .syntax import CodeFacts, LocalImport

_MISSING = object()


class Names:
    """Resolves the names of one function."""

    def __init__(self, describer: Describes, function: types.FunctionType, facts: CodeFacts, notes: list[str]) -> None:
        self._describer = describer
        self._function = function
        self._facts = facts
        self._notes = notes
        code = function.__code__
        # A name can be both: since Python 3.12 the variable of a comprehension counts as one of the function's.
        self._locals = set(code.co_varnames + code.co_cellvars) - _outside(code)
        self._cells = dict(zip(code.co_freevars, function.__closure__ or (), strict=False))

    def edges(self) -> Edges:
        """Yield what each name leads to, in order of appearance."""
        aliases: dict[str, Any] = {}
        for found in self._facts.imports:
            yield from self._import(found, aliases)
        for chain in self._facts.names:
            root, _, rest = chain.partition(".")
            start = self._start(root, aliases)
            if start is not _MISSING:
                yield from self._follow(chain, start, rest.split(".") if rest else [])

    def _start(self, root: str, aliases: dict[str, Any]) -> Any:
        if root in aliases:
            return aliases[root]
        if root in self._cells:
            try:
                content = self._cells[root].cell_contents
            except ValueError:
                return _MISSING
            # Other contents of the closure are described with the function.
            return content if isinstance(content, types.ModuleType) else _MISSING
        if root in self._locals or (root not in self._function.__globals__ and hasattr(builtins, root)):
            return _MISSING
        return self._function.__globals__.get(root, _MISSING)

    def _follow(self, chain: str, start: Any, rest: list[str]) -> Edges:
        """Step through modules; the first thing that is none is what the name stands for."""
        current, describer = start, self._describer
        label = rest[0] if rest else chain
        while isinstance(current, types.ModuleType):
            name = current.__name__
            if not describer.is_project(name):
                if chain.partition(".")[0] != name:
                    yield chain, text_part("", "", f"module {name}")
                yield from describer.package(name)
                return
            if not rest:
                break
            step = rest.pop(0)
            if step == "__dict__":
                # Whatever is asked for next, it is something of the module.
                break
            after = vars(current).get(step, _MISSING)
            if after is _MISSING:
                after = sys.modules.get(f"{name}.{step}", _MISSING)
            if after is _MISSING:
                yield from self._absent(chain, current, step)
                return
            label = f"{name.rpartition('.')[2]}.{step}"
            current = after
        if current is start:
            label = f"{str(self._function.__module__ or '').rpartition('.')[2]}.{chain.partition('.')[0]}"
        yield chain, describer.describe(current, "helper", label)
        if rest[-1:] == ["__doc__"]:
            # Imported here: hardly any code looks at a docstring, and it is slow to import.
            import inspect

            for step in rest[:-1]:
                current = inspect.getattr_static(current, step, None)
            yield chain, text_part("constant", f"docstring of {label}", str(current.__doc__))

    def _absent(self, chain: str, module: types.ModuleType, attribute: str) -> Edges:
        """Yield what may give a module an attribute that it does not have yet."""
        if "__getattr__" in vars(module):
            yield chain, self._describer.describe(vars(module)["__getattr__"], "helper", chain)
        yield from self._describer.sources.edges(f"{module.__name__}.{attribute}")

    def _import(self, found: LocalImport, aliases: dict[str, Any]) -> Edges:
        """Bind what an import in the body would bind, without importing anything."""
        name = self._absolute(found)
        if not self._describer.is_project(name):
            yield from self._describer.package(name)
            return
        target: Any = sys.modules.get(name, _MISSING)
        if target is not _MISSING and found.attribute:
            inside = sys.modules.get(f"{name}.{found.attribute}", _MISSING)
            target = vars(target).get(found.attribute, inside)
        if target is _MISSING:
            yield from self._unloaded(name, found.attribute)
            return
        aliases[found.alias] = target
        if not isinstance(target, types.ModuleType):
            yield f"import {found.alias}", self._describer.describe(target, "helper", found.alias)

    def _absolute(self, found: LocalImport) -> str:
        return absolute(str(self._function.__globals__.get("__package__") or ""), found.level, found.module)

    def _unloaded(self, name: str, attribute: str) -> Edges:
        """Yield a module that the function imports and that is not loaded yet: the whole source counts."""
        found = list(self._describer.sources.edges(name, (attribute,) if attribute else ()))
        yield from found or [(f"import {name}", unknown_module(name))]


def _outside(code: CodeType) -> set[str]:
    """Return the names that some part of the code looks up outside (and its attributes, which look the same)."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _outside(constant)
    return names


def absolute(package: str, level: int, module: str) -> str:
    """Return the full name of what a package's module imports relatively."""
    if not level:
        return module
    parts = package.split(".")
    base = ".".join(parts[: len(parts) - level + 1])
    return f"{base}.{module}" if module else base
