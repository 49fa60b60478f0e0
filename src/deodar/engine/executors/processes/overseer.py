"""What a run must do without any news: end tasks over their time, kill who did not end, look at who takes memory."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Sequence

from ...model import TaskSpec
from .pool import Link, Pool
from .private_memory import MemoryLooks

GRACE = 1.0
"""Seconds between asking a worker to end and killing it."""


class Overseer:
    """Looks after the workers of one run, which are the executor's own list.

    Attributes:
        large: tasks whose inputs are mapped and large.
    """

    def __init__(self, links: Sequence[Link], tasks: Sequence[TaskSpec], pool: Pool) -> None:
        self._links = links
        self._tasks = tasks
        self._pool = pool
        self.large: set[int] = set()

    def note_start(self, link: Link) -> None:
        """Note that a worker now works on the first of what it was sent."""
        link.head_since = time.monotonic()
        link.looks = MemoryLooks(link.pid) if link.sent[0].task in self.large else None

    def patience(self, limit: float | None) -> float | None:
        """Return how long to wait for news before there is something to do without any."""
        moments = [] if limit is None else [limit]
        for link in self._links:
            if link.doom is not None:
                moments.append(link.kill_at)
            elif link.sent:
                moments.append(self._due(link))
                if link.looks is not None:
                    moments.append(link.looks.next_at)
        first = min(moments, default=math.inf)
        return None if first == math.inf else max(0.0, first - time.monotonic())

    def overdue(self) -> list[Link]:
        """Return the workers whose task is over its time, and kill those that did not end when asked to."""
        found = []
        for link in self._links:
            if link.doom is not None:
                if time.monotonic() >= link.kill_at:
                    link.kill_at = time.monotonic() + GRACE
                    self._pool.kill(link, signal.SIGKILL)
            elif link.sent:
                if link.looks is not None and time.monotonic() >= link.looks.next_at:
                    link.looks.look()
                if time.monotonic() >= self._due(link):
                    found.append(link)
        return found

    def _due(self, link: Link) -> float:
        """Return when the time of the task that a worker works on is over."""
        seconds = self._tasks[link.sent[0].task].timeout
        return math.inf if seconds is None else link.head_since + seconds
