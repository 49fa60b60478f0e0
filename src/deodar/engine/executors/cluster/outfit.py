"""What a worker of a cluster takes over from the driver's process. Unlike our own workers it is not ours alone: what it
has is kept, and only what is missing is added.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import sys
import threading
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._outfit import Outfit, capture_outfit
from .._strays import Stray, StrayFinder
from .modules import LoadedModules

ENGINES = ("distributed", "dask", "ray", "tornado", "bokeh", "asyncio", "grpc")
"""Loggers of those who run the cluster: they keep their handlers and levels."""


@dataclass(frozen=True)
class ClusterOutfit:
    """A process's surroundings, and on which machine they are true."""

    host: str
    outfit: Outfit


def capture_cluster_outfit() -> ClusterOutfit:
    """Return this process's outfit."""
    return ClusterOutfit(socket.gethostname(), capture_outfit(os.cpu_count() or 1))


class Guest:
    """What this process was made to see for one run after the other. What was here before stays; what was brought for a
    run is taken back for the next.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards what is brought, which is the process's
        self._path: list[str] = []
        self._environment: dict[str, str] = {}
        self._strays: Mapping[str, Stray] = {}
        self._loaded = LoadedModules()

    def put_on(self, known: ClusterOutfit, *, alone: bool) -> None:
        """Make this process see what the driver's process sees, as far as it is here too.

        Args:
            alone: no other run is using this process now, which would miss what is taken back.
        """
        outfit = known.outfit
        here = socket.gethostname() == known.host
        with self._lock:
            before = self._path, self._strays
            if alone:
                self._take_back()
            present = set(sys.path)
            added = [entry for entry in outfit.path if entry not in present and (here or Path(entry).exists())]
            sys.path.extend(added)
            self._path = self._path + added
            if here:
                self._see_as(outfit)
            self._loaded.renew(all_of_them=alone and (self._path, self._strays) != before)
        _take_filters(outfit.filters)
        _take_levels(outfit.levels, outfit.disabled_level)

    def _take_back(self) -> None:
        brought = set(self._path)
        sys.path[:] = [entry for entry in sys.path if entry not in brought]
        self._path = []
        for name, value in self._environment.items():
            if os.environ.get(name) == value:
                del os.environ[name]
        self._environment = {}

    def _see_as(self, outfit: Outfit) -> None:
        if outfit.folder is not None:
            with contextlib.suppress(OSError):
                os.chdir(outfit.folder)
        missing = {name: value for name, value in outfit.environment.items() if name not in os.environ}
        os.environ.update(missing)
        self._environment.update(missing)
        sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, StrayFinder)]
        sys.meta_path.append(StrayFinder(outfit.strays))
        self._strays = outfit.strays


def is_engines(name: str) -> bool:
    """Return whether a logger belongs to those who run the cluster."""
    return name.partition(".")[0] in ENGINES


def _take_filters(filters: tuple[Any, ...]) -> None:
    warnings.resetwarnings()
    warnings.filters.extend(filters)  # type: ignore[attr-defined]  # documented as a list


def _take_levels(levels: Mapping[str, int], disabled: int) -> None:
    for name, known in list(logging.root.manager.loggerDict.items()):
        if name not in levels and isinstance(known, logging.Logger) and not is_engines(name):
            known.setLevel(logging.NOTSET)  # an earlier run may have set it
    for name, level in levels.items():
        if not is_engines(name):
            logging.getLogger(name or None).setLevel(level)
    logging.disable(disabled)
