"""Work that takes note of what it writes, wherever it runs."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..._records import dataclass
from ...engine.cache import memory
from ...engine.cache.store import NotStorableError, TooLargeError, ValueStore
from ...engine.model import TaskId, ValueId
from .datasets import NOTHING, find, held, identify, size_of

if TYPE_CHECKING:
    from ...engine.executors.protocol import Channel
    from .._catalog import Catalog

logger = logging.getLogger(__name__)

# Reading this much costs about a millisecond, beside a write of as much.
SMALL = 1 << 20


@dataclass(frozen=True, slots=True)
class Output:
    """One dataset that a task writes.

    Attributes:
        value: its number in the runner's graph.
        dataset: its name in the catalog.
        name: its name in the journal.
        in_memory: whether it is lost with the process.
    """

    value: ValueId
    dataset: str
    name: str
    in_memory: bool


@dataclass(frozen=True, slots=True)
class Care:
    """How closely to look.

    Attributes:
        file_limit: larger files are told by their stat alone.
        value_limit: values in memory of up to so many bytes are told by their content; 0 for none.
        store: where values in memory are kept, if they are.
        stored_limit: the most bytes of one such value.
    """

    file_limit: int | None = SMALL
    value_limit: int = 0
    store: ValueStore | None = None
    stored_limit: int | None = None


class RememberingWork:
    """Wraps the work of a run, and reports of each task what it wrote.

    Args:
        work: the runner's own; its attribute ``catalog`` is where the tasks save to.
        outputs: by task number.
    """

    def __init__(self, work: Any, outputs: Sequence[Sequence[Output]], care: Care) -> None:
        self._work = work
        self._outputs = outputs
        self._care = care

    def prepare(self, worker: str) -> None:
        """Make this process ready."""
        self._work.prepare(worker)

    def run(self, task: TaskId, attempt: int, channel: Channel | None) -> dict[str, object] | None:
        """Run one attempt, and look at what it wrote."""
        tap = None if channel is None else _Tap(channel)
        facts: dict[str, object] = self._work.run(task, attempt, tap) or {}
        given = {} if tap is None else tap.given
        notes = _Notes(self._care)
        for output in self._outputs[task]:
            if output.value in given:
                notes.keep(output.name, given[output.value])
            else:
                notes.look(output, find(self._work.catalog, output.dataset))
        return {**facts, **notes.facts()}


class _Tap:
    """Passes values through a channel, and remembers what was given."""

    __slots__ = ("_channel", "given")

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.given: dict[ValueId, Any] = {}

    def take(self, value: ValueId) -> Any:
        """Return a value that the task reads."""
        return self._channel.take(value)

    def give(self, value: ValueId, data: Any) -> None:
        """Hand over a value that the task writes."""
        self.given[value] = data
        self._channel.give(value, data)


class _Notes:
    """What is noted of one attempt."""

    def __init__(self, care: Care) -> None:
        self._care = care
        self._writes: dict[str, str | None] = {}
        self._stored: dict[str, str] = {}
        self._rows: dict[str, int] = {}
        self._bytes: dict[str, int] = {}

    def look(self, output: Output, dataset: Any) -> None:
        if output.in_memory:
            content = held(dataset)
            if content is not NOTHING:
                self.keep(output.name, content)
        else:
            self._writes[output.name] = identify(dataset, limit=self._care.file_limit)
            size = size_of(dataset)
            if size is not None:
                self._bytes[output.name] = size

    def keep(self, name: str, content: Any) -> None:
        limit = self._care.value_limit
        self._writes[name] = memory.identify(content, limit) if limit else None
        rows = count_rows(content)
        if rows is not None:
            self._rows[name] = rows
        if self._care.store is not None:
            key = put(self._care.store, name, content, self._care.stored_limit)
            if key is not None:
                self._stored[name] = key

    def facts(self) -> dict[str, object]:
        found: dict[str, object] = {"writes": self._writes}
        if self._stored:
            found["stored"] = self._stored
        if self._rows:
            found["rows"] = self._rows
        if self._bytes:
            found["bytes"] = self._bytes
        return found


def put(store: ValueStore, name: str, content: Any, limit: int | None) -> str | None:
    """Put a value into the store if that is possible; its task runs again otherwise."""
    try:
        return store.put(content, limit)
    except (NotStorableError, TooLargeError) as error:
        logger.debug("%s is not kept: %s", name, error)
    except OSError as error:
        logger.warning("%s could not be kept (%s): what makes it will run again when it is needed.", name, error)
    return None


def count_rows(content: Any) -> int | None:
    """Return how many rows a table has; None for anything else."""
    if hasattr(content, "columns") and hasattr(content, "shape"):
        try:
            return int(content.shape[0])
        except (TypeError, ValueError, IndexError):
            # A lazy table, which does not know before it is computed.
            return None
    return None


def look_at(catalog: Catalog, outputs: Sequence[Output], care: Care) -> dict[str, str | None]:
    """Return the identities of what a task wrote, seen from the driver: for executors that run no work of ours."""
    notes = _Notes(care)
    for output in outputs:
        notes.look(output, find(catalog, output.dataset))
    return notes._writes
