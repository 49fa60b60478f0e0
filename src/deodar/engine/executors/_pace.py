"""How many tasks a worker should have at hand, by how long tasks have taken."""

from __future__ import annotations

_HORIZON = 0.02
"""Seconds of work to have at hand: well above the time in which the driver reacts."""
_BRIEF = 0.25
"""Seconds up to which a task is not worth the wait for the next one, a millisecond or two when all was asleep."""
_MOST = 32
_SHARE = 0.2


class Pace:
    """The moving average of one run.

    Args:
        most: tasks for one worker, at most.

    Attributes:
        depth: tasks for one worker, the one it works on included.
        mean: seconds that a task took; None when none has ended.
    """

    __slots__ = ("_most", "_workers", "depth", "mean")

    def __init__(self, workers: int, most: int = _MOST) -> None:
        self._workers = workers
        self._most = most
        self.mean: float | None = None
        self.depth = 1

    @property
    def window(self) -> int:
        """Tasks for all workers together."""
        return self._workers * self.depth

    def note(self, seconds: float) -> bool:
        """Take one task's duration; return whether the depth changed. It moves in powers of two, so seldom."""
        self.mean = seconds if self.mean is None else self.mean + _SHARE * (seconds - self.mean)
        wanted = min(self._most, max(1 + int(_HORIZON / max(self.mean, 1e-6)), 2 if self.mean < _BRIEF else 1))
        depth = 1 << (wanted.bit_length() - 1)
        changed, self.depth = depth != self.depth, depth
        return changed
