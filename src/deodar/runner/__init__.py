"""Runners: the bridge between pipelines and the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._front_door import front_door

if TYPE_CHECKING:
    from ._memory import remembering as remembering
    from ._store import storing as storing
    from .dask_runner import DaskRunner as DaskRunner
    from .parallel_runner import ParallelRunner
    from .parallel_runner import ParallelRunnerManager as ParallelRunnerManager
    from .ray_runner import RayRunner as RayRunner
    from .runner import AbstractRunner
    from .sequential_runner import SequentialRunner
    from .task import Task
    from .task import TaskError as TaskError
    from .thread_runner import ThreadRunner

# The contract's names; `TaskError` and those of our own are there as well.
__all__ = ["AbstractRunner", "ParallelRunner", "SequentialRunner", "Task", "ThreadRunner"]

# A run needs one runner, and each brings what it stands on: threads, processes, a cluster's package.
__getattr__, __dir__ = front_door(
    __name__,
    {
        "AbstractRunner": "runner",
        "DaskRunner": "dask_runner",
        "ParallelRunner": "parallel_runner",
        "ParallelRunnerManager": "parallel_runner",
        "RayRunner": "ray_runner",
        "SequentialRunner": "sequential_runner",
        "Task": "task",
        "TaskError": "task",
        "ThreadRunner": "thread_runner",
        "remembering": "_memory",
        "storing": "_store",
    },
)
