"""Runners: the bridge between pipelines and the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .runner import AbstractRunner
from .sequential_runner import SequentialRunner
from .task import Task
from .task import TaskError as TaskError  # not in __all__, as in the contract
from .thread_runner import ThreadRunner

if TYPE_CHECKING:
    from ._memory import remembering as remembering
    from ._store import storing as storing
    from .dask_runner import DaskRunner as DaskRunner
    from .parallel_runner import ParallelRunner
    from .parallel_runner import ParallelRunnerManager as ParallelRunnerManager
    from .ray_runner import RayRunner as RayRunner

# The contract's names; those of our own are there as well.
__all__ = ["AbstractRunner", "ParallelRunner", "SequentialRunner", "Task", "ThreadRunner"]

_ELSEWHERE = {
    "DaskRunner": "dask_runner",
    "ParallelRunner": "parallel_runner",
    "ParallelRunnerManager": "parallel_runner",
    "RayRunner": "ray_runner",
    "remembering": "_memory",
    "storing": "_store",
}


def __getattr__(name: str) -> Any:
    # Imported when asked for: they bring multiprocessing or a cluster's package along.
    if name not in _ELSEWHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_ELSEWHERE[name]}"), name)
