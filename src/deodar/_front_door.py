"""Front doors: packages that name what lives in other modules, and import a module when it is asked for."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any


def front_door(package: str, places: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` of a package, or of a module that names what is elsewhere.

    The modules themselves are there as well, as if they had been imported. So no other name must be that of a module.

    Args:
        package: its ``__name__``.
        places: for each name the module that has it, as in ``from .module import name``; ``.package.module`` is above.
    """

    modules = {place for place in places.values() if not place.startswith(".")}

    def load(place: str) -> ModuleType:
        return importlib.import_module(f".{place}", sys.modules[package].__package__)

    def find(name: str) -> Any:
        if name in modules:
            return load(name)
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(load(places[name]), name)
        # Found once; from now on the package has it like any other.
        setattr(sys.modules[package], name, value)
        return value

    def listed() -> list[str]:
        return sorted({*vars(sys.modules[package]), *places, *modules})

    return find, listed
