"""Ready tasks, and which of them fits now.

Ready tasks are kept in one queue per distinct demand, so that finding the best one that fits looks at the heads of
the queues and at nothing else.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from .model import Resources, TaskId

PATIENCE = 64
"""How many lesser tasks may pass one that does not fit, before the rest must wait for it."""


class Admission:
    """The ready tasks of one run and what is in use. Owned by its scheduler.

    Args:
        demands: of each task.
        order: the tasks, the one to prefer first.
        budget: all there is. A demand that exceeds it is met when nothing else runs. A token that the budget does
            not name has a supply of one.
    """

    __slots__ = (
        "_budget",
        "_counts_cpu",
        "_demands",
        "_heaps",
        "_measured",
        "_order",
        "_passed",
        "_rank",
        "_used",
        "size",
    )

    def __init__(self, demands: Sequence[Resources], order: Sequence[int], budget: Resources) -> None:
        self._demands = demands
        self._order = order
        self._rank = [0] * len(order)
        for position, task in enumerate(order):
            self._rank[task] = position
        self._budget = _supply(budget)
        distinct = set(demands)
        self._counts_cpu = any(demand.cpu != 1 for demand in distinct)
        self._measured = {demand: self._needs(demand) for demand in distinct}
        self._used: dict[str, float] = {}
        self._heaps: dict[Resources, list[int]] = {}
        self._passed: dict[Resources, int] = {}
        self.size = 0

    def _needs(self, demand: Resources) -> tuple[tuple[str, float], ...]:
        """Return what of a demand has to be counted at all; empty for the plain task, which is the common case."""
        needs = [(f"token {name}", float(count)) for name, count in demand.tokens if count]
        if self._counts_cpu and demand.cpu:
            needs.append(("cpu", demand.cpu))
        if demand.memory and "memory" in self._budget:
            needs.append(("memory", float(demand.memory)))
        if demand.gpu:
            needs.append(("gpu", float(demand.gpu)))
        return tuple(needs)

    def add(self, task: TaskId) -> None:
        """Put a task among the ready ones."""
        demand = self._demands[task]
        heap = self._heaps.get(demand)
        if heap is None:
            heap = self._heaps[demand] = []
        heapq.heappush(heap, self._rank[task])
        self.size += 1

    def take(self, *, idle: bool) -> TaskId | None:
        """Return the preferred task that fits, no longer ready and with its demand in use; None when none fits.

        Args:
            idle: nothing else runs, so the preferred task is taken even if it exceeds the budget.
        """
        if not self.size:
            return None
        if len(self._heaps) == 1:
            ((demand, heap),) = self._heaps.items()
            if not heap or not (idle or self._fits(demand)):
                return None
            return self._pop(demand, heap)
        # Ranks are unique, so the sort never compares two demands.
        heads = sorted((heap[0], demand) for demand, heap in self._heaps.items() if heap)
        for position, (_, demand) in enumerate(heads):
            if (idle and not position) or self._fits(demand):
                self._passed[demand] = 0
                return self._pop(demand, self._heaps[demand])
            self._passed[demand] = self._passed.get(demand, 0) + 1
            if self._passed[demand] > PATIENCE:
                return None
        return None

    def give_back(self, task: TaskId) -> None:
        """Return what a task that is over had in use."""
        for name, amount in self._measured[self._demands[task]]:
            self._used[name] -= amount

    def clear(self) -> list[TaskId]:
        """Return all ready tasks, which are ready no more."""
        left = [TaskId(self._order[rank]) for heap in self._heaps.values() for rank in heap]
        self._heaps.clear()
        self.size = 0
        return left

    def _fits(self, demand: Resources) -> bool:
        used, budget = self._used, self._budget
        return all(used.get(name, 0) + amount <= budget.get(name, 1) for name, amount in self._measured[demand])

    def _pop(self, demand: Resources, heap: list[int]) -> TaskId:
        for name, amount in self._measured[demand]:
            self._used[name] = self._used.get(name, 0) + amount
        self.size -= 1
        return TaskId(self._order[heapq.heappop(heap)])


def _supply(budget: Resources) -> dict[str, float]:
    supply = {f"token {name}": float(count) for name, count in budget.tokens}
    supply["cpu"] = budget.cpu
    supply["gpu"] = float(budget.gpu)
    if budget.memory:
        supply["memory"] = float(budget.memory)
    return supply
