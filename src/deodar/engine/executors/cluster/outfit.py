"""What a worker of a cluster takes over from the driver's process. Unlike our own workers it is not ours alone: what it
has is kept, and only what is missing is added.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._outfit import Outfit, capture_outfit
from .._strays import StrayFinder

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


def put_on_in_cluster(known: ClusterOutfit) -> None:
    """Make this process see what the driver's process sees, as far as it is here too."""
    outfit = known.outfit
    here = socket.gethostname() == known.host
    present = set(sys.path)
    sys.path.extend(entry for entry in outfit.path if entry not in present and (here or Path(entry).exists()))
    if here:
        if outfit.folder is not None:
            with contextlib.suppress(OSError):
                os.chdir(outfit.folder)
        for name, value in outfit.environment.items():
            os.environ.setdefault(name, value)
        sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, StrayFinder)]
        sys.meta_path.append(StrayFinder(outfit.strays))
    _take_filters(outfit.filters)
    _take_levels(outfit.levels, outfit.disabled_level)


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
