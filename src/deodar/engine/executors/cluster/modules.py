"""Modules of users' in a process that outlives runs: those whose files changed are loaded anew.

A worker of ours is replaced then. One of somebody's cluster serves others, and stays.
"""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

Stamp = tuple[str, int, int, int]
"""A module's file, when it was changed, how large it is, and which it is."""
_INSTALLED = tuple({sys.prefix, sys.base_prefix, str(Path(__file__).resolve().parents[3])})
"""Where packages are, this one too: they are not edited between runs."""


class LoadedModules:
    """What is known of the modules of one process. They are forgotten all together, as they refer to each other.

    Those that were there before the first run belong to the cluster's owner, and are forgotten only if they changed.
    """

    def __init__(self) -> None:
        self._stamps: dict[str, Stamp] = {}
        self._owners: frozenset[str] | None = None
        self._looked = int(psutil.Process().create_time() * 1e9)

    def renew(self, *, all_of_them: bool = False) -> list[str]:
        """Forget modules if one of them changed since it was loaded, and return which; they are imported anew.

        Args:
            all_of_them: forget them in any case, as other files may have their names now.
        """
        before, self._looked = self._looked, time.time_ns()
        found = dict(_users_modules())
        if self._owners is None:
            self._owners = frozenset(found)
        changed = {name for name, stamp in found.items() if self._is_changed(name, stamp, before)}
        forgotten = sorted(changed | (found.keys() - self._owners if changed or all_of_them else set()))
        for name in forgotten:
            del sys.modules[name], found[name]
        if forgotten:
            importlib.invalidate_caches()
        self._stamps = {name: stamp for name, stamp in found.items() if stamp is not None}
        return forgotten

    def _is_changed(self, name: str, stamp: Stamp | None, before: int) -> bool:
        known = self._stamps.get(name)
        if stamp is None or known is not None:
            return stamp != known
        # It was loaded since the last look, and was not changed after that if it was not changed after the look.
        return stamp[1] >= before


def _users_modules() -> Iterator[tuple[str, Stamp | None]]:
    """Yield modules that may be edited; without a stamp those whose files are gone."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name in ("__main__", "__mp_main__") or not isinstance(file, str) or file.startswith(_INSTALLED):
            continue
        try:
            known = os.stat(file)  # noqa: PTH116  # hundreds of files before each run
        except OSError:
            yield name, None
        else:
            yield name, (file, known.st_mtime_ns, known.st_size, known.st_ino)
