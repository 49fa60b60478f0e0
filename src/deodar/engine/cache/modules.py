"""What a module is when only its source can tell: one that is not loaded yet, or is handed on whole.

Anything in it may be used then, so all of its source counts, and that of the project's modules it imports in turn.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

from .digests import digest_bytes, digest_text
from .parts import Describes, Edges, Part

_COMPILED = tuple(importlib.machinery.EXTENSION_SUFFIXES)


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

    def compiled(self, name: str) -> Edges:
        """Yield a module of the project if it is an extension, whose functions show nothing of themselves."""
        spec = _spec_of(name) if self._describer.is_project(name) else None
        if spec is not None and spec.origin and spec.origin.endswith(_COMPILED):
            yield from self.edges(name)

    def _make(self, name: str) -> Part | None:
        spec = _spec_of(name)
        if spec is None or not spec.origin:
            return None
        if spec.origin.endswith(_COMPILED):
            return Part("helper", name.rpartition(".")[2], _digest_compiled(spec.origin), ("module", name))
        if not spec.origin.endswith(".py"):
            return None
        # Imported here: most projects hand on no module whole, and the parser is slow to import.
        from .source import digest_module, imports_in

        source = importlib.util.decode_source(Path(spec.origin).read_bytes())
        package = name if spec.submodule_search_locations is not None else name.rpartition(".")[0]

        def reach() -> Edges:
            for imported, attributes in imports_in(source, package):
                yield from self.edges(imported, attributes)

        return Part("helper", name.rpartition(".")[2], digest_module(source), ("module", name), reach=reach)


def _digest_compiled(path: str) -> str:
    """Digest an extension by its bytes: built anew it may come out different, and is then taken for different."""
    return digest_bytes(b"compiled", Path(path).read_bytes())


def unknown_module(name: str) -> Part:
    """Describe a module of the project that cannot be found."""
    return Part("helper", name.rpartition(".")[2], digest_text("no source", name), ("module", name))


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
