"""What executors share whose values pass by reference: the work keeps them, so there is nothing to carry."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..model import TaskId, ValueId


class ByReference:
    """Keeps the part of the promise that is about carried values, and about ending tasks, by doing nothing."""

    name: str
    can_kill = False

    def put(self, value: ValueId, data: Any) -> None:
        """Nothing to do: values pass by reference."""

    def cancel(self, task: TaskId) -> None:
        """Nothing to do: what runs in this process cannot be ended from outside."""

    def free(self, values: Iterable[ValueId]) -> None:
        """Nothing to do: the work keeps the values."""

    def fetch(self, value: ValueId) -> Any:
        """Fail: the work keeps the values."""
        raise LookupError(f"The executor {self.name!r} carries no values; ask the work for value {value}.")
