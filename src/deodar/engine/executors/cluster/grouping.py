"""Which tasks are sent to a worker together.

Only what is short, light and alike: a batch has one demand, its values do not draw it to a machine, and what is lost
with its worker is soon made again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from ...commands import Submit
from ...model import TaskSpec, ValueId
from .._pace import Pace
from .batch import SMALL_ENOUGH

MOST = 16
"""Tasks that go together at most: with more of them Ray's part is no smaller, and a loss is larger."""
WORTH = 0.005
"""Seconds of work in a batch: several times what it takes to send for a task."""
CALM = 100
"""Tasks that have to be light after one that wrote something large."""
UNKNOWN = TaskSpec("").cost

T = TypeVar("T")


class Grouping:
    """What a run has shown of its tasks so far.

    Args:
        slots: tasks that run at a time.
        pace: of the run.
    """

    def __init__(self, slots: int, pace: Pace) -> None:
        self._slots = slots
        self._pace = pace
        self._since_heavy = CALM

    def note(self, size: int) -> None:
        """Take the bytes that a task wrote."""
        self._since_heavy = 0 if size > SMALL_ENOUGH else self._since_heavy + 1

    @property
    def most(self) -> int:
        """How many tasks go together at most."""
        mean = self._pace.mean
        if mean is None or self._since_heavy < CALM:
            return 1
        return max(1, min(MOST, int(WORTH / max(mean, 1e-6))))

    def may_join(self, order: Submit, spec: TaskSpec, sizes: Mapping[ValueId, int]) -> bool:
        """Return whether a task may go together with others.

        Args:
            sizes: of the values that are known.
        """
        wanted = spec.resources
        return (
            order.attempt == 1
            and spec.timeout is None
            and not wanted.gpu
            and not wanted.memory
            and (spec.cost == UNKNOWN or spec.cost <= WORTH)
            and all(sizes.get(value, 0) <= SMALL_ENOUGH for value in spec.reads)
        )

    def split(self, things: Sequence[T], out: int) -> list[Sequence[T]]:
        """Return things in batches; the first of each are the first of all.

        Args:
            out: calls that are on their way, so that workers are busy.
        """
        wanted = max(1, 2 * self._slots - out)
        count = max(-(-len(things) // self.most), min(wanted, len(things)))
        return [things[start::count] for start in range(count)]
