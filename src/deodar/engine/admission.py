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

    __slots__ = ("_budget", "_demand", "_heaps", "_held", "_needs", "_order", "_passed", "_rank", "_used", "size")

    def __init__(self, demands: Sequence[Resources], order: Sequence[int], budget: Resources) -> None:
        self._order = order
        self._rank = [0] * len(order)
        for position, task in enumerate(order):
            self._rank[task] = position
        numbers: dict[Resources, int] = {}
        # Demands by number: hashing a record for each task that becomes ready costs more than the rest of admission.
        self._demand = [numbers.setdefault(demand, len(numbers)) for demand in demands]
        self._budget = _supply(budget)
        counts_cpu = any(demand.cpu != 1 for demand in numbers)
        self._needs = [_needs(demand, self._budget, counts_cpu) for demand in numbers]
        self._used: dict[str, float] = {}
        self._held = 0
        self._heaps: list[list[int]] = [[] for _ in numbers]
        self._passed = [0] * len(numbers)
        self.size = 0

    def add(self, task: TaskId) -> None:
        """Put a task among the ready ones."""
        heapq.heappush(self._heaps[self._demand[task]], self._rank[task])
        self.size += 1

    def take(self, *, idle: bool) -> TaskId | None:
        """Return the preferred task that fits, no longer ready and with its demand in use; None when none fits.

        Args:
            idle: nothing else runs, so the preferred task is taken even if it exceeds the budget.
        """
        if not self.size:
            return None
        if len(self._heaps) == 1:
            return self._pop(0) if idle or self._fits(0) else None
        heads = sorted((heap[0], demand) for demand, heap in enumerate(self._heaps) if heap)
        for position, (_, demand) in enumerate(heads):
            if (idle and not position) or self._fits(demand):
                self._passed[demand] = 0
                return self._pop(demand)
            self._passed[demand] += 1
            if self._passed[demand] > PATIENCE:
                return None
        return None

    def give_back(self, task: TaskId) -> None:
        """Return what a task that is over had in use."""
        for name, amount in self._needs[self._demand[task]]:
            self._used[name] -= amount

    def hold(self, memory: int) -> None:
        """Count so many bytes as in use by no task."""
        self._used["memory"] = self._used.get("memory", 0) + memory - self._held
        self._held = memory

    def clear(self) -> None:
        """Forget the ready tasks."""
        for heap in self._heaps:
            heap.clear()
        self.size = 0

    def _fits(self, demand: int) -> bool:
        needs = self._needs[demand]
        if not needs:
            return True
        used, budget = self._used, self._budget
        return all(used.get(name, 0) + amount <= budget.get(name, 1) for name, amount in needs)

    def _pop(self, demand: int) -> TaskId:
        for name, amount in self._needs[demand]:
            self._used[name] = self._used.get(name, 0) + amount
        self.size -= 1
        return TaskId(self._order[heapq.heappop(self._heaps[demand])])


def _needs(demand: Resources, supply: dict[str, float], counts_cpu: bool) -> tuple[tuple[str, float], ...]:
    """Return what of a demand has to be counted at all; empty for the plain task, which is the common case."""
    needs = [(f"token {name}", float(count)) for name, count in demand.tokens if count]
    if counts_cpu and demand.cpu:
        needs.append(("cpu", demand.cpu))
    if demand.memory and "memory" in supply:
        needs.append(("memory", float(demand.memory)))
    if demand.gpu:
        needs.append(("gpu", float(demand.gpu)))
    return tuple(needs)


def _supply(budget: Resources) -> dict[str, float]:
    supply = {f"token {name}": float(count) for name, count in budget.tokens}
    supply["cpu"] = budget.cpu
    supply["gpu"] = float(budget.gpu)
    if budget.memory:
        supply["memory"] = float(budget.memory)
    return supply
