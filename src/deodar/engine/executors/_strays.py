"""Modules of this process that another would not find by their names: taken along by file, or else by value."""

from __future__ import annotations

import contextlib
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType

Stray = tuple[str | None, tuple[str, ...] | None]
"""A module's file, and where its submodules are if it is a package."""
_OWN = __name__.partition(".")[0]


def find_strays() -> dict[str, Stray]:
    """Return the modules that do not lie where their names say, as after ``importlib.util.spec_from_file_location``.

    Nothing is looked up on disk, so a few that could be found by name may be among them: that does no harm.
    """
    roots = {os.path.abspath(entry or ".") for entry in sys.path}  # noqa: PTH100  # as text
    strays: dict[str, Stray] = {}
    for name, module in list(sys.modules.items()):
        spec = getattr(module, "__spec__", None)
        if spec is None or not isinstance(spec.name, str) or name in ("__main__", "__mp_main__") or _is_own(name):
            continue
        paths = None if spec.submodule_search_locations is None else tuple(map(str, spec.submodule_search_locations))
        if spec.has_location and isinstance(spec.origin, str):
            if _root_of(name, spec.origin) not in roots and spec.origin.endswith(".py"):
                strays[name] = spec.origin, paths
        elif paths and not spec.has_location and not any(_root_of(name, path) in roots for path in paths):
            strays[name] = None, paths
    return strays


@contextlib.contextmanager
def made_up_modules_by_value() -> Iterator[None]:
    """Let cloudpickle take along the code of modules that were made in memory, inside the block."""
    # Whoever comes here is about to use it.
    import cloudpickle

    known = cloudpickle.list_registry_pickle_by_value()
    made_up = [
        module
        for name, module in list(sys.modules.items())
        if isinstance(module, ModuleType) and module.__name__ == name and name not in known and _is_made_up(module)
    ]
    for module in made_up:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in made_up:
            cloudpickle.unregister_pickle_by_value(module)


class StrayFinder:
    """Finds modules where the driver's process has them; asked last.

    No subclass of what ``importlib.abc`` has: that module brings thirty others, to every worker.
    """

    def __init__(self, strays: Mapping[str, Stray]) -> None:
        self.strays = strays

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return the spec of a module, if it is one of these."""
        if name not in self.strays:
            return None
        file, paths = self.strays[name]
        if file is not None:
            places = None if paths is None else list(paths)
            return importlib.util.spec_from_file_location(name, file, submodule_search_locations=places)
        spec = importlib.machinery.ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = list(paths or ())
        return spec


def _is_own(name: str) -> bool:
    return name == _OWN or name.startswith(f"{_OWN}.")


def _is_made_up(module: ModuleType) -> bool:
    name = module.__name__
    if name in ("__main__", "__mp_main__") or name in sys.builtin_module_names or _is_own(name):
        return False
    return getattr(module, "__spec__", None) is None and not getattr(module, "__file__", None)


def _root_of(name: str, file: str) -> str:
    """Return the folder that would have to be on the path for the file to be found by the name."""
    # Text only: this is done for a thousand modules before each run.
    place, _, last = file.rpartition(os.sep)
    stem = last.partition(".")[0]
    inner = name.replace(".", os.sep)
    found = place if stem == "__init__" else f"{place}{os.sep}{stem}"
    return found[: -len(inner) - 1] if found.endswith(os.sep + inner) else ""
