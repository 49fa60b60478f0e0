"""What a module is when only its source can tell: one that is not loaded yet, or is handed on whole.

Anything in it may be used then, so all of its source counts, and that of the project's modules it imports in turn.
"""

from __future__ import annotations

import ast
import importlib.machinery
import importlib.util
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path

from .digests import digest_text
from .parts import Describes, Edges, Part
from .syntax import digest_module


class ModuleSources:
    """Describes modules by their source; each is read once."""

    def __init__(self, describer: Describes) -> None:
        self._describer = describer
        self._parts: dict[str, Part | None] = {}

    def part(self, name: str) -> Part | None:
        """Return a module of the project by its source; None where there is none of this name."""
        if name not in self._parts:
            self._parts[name] = self._make(name)
        return self._parts[name]

    def edges(self, name: str, attributes: tuple[str, ...] = ()) -> Edges:
        """Yield a module that code imports, and those of its attributes that are modules themselves."""
        if not self._describer.is_project(name):
            yield from self._describer.package(name)
            return
        for found in (name, *(f"{name}.{attribute}" for attribute in attributes)):
            part = self.part(found)
            if part is not None:
                yield f"import {found}", part

    def _make(self, name: str) -> Part | None:
        spec = _spec_of(name)
        if spec is None or not spec.origin or not spec.origin.endswith(".py"):
            return None
        source = importlib.util.decode_source(Path(spec.origin).read_bytes())
        package = name if spec.submodule_search_locations is not None else name.rpartition(".")[0]

        def reach() -> Edges:
            for imported, attributes in _imports(source, package):
                yield from self.edges(imported, attributes)

        return Part("helper", name.rpartition(".")[2], digest_module(source), ("module", name), reach=reach)


def unknown_module(name: str) -> Part:
    """Describe a module of the project that cannot be found."""
    return Part("helper", name.rpartition(".")[2], digest_text("no source", name), ("module", name))


def absolute(package: str, level: int, module: str) -> str:
    """Return the full name of what a package's module imports relatively."""
    if not level:
        return module
    parts = package.split(".")
    base = ".".join(parts[: len(parts) - level + 1])
    return f"{base}.{module}" if module else base


def _imports(source: str, package: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what a source imports anywhere, with the names it takes from there."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                # All packages on the way are loaded, too.
                parts = alias.name.split(".")
                yield from ((".".join(parts[: length + 1]), ()) for length in range(len(parts)))
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names if alias.name != "*")
            yield absolute(package, node.level, node.module or ""), names


def _spec_of(name: str) -> ModuleSpec | None:
    """Find a module without loading anything."""
    loaded = sys.modules.get(name)
    if loaded is not None and getattr(loaded, "__spec__", None) is not None:
        return loaded.__spec__
    parent = name.rpartition(".")[0]
    if not parent:
        return importlib.machinery.PathFinder.find_spec(name)
    above = _spec_of(parent)
    if above is None or above.submodule_search_locations is None:
        return None
    return importlib.machinery.PathFinder.find_spec(name, list(above.submodule_search_locations))
