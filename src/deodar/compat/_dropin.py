"""The finder that makes this tree load under the name ``kedro``.

The top-level name ``kedro`` gets a module spec whose search locations are this package's folder; everything below
loads by itself, so ``sys.modules["kedro.io.core"]`` *is* the implementation. In such a process ``deodar.x`` is an
alias of ``kedro.x``: no class ever exists twice. Only the standard library is imported here, because this runs when
the interpreter starts.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any

from .._version import KEDRO_CONTRACT_VERSION
from ._gone import successor

if TYPE_CHECKING:
    from importlib.metadata import Distribution, DistributionFinder

ENVIRONMENT_VARIABLE = "DEODAR_DROPIN"
PACKAGE_FOLDER = Path(__file__).resolve().parent.parent
FOREIGN, OWN = "kedro", "deodar"

_DEFINING = (".io.core", ".pipeline.node", ".runner.task", ".config.abstract_config", ".framework.session.session")
"""Modules whose classes user code holds on to; once one is loaded, the name it was loaded under is settled."""


class DropInTooLateError(RuntimeError):
    """The drop-in was asked for after modules had been imported that it would have to replace."""


def is_installed() -> bool:
    """Return whether ``import kedro`` gives this package in this process."""
    return any(getattr(finder, "is_deodar_dropin", False) for finder in sys.meta_path)


def install() -> None:
    """Make ``import kedro`` give this package, here and in child processes; doing it twice is harmless.

    It takes precedence over an installed Kedro.

    Raises:
        DropInTooLateError: if another ``kedro``, or this package's classes under their own name, are loaded already.
    """
    if is_installed():
        return
    _refuse_if_late()
    os.environ[ENVIRONMENT_VARIABLE] = "1"
    for name in [name for name in sys.modules if name == OWN or name.startswith(f"{OWN}.")]:
        del sys.modules[name]
    sys.meta_path.insert(0, DropInFinder())


def _refuse_if_late() -> None:
    foreign = sys.modules.get(FOREIGN)
    if foreign is not None:
        where = getattr(foreign, "__file__", None)
        raise DropInTooLateError(
            f"'kedro' is already imported, from {where}. Install the drop-in before anything imports kedro: "
            "start the program with 'python -m deodar.compat'."
        )
    loaded = [OWN + tail for tail in _DEFINING if OWN + tail in sys.modules]
    if loaded:
        raise DropInTooLateError(
            f"{loaded[0]!r} is already imported under its own name, so its classes would exist twice. Install the "
            "drop-in before importing deodar: start the program with 'python -m deodar.compat'."
        )


# Neither class derives from those of importlib.abc, which brings archives and temporary files along: 15 ms of a start.


class DropInFinder:
    """Finds the top-level name ``kedro`` here, and every ``deodar.x`` at ``kedro.x``."""

    is_deodar_dropin = True

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return the spec of a name that is ours to give, else None."""
        if fullname == FOREIGN:
            return importlib.util.spec_from_file_location(
                FOREIGN, PACKAGE_FOLDER / "__init__.py", submodule_search_locations=[str(PACKAGE_FOLDER)]
            )
        if fullname == OWN or fullname.startswith(f"{OWN}."):
            return alias_spec(fullname, OWN, FOREIGN)
        if fullname.startswith(f"{FOREIGN}."):
            _refuse_if_gone(fullname)
        return None

    def find_distributions(self, context: DistributionFinder.Context | None = None) -> Iterable[Distribution]:
        """Answer look-ups of the distribution ``kedro``, whether or not one is installed."""
        # Only importlib.metadata calls this, so it is loaded already.
        from ._distribution import KedroDistribution

        if context is None or context.name is None or context.name.lower() == FOREIGN:
            yield KedroDistribution(KEDRO_CONTRACT_VERSION)


def _refuse_if_gone(fullname: str) -> None:
    # ``from kedro.io import X`` asks for a module of that name when the package has no such attribute, and reports
    # what the search for it raised; an AttributeError's text would be lost.
    hint = successor(fullname.partition(".")[2])
    if hint is not None:
        raise ImportError(f"{fullname!r} was removed in Kedro 1.0 or before: {hint}.", name=fullname)


def alias_spec(fullname: str, alias: str, real: str) -> importlib.machinery.ModuleSpec | None:
    """Return the spec of a name below one top-level name that is the same module below another.

    Args:
        fullname: what is imported.
        alias: its top-level name.
        real: the top-level name under which the tree is loaded.
    """
    original = real + fullname[len(alias) :]
    found = importlib.util.find_spec(original)
    if found is None:
        return None
    is_package = found.submodule_search_locations is not None
    loader: Any = _AliasLoader(original, alias, real)
    return importlib.machinery.ModuleSpec(fullname, loader, origin=found.origin, is_package=is_package)


class _AliasLoader:
    """Loads a name by importing another and handing out the very same module."""

    def __init__(self, original: str, alias: str, real: str) -> None:
        self._original = original
        self._alias = alias
        self._real = real
        self._spec: importlib.machinery.ModuleSpec | None = None

    def get_code(self, fullname: str) -> CodeType | None:
        """Return the code of the module: ``python -m`` runs it without importing it."""
        spec = importlib.util.find_spec(self._original)
        loader: Any = spec and spec.loader
        code: CodeType | None = loader.get_code(self._original) if loader else None
        return code

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        module = importlib.import_module(self._original)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has just put the alias's spec on the module.
        module.__spec__ = self._spec
        # All aliases at once: importing one submodule by its alias would otherwise set it as an attribute of its
        # package anew, over a function of the same name (``pipeline.node``).
        for name, loaded in list(sys.modules.items()):
            if name.startswith(f"{self._real}."):
                sys.modules.setdefault(self._alias + name[len(self._real) :], loaded)
