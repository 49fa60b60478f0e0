"""Which values may be freed, and when.

A value lives until every task that reads it is over. Nothing here touches the data.
"""

from __future__ import annotations

from .graph import TaskGraph
from .model import TaskId, ValueId


class Lifetimes:
    """Reader counts of one run. Owned by its scheduler."""

    __slots__ = ("_kept", "_readers", "_tasks")

    def __init__(self, graph: TaskGraph) -> None:
        self._tasks = graph.tasks
        self._kept = [value.kept for value in graph.values]
        self._readers = [0] * len(graph.values)
        for task in graph.tasks:
            for value in task.reads:
                self._readers[value] += 1

    def release(self, task: TaskId) -> list[ValueId]:
        """Return what nobody will read again now that ``task`` is over: its inputs in order, then its outputs."""
        spec, readers, kept = self._tasks[task], self._readers, self._kept
        freed: list[ValueId] = []
        for value in spec.reads:
            readers[value] -= 1
            if not readers[value] and not kept[value]:
                freed.append(value)
        for value in spec.writes:
            if not readers[value] and not kept[value]:
                freed.append(value)
        return freed
