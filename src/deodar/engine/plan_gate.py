"""A plan while it is carried out: what really came out, and what therefore need not run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .cache.digests import FORMAT, digest_text
from .cache.fingerprint import Fingerprint
from .events import Event, TaskEnded, TaskReused
from .model import TaskId, ValueId
from .plan import Evidence, Plan, Record, Verdict, join_identity, same_identity, split_identity

logger = logging.getLogger(__name__)

ORIGIN_PREFIX = f"p{FORMAT}:"


class PlanGate:
    """Follows a run as an observer (the first to be told), and says when a task need not run.

    Args:
        inputs: identities of the values that come from outside, as of the plan; those that fingerprints cover are
            left out.
        restore: brings a value back from the store; says whether that worked.
        look: returns the identities of what a task wrote, when its attempt did not tell.
    """

    def __init__(
        self,
        plan: Plan,
        records: Mapping[str, Record],
        fingerprints: Sequence[Fingerprint],
        evidence: Evidence,
        inputs: Mapping[ValueId, str | None],
        restore: Callable[[ValueId, str], bool] = lambda value, key: False,
        look: Callable[[TaskId], Mapping[str, str | None]] = lambda task: {},
    ) -> None:
        self._plan = plan
        self._records = records
        self._fingerprints = fingerprints
        self._evidence = evidence
        self._restore = restore
        self._look = look
        self._identities: dict[ValueId, str | None] = dict(inputs)
        self._made: set[ValueId] = set()
        self._produced = {value for spec in plan.graph.tasks for value in spec.writes}
        # Whose parents ran, though nothing of theirs was taken to change.
        self._behind: set[TaskId] = set()
        self._facts: dict[TaskId, dict[str, Any]] = {}

    def observe(self, event: Event) -> None:
        """Note what a task that is over has written."""
        match event:
            case TaskEnded(task=task, report=report):
                self._note_ended(task, report.facts)
            case TaskReused(task=task):
                self._note_reused(task)
            case _:
                pass

    def facts(self, task: TaskId) -> dict[str, Any]:
        """Return what is to be recorded of a task that ended well."""
        return self._facts.get(task, {})

    def identity(self, value: ValueId) -> str | None:
        """Return the identity of a value that came from outside or was made in this run."""
        return self._identities.get(value)

    def reason_to_reuse(self, task: TaskId) -> str | None:
        """Say why a task need not run; asked when its parents are over."""
        verdict = self._plan.verdicts[task]
        if verdict.runs and not verdict.may_stop:
            return None
        record = self._records.get(self._plan.graph.tasks[task].name)
        if record is None:
            return None
        changed = self._changed_read(task, record) if verdict.runs or task in self._behind else None
        if changed is not None and (verdict.runs or self._can_run(task)):
            return None
        if changed is not None:
            logger.warning(
                "%s came out different although nothing that is tracked changed; '%s' keeps what it made of the "
                "earlier one. Make what writes it repeatable, or force it.",
                changed,
                self._plan.graph.tasks[task].name,
            )
        if not self._bring_back(task):
            return None
        return "its inputs came out as they were" if verdict.runs else verdict.reason

    def reasons_to_reuse_all(self) -> Sequence[str] | None:
        """Return for each task why it need not run, if no task has to and nothing has to be brought back."""
        tasks, verdicts = self._plan.graph.tasks, self._plan.verdicts
        if self._plan.restored or any(verdict.runs for verdict in verdicts):
            return None
        return [verdict.reason for verdict in verdicts] if all(task.name in self._records for task in tasks) else None

    def _changed_read(self, task: TaskId, record: Record) -> str | None:
        """Return the first value that a task reads and that is not what it read last time."""
        for value in self._plan.graph.tasks[task].reads:
            spec = self._plan.graph.values[value]
            recorded = record.reads.get(spec.name)
            if value in self._made or (spec.carried and value in self._identities):
                is_same = same_identity(self._identities.get(value), recorded)
            else:
                is_same = self._evidence.is_same(value, recorded)
            if not is_same:
                return spec.name
        return None

    def _can_run(self, task: TaskId) -> bool:
        """Say whether all that a task reads from memory is there."""
        graph = self._plan.graph
        return all(
            value in self._made or value not in self._produced
            for value in graph.tasks[task].reads
            if graph.values[value].carried
        )

    def _bring_back(self, task: TaskId) -> bool:
        for value in self._plan.graph.tasks[task].writes:
            key = self._plan.restored.get(value)
            if key is None or value in self._made:
                continue
            if not self._restore(value, key):
                return False
            self._made.add(value)
        return True

    def _note_ended(self, task: TaskId, facts: Mapping[str, Any]) -> None:
        spec, values = self._plan.graph.tasks[task], self._plan.graph.values
        reads = {values[value].name: self._identities[value] for value in spec.reads if value in self._identities}
        written: Mapping[str, str | None] = facts["writes"] if "writes" in facts else self._look(task)
        writes: dict[str, str | None] = {}
        for value in spec.writes:
            name = values[value].name
            content = written.get(name)
            if values[value].carried or content is None:
                # Also of what cannot be looked at, such as a table: it is told by what it was made from.
                content = join_identity(content, self._origin(task, reads, name))
            self._made.add(value)
            writes[name] = self._identities[value] = content
        self._facts[task] = {**facts, "reads": reads, "writes": writes}
        self._behind.update(self._plan.graph.children[task])

    def _origin(self, task: TaskId, reads: Mapping[str, str | None], name: str) -> str | None:
        """Return an identity that says what a value was made from; None when that is not known."""
        if not self._fingerprints or any(identity is None for identity in reads.values()):
            return None
        parts: list[str] = []
        for key, identity in sorted(reads.items()):
            content, origin = split_identity(identity or "")
            parts += (key, origin or content)
        return ORIGIN_PREFIX + digest_text(self._fingerprints[task].root, name, *parts)

    def _note_reused(self, task: TaskId) -> None:
        spec, values = self._plan.graph.tasks[task], self._plan.graph.values
        record = self._records.get(spec.name)
        for value in spec.writes:
            self._identities[value] = None if record is None else record.writes.get(values[value].name)


def describe(plan: Plan, task: TaskId) -> list[str]:
    """Say in lines why a task runs or does not, down to what changed first."""
    return [_line(plan, verdict) for verdict in plan.chain(task)]


def _line(plan: Plan, verdict: Verdict) -> str:
    name = plan.graph.tasks[verdict.task].name
    word = "may run" if verdict.may_stop else "runs" if verdict.runs else "is reused"
    return f"{name} {word}: {verdict.reason}"
