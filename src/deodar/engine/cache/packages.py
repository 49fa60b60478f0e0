"""Which release of which distribution a module comes from."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from typing import TYPE_CHECKING

from .digests import digest_text
from .fingerprint import Leaf

if TYPE_CHECKING:
    from importlib.metadata import Distribution

UNKNOWN = "unknown"


@cache
def python_leaf() -> Leaf:
    """Return the leaf that stands for the interpreter and its standard library."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Leaf("python", sys.implementation.name, digest_text(sys.implementation.name, version), version)


def is_standard(module: str) -> bool:
    """Say whether a module belongs to the standard library."""
    return module.partition(".")[0] in sys.stdlib_module_names


class Packages:
    """Versions of the distributions behind third-party modules, each looked up once.

    Args:
        version_of: from the name of a distribution to its version, or None; for tests and remote workers.
    """

    def __init__(self, version_of: Callable[[str], str | None] | None = None) -> None:
        self._version_of = version_of or installed_version
        self._leaves: dict[str, tuple[Leaf, ...]] = {}

    def leaves(self, module: str) -> tuple[Leaf, ...]:
        """Return a leaf for each distribution that provides the top-level package of ``module``."""
        top = module.partition(".")[0]
        found = self._leaves.get(top)
        if found is None:
            found = self._leaves[top] = tuple(self._leaf(name, top) for name in self._distributions(top))
        return found

    def _leaf(self, distribution: str, top: str) -> Leaf:
        version = self._version_of(distribution)
        if version is None:
            version = str(getattr(sys.modules.get(top), "__version__", UNKNOWN))
        return Leaf("package", distribution, digest_text(distribution, version), version)

    def _distributions(self, top: str) -> tuple[str, ...]:
        # Most packages are named as their distribution, and asking for one is far cheaper than listing all.
        if self._version_of(top) is not None:
            return (top,)
        return _providers().get(top, (top,))


@cache
def installed_version(distribution: str) -> str | None:
    """Return the version of an installed distribution, or None."""
    # Costs some 20 ms, and only runs that fingerprint code need it.
    from importlib import metadata

    try:
        return metadata.version(distribution)
    except (metadata.PackageNotFoundError, ValueError):
        return None


@cache
def _providers() -> dict[str, tuple[str, ...]]:
    """Return the distributions that bring each top-level name."""
    from importlib import metadata

    if sys.version_info >= (3, 11):
        return {top: tuple(sorted(set(names))) for top, names in metadata.packages_distributions().items()}
    # Before, the standard library's list left out those who do not name their modules: all but setuptools' own.
    found: dict[str, set[str]] = {}
    for distribution in metadata.distributions():
        for top in _top_names(distribution):
            found.setdefault(top, set()).add(distribution.metadata["Name"])
    return {top: tuple(sorted(names)) for top, names in found.items()}


def _top_names(distribution: Distribution) -> set[str]:
    """Return the top-level modules of a distribution, as it names them or by where its Python files are."""
    named = (distribution.read_text("top_level.txt") or "").split()
    files = (path for path in distribution.files or () if path.suffix == ".py" or _is_extension(path.name))
    return set(named) or {path.parts[0].partition(".")[0] for path in files}


def _is_extension(name: str) -> bool:
    return name.endswith(tuple(EXTENSION_SUFFIXES))
