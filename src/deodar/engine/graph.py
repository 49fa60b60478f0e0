"""The graph of a run: tasks, the values between them, and who waits for whom."""

from __future__ import annotations

from collections.abc import Sequence

from .._records import dataclass, field
from .model import TaskId, TaskSpec, ValueSpec


@dataclass(frozen=True, slots=True)
class TaskGraph:
    """Tasks and values by number; the numbers are positions in ``tasks`` and ``values``.

    Attributes:
        tasks: in an order in which they could run one after the other; ties are broken by it.
        values: what the tasks read and write.
        children: for each task, who waits for it, each once.
        waits: for each task, how many parents it waits for. It may exceed the parents that are in the graph:
            then the task can never run, and the run ends as ``stuck``.
    """

    tasks: Sequence[TaskSpec]
    values: Sequence[ValueSpec]
    children: Sequence[Sequence[TaskId]]
    waits: Sequence[int] = field(default=())

    def __post_init__(self) -> None:
        """Count the parents when the caller did not."""
        if not self.waits:
            object.__setattr__(self, "waits", count_parents(self.children))


def count_parents(children: Sequence[Sequence[TaskId]]) -> list[int]:
    """Return for each task how many others name it as their child."""
    counts = [0] * len(children)
    for successors in children:
        for child in successors:
            counts[child] += 1
    return counts


def tail_costs(graph: TaskGraph) -> list[float]:
    """Return for each task the cost of the dearest chain from its start to the end of the run.

    This is the upward rank of list scheduling (Graham 1966; Topcuoglu et al. 2002, HEFT): running the highest
    first keeps the critical path moving. One pass in reverse order, O(tasks + edges).
    """
    tails = [0.0] * len(graph.tasks)
    for task in range(len(graph.tasks) - 1, -1, -1):
        after = max((tails[child] for child in graph.children[task]), default=0.0)
        tails[task] = graph.tasks[task].cost + after
    return tails
