"""The carried values of one run: where they lie, and those that cannot leave the driver's process."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ...graph import TaskGraph
from ...model import TaskSpec, ValueId
from ...transport.pickling import UnportableValueError
from ...transport.shelf import Shelf
from ...transport.writer import LARGE, Handle
from .._driver_side import DriverChannel


class Holdings:
    """Owned by the executor of the run; closed with it."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self._handles: dict[ValueId, Handle] = {}
        self._at_home: dict[ValueId, Any] = {}
        self._told = 0

    def put(self, value: ValueId, data: Any) -> None:
        """Publish a value; one that cannot travel is kept, for tasks in this process."""
        try:
            self._handles[value] = self.shelf.writer.put(data)
        except UnportableValueError:
            self._at_home[value] = data

    def fetch(self, value: ValueId) -> Any:
        """Return a value, mapped where it lies."""
        if value in self._at_home:
            return self._at_home[value]
        if value not in self._handles:
            raise LookupError(f"No carried value {value}: its task has not ended well, or it was freed.")
        return self.shelf.writer.load(self._handles[value])

    def free(self, values: Iterable[ValueId]) -> None:
        """Remove values."""
        for value in values:
            handle = self._handles.pop(value, None)
            if handle is not None:
                self.shelf.writer.discard([handle])
            self._at_home.pop(value, None)

    def take_over(self, slot: int, handles: dict[ValueId, Handle]) -> None:
        """Hold what the writer of a slot published; what was there of these values before is removed."""
        if not handles:
            return
        self.shelf.learn(slot, handles.values())
        for value in handles.keys() & self._handles.keys():
            self.shelf.writer.discard([self._handles[value]])
        self._handles.update(handles)

    def take_from_channel(self, channel: DriverChannel, *, well: bool) -> None:
        """Hold what a task in this process gave, if it ended well."""
        if well:
            self.take_over(0, channel.given)
            self._at_home.update(channel.kept)
        else:
            self.shelf.writer.discard(channel.given.values())

    def forget_writer(self, slot: int, tag: str) -> None:
        """Remove what a writer that died told nobody of."""
        self.shelf.forget_writer(slot, tag, self._handles.values())

    def news_of_held(self) -> int | None:
        """Return the bytes of shared memory that the values hold, if that has changed by much since the last time."""
        used = self.shelf.used
        if abs(used - self._told) < LARGE and (used or not self._told):
            return None
        self._told = used
        return used

    def names(self) -> list[ValueId]:
        """Return the values that are held."""
        return [*self._handles, *self._at_home]

    def reads(self, spec: TaskSpec, limit: int) -> dict[ValueId, Handle]:
        """Return the handles of what a task reads; together they hold at most so many bytes of data."""
        reads = {value: self._handles[value] for value in spec.reads if value in self._handles}
        if sum(handle.size for handle in reads.values() if handle.data is not None) > limit:
            for value, handle in reads.items():
                reads[value] = self._handles[value] = self.shelf.writer.to_file(handle)
        return reads

    def obstacle(self, graph: TaskGraph, spec: TaskSpec) -> UnportableValueError | None:
        """Return why a task cannot run in another process: it reads what cannot travel."""
        for value in spec.reads:
            if value in self._at_home:
                reason = TypeError(f"it is the input {graph.values[value].name!r} of {spec.name!r}")
                return UnportableValueError(type(self._at_home[value]), reason)
        return None

    def channel(self, spec: TaskSpec, tasks: Sequence[TaskSpec]) -> DriverChannel:
        """Return the channel for a task in this process."""
        at_home = {value: self._at_home[value] for value in spec.reads if value in self._at_home}
        reads = {value: self._handles[value] for value in spec.reads if value in self._handles}

        def stays(value: ValueId) -> bool:
            return all(task.in_driver for task in tasks if value in task.reads)

        return DriverChannel(self.shelf.writer, reads, at_home, stays)
