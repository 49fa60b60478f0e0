"""Keeps the values in memory that unfinished nodes would need, when a run fails."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from ...engine.cache.store import ValueStore
from ...engine.events import Event, RunEnded, TaskEnded, TaskFailed, TaskReused, TaskSkipped
from ...engine.graph import TaskGraph
from ...engine.journal.records import Records
from ...engine.model import FailureKind, TaskId, ValueId
from .datasets import NOTHING
from .work import put

logger = logging.getLogger(__name__)


class Spiller:
    """An observer that stores what unfinished tasks read from memory, as long as it can still be had.

    Args:
        fetch: returns a value of the running run, or ``NOTHING``.
        identity: returns the identity of a value that was made in this run.
        limit: the most bytes of one value.
    """

    def __init__(
        self,
        graph: TaskGraph,
        store: ValueStore,
        records: Records,
        *,
        fetch: Callable[[ValueId], Any],
        identity: Callable[[ValueId], str | None],
        limit: int | None,
    ) -> None:
        self._graph = graph
        self._store = store
        self._records = records
        self._fetch = fetch
        self._identity = identity
        self._limit = limit
        self._over: set[TaskId] = set()
        self._keys: dict[ValueId, str | None] = {}
        self._inputs: dict[TaskId, dict[str, str]] = {}

    def observe(self, event: Event) -> None:
        """Store what the one who failed, and those who will not run, would have read."""
        match event:
            case TaskEnded(task=task) | TaskReused(task=task):
                self._over.add(task)
            case TaskFailed(task=task, failure=failure) if failure.kind is not FailureKind.CANCELLED:
                self._inputs[task] = self._keep_reads(task)
            case TaskSkipped(task=task):
                self._keep_reads(task)
            case RunEnded(status="failed"):
                for number in range(len(self._graph.tasks)):
                    if TaskId(number) not in self._over:
                        self._keep_reads(TaskId(number))
            case _:
                pass

    def facts(self, task: TaskId) -> Mapping[str, Any]:
        """Return under which keys the inputs of a failed task are."""
        return {"inputs": self._inputs[task]} if self._inputs.get(task) else {}

    def _keep_reads(self, task: TaskId) -> dict[str, str]:
        kept: dict[str, str] = {}
        for value in self._graph.tasks[task].reads:
            spec = self._graph.values[value]
            if not spec.carried:
                continue
            if value not in self._keys:
                self._keys[value] = self._keep(value, spec.name)
            key = self._keys[value]
            if key is not None:
                kept[spec.name] = key
        return kept

    def _keep(self, value: ValueId, name: str) -> str | None:
        content = self._fetch(value)
        if content is NOTHING:
            return None
        key = put(self._store, name, content, self._limit)
        if key is not None:
            self._records.note_stored(name, self._identity(value), key)
        return key
