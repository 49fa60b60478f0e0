"""What datasets are configured with, as far as it counts for those that read or write them."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping
from pathlib import Path, PurePath
from typing import Any, Literal

from ...engine.cache.fingerprint import Fingerprint, of_tree

Role = Literal["read", "write"]

# Arguments that say nothing about the data: who may read it, what others note about it, which release of it.
_SILENT = frozenset({"credentials", "metadata", "version", "type"})
_SILENT_INSIDE = frozenset({"credentials", "metadata"})
_OWN = __name__.partition(".")[0]
# Equal ones of one of these types are the same in every way. Of floats that is not true: -0.0 equals 0.0.
_ATOMS = frozenset({str, int, bool, type(None)})


class Configurations:
    """Fingerprints what datasets are configured with.

    Most of a project's datasets differ in name and path alone, so what else they have in common is digested once.

    Args:
        project_path: what lies within is told by its path from there, as a project may be moved.
    """

    def __init__(self, project_path: Path | None) -> None:
        self._base = None if project_path is None else f"{project_path}{os.sep}"
        self._common: dict[Hashable, str] = {}

    def of(self, name: str, dataset: Any, role: Role) -> Fingerprint:
        """Return what a dataset is configured with, as far as it counts in this role."""
        arguments = getattr(dataset, "_init_args", None) or {}
        path = arguments.get("filepath")
        others = _others(arguments, role) if isinstance(path, (str, PurePath)) else None
        if others is None:
            return of_tree("config", name, self._counted(dataset, role))
        key = type(dataset), role, others
        common = self._common.get(key)
        if common is None:
            common = self._common[key] = of_tree("config", "", {**self._counted(dataset, role), "filepath": None}).root
        place = _relative(path, self._base)
        # No digest of its own: it becomes part of that of the node.
        return Fingerprint(
            f"{len(name)}:{name}{type(place).__name__}:{place}:{common}",
            lambda: of_tree("config", name, self._counted(dataset, role)).leaves,
        )

    def _counted(self, dataset: Any, role: Role) -> dict[str, Any]:
        cls = type(dataset)
        top, _, inside = cls.__module__.partition(".")
        # The same class has two names when the package is loaded under its other one.
        found: dict[str, Any] = {"type": f"{inside if top == _OWN else cls.__module__}.{cls.__qualname__}"}
        skipped = _skipped_in(role)
        for key, value in (getattr(dataset, "_init_args", None) or {}).items():
            if key not in _SILENT and key != skipped:
                found[key] = _relative(value, self._base)
        return found


def _skipped_in(role: Role) -> str:
    """Return the argument that only concerns the other role."""
    return "save_args" if role == "read" else "load_args"


def _others(arguments: Mapping[str, Any], role: Role) -> Hashable:
    """Return all arguments that count but the path, comparable; None where some are not made of atoms alone."""
    skipped = _skipped_in(role)
    found: list[Hashable] = []
    for key, value in arguments.items():
        if key in _SILENT or key == skipped:
            continue
        if key == "filepath":
            found.append(key)
        elif type(value) in _ATOMS:
            # With its type, as True equals 1.
            found.append((key, type(value), value))
        else:
            return None
    return tuple(found)


def _relative(value: Any, base: str | None) -> Any:
    """Return a path within the project without the project's own place, which may change."""
    if isinstance(value, (str, PurePath)):
        return value if base is None else str(value).removeprefix(base)
    if isinstance(value, Mapping):
        return {key: _relative(part, base) for key, part in value.items() if key not in _SILENT_INSIDE}
    return value
