"""Which graphics devices a running task may see."""

from __future__ import annotations

import os

from ...model import TaskId


class Devices:
    """The devices of one run: those the user made visible, or else numbers from zero."""

    def __init__(self) -> None:
        visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
        self._named = [name.strip() for name in visible.split(",") if name.strip()]
        self._taken: dict[TaskId, list[int]] = {}

    def take(self, task: TaskId, count: int) -> str:
        """Return the devices for a task as ``CUDA_VISIBLE_DEVICES`` has them; that there are enough is not checked."""
        used = {number for numbers in self._taken.values() for number in numbers}
        numbers: list[int] = []
        candidate = 0
        while len(numbers) < count:
            if candidate not in used:
                numbers.append(candidate)
            candidate += 1
        self._taken[task] = numbers
        if self._named:
            return ",".join(self._named[number % len(self._named)] for number in numbers)
        return ",".join(map(str, numbers))

    def give_back(self, task: TaskId) -> None:
        """Take a task's devices back, if it had any."""
        self._taken.pop(task, None)
