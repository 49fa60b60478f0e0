"""What a worker takes over from the driver's process before anything of the project is imported."""

from __future__ import annotations

import logging
import os
import sys
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..._records import dataclass
from ._strays import Stray, StrayFinder, find_strays

_THREAD_LIMITS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "POLARS_MAX_THREADS",
)
_VOLATILE = ("PYTEST_CURRENT_TEST", "COLUMNS", "LINES")
"""Variables that change all the time and that no module's import depends on."""


@dataclass(frozen=True, slots=True)
class Outfit:
    """A process's surroundings, as far as code can see them.

    Attributes:
        filters: of warnings.
        levels: of loggers by name; the root's is under the empty name.
        strays: modules that are not to be found by name.
        authkey: of multiprocessing, so that proxies of its managers work; None when it is not in use.
    """

    path: tuple[str, ...]
    folder: str | None
    environment: Mapping[str, str]
    arguments: tuple[str, ...]
    filters: tuple[Any, ...]
    levels: Mapping[str, int]
    disabled_level: int
    authkey: bytes | None
    strays: Mapping[str, Stray]

    def key(self) -> object:
        """Return what must be equal for a worker that served one run to serve another."""
        environment = {name: value for name, value in self.environment.items() if name not in _VOLATILE}
        return self.path, self.folder, environment, self.strays


def capture_outfit(workers: int) -> Outfit:
    """Return this process's outfit for one of so many workers, which share the cores."""
    process = sys.modules.get("multiprocessing.process")
    levels = {"": logging.root.level}
    for name, known in list(logging.root.manager.loggerDict.items()):
        if isinstance(known, logging.Logger) and (known.level or known.disabled):
            levels[name] = logging.CRITICAL + 1 if known.disabled else known.level
    try:
        folder: str | None = str(Path.cwd())
    except FileNotFoundError:
        folder = None
    return Outfit(
        tuple(entry if entry else folder or "" for entry in sys.path),
        folder,
        {**os.environ, **thread_limits(workers)},
        tuple(sys.argv),
        tuple(warnings.filters),
        levels,
        logging.root.manager.disable,
        None if process is None else bytes(process.current_process().authkey),
        find_strays(),
    )


def put_on(outfit: Outfit) -> None:
    """Make this process look like the one the outfit was taken from."""
    sys.path[:] = outfit.path
    if outfit.folder is not None:
        os.chdir(outfit.folder)
    for name in os.environ.keys() - outfit.environment.keys():
        del os.environ[name]
    os.environ.update(outfit.environment)
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, StrayFinder)]
    sys.meta_path.append(StrayFinder(outfit.strays))
    sys.argv[:] = outfit.arguments
    warnings.resetwarnings()
    warnings.filters.extend(outfit.filters)  # type: ignore[attr-defined]  # documented as a list
    for name, known in list(logging.root.manager.loggerDict.items()):
        if name not in outfit.levels and isinstance(known, logging.Logger):
            known.setLevel(logging.NOTSET)  # an earlier run may have set it
    for name, level in outfit.levels.items():
        logging.getLogger(name or None).setLevel(level)
    logging.disable(outfit.disabled_level)
    if outfit.authkey is not None:
        # Only where the driver's process has it loaded.
        import multiprocessing.process

        multiprocessing.process.current_process().authkey = outfit.authkey


def is_stale(born: float) -> bool:
    """Return whether a module of the user's was changed on disk since this process began, which has the old one."""
    installed = tuple({sys.prefix, sys.base_prefix, str(Path(__file__).resolve().parents[2])})
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or file.startswith(installed):
            continue
        try:
            if os.stat(file).st_mtime >= born:  # noqa: PTH116  # hundreds of files before each run
                return True
        except OSError:
            return True
    return False


def now() -> float:
    """Return the time by the clock that files are stamped with."""
    return time.time()


def thread_limits(workers: int) -> dict[str, str]:
    """Return the limits by which each worker's libraries use its share of the cores; what the user set stays."""
    share = str(max(1, (os.cpu_count() or 1) // max(1, workers)))
    return {name: os.environ.get(name, share) for name in _THREAD_LIMITS}
