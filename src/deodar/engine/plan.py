"""Which tasks run, and why: the one decision behind incremental runs, resuming, forcing, dry runs and explanations.

Pure: what is known of the past (records), of the code (fingerprints) and of the world (evidence) goes in; for every
task *run* or *reuse* comes out, with the first thing that changed. Work is O(tasks + edges).

- A task runs when it is forced, has no record, is not made of what it was made of, reads something else than it read,
  or when something it wrote is missing or was changed from outside.
- A task after one of those may run: when its inputs come out the same after all, it need not (early cut-off). That is
  decided when its parents are over, by the ``Gate`` in ``plan_gate``.
- A task whose value lived in memory alone runs again when somebody who runs reads it. It is taken to make the same
  value again, so that alone is no reason for anyone else to run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Protocol

from .._records import dataclass, field, replace
from .cache.fingerprint import Fingerprint, Leaf, first_change
from .graph import TaskGraph
from .model import TaskId, ValueId

Cause = Literal["forced", "new", "made", "input", "output", "upstream", "needed", "same", "all"]


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of the last time that a task ended well.

    Attributes:
        fingerprint: root of what it was made of.
        reads: identity of each value it read, by name; None when nobody could tell.
        writes: identity of each value it wrote, by name.
        packages: versions of packages that were seen in use, beyond those that its code names.
        stored: keys of values that were put into the store, by name.
        leaves: returns what it was made of.
        run: in which run that was.
    """

    fingerprint: str
    reads: Mapping[str, str | None] = field(default_factory=dict)
    writes: Mapping[str, str | None] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)
    stored: Mapping[str, str] = field(default_factory=dict)
    leaves: Callable[[], Sequence[Leaf]] = tuple
    run: str = ""


class Evidence(Protocol):
    """The state of the world, asked for only where the decision hangs on it."""

    def exists(self, value: ValueId) -> bool:
        """Say whether a value that is not carried is there."""
        ...

    def is_same(self, value: ValueId, recorded: str | None) -> bool:
        """Say whether a value is there and is the recorded one. True for what fingerprints cover."""
        ...

    def is_stored(self, value: ValueId, key: str) -> bool:
        """Say whether the store has a carried value."""
        ...

    def package_version(self, name: str) -> str | None:
        """Return the version of an installed package."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a plan.

    Attributes:
        everything: every task runs, whatever is known (an ordinary run).
        forced: tasks that run in any case.
        results: carried values that somebody wants at the end.
        unknown: why a task without a record runs.
    """

    everything: bool = False
    forced: frozenset[TaskId] = frozenset()
    results: frozenset[ValueId] = frozenset()
    unknown: str = "it never ran to its end"


WHOLE = Request()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a task runs, and why.

    Attributes:
        because: the parents (or, for ``needed``, the readers) that are the reason.
        may_stop: if its inputs come out as they were, it need not run after all.
    """

    task: TaskId
    runs: bool
    cause: Cause
    reason: str
    because: tuple[TaskId, ...] = ()
    may_stop: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The decision on a graph.

    Attributes:
        verdicts: by task.
        restored: values to bring back from the store when their task is reused, with their keys.
    """

    graph: TaskGraph
    verdicts: Sequence[Verdict]
    restored: Mapping[ValueId, str] = field(default_factory=dict)

    def running(self) -> list[TaskId]:
        """Return the tasks that run, those that may still turn out to be reused included."""
        return [verdict.task for verdict in self.verdicts if verdict.runs]

    def missing(self, evidence: Evidence) -> list[tuple[TaskId, ValueId]]:
        """Return values from outside that a running task reads and that are not there.

        Only whoever wants to know looks: it may be a question to another machine for each of them.
        """
        written = {value for spec in self.graph.tasks for value in spec.writes}
        later = {task for children in self.graph.children for task in children}
        return [
            (task, value)
            for task in self.running()
            if task not in later
            for value in self.graph.tasks[task].reads
            if value not in written and not self.graph.values[value].carried and not evidence.exists(value)
        ]

    def chain(self, task: TaskId) -> list[Verdict]:
        """Return the verdict on a task and the ones behind it, down to what changed first; each once."""
        seen: dict[TaskId, Verdict] = {}
        pending = [task]
        while pending:
            current = pending.pop(0)
            if current not in seen:
                seen[current] = self.verdicts[current]
                pending.extend(self.verdicts[current].because)
        return list(seen.values())


def decide(
    graph: TaskGraph,
    records: Mapping[str, Record],
    fingerprints: Sequence[Fingerprint],
    evidence: Evidence,
    request: Request = WHOLE,
) -> Plan:
    """Decide for every task of a graph whether it runs."""
    return _Decision(graph, records, fingerprints, evidence, request).make()


class _Decision:
    """One decision under way."""

    def __init__(
        self,
        graph: TaskGraph,
        records: Mapping[str, Record],
        fingerprints: Sequence[Fingerprint],
        evidence: Evidence,
        request: Request,
    ) -> None:
        self._graph = graph
        self._records = [records.get(task.name) for task in graph.tasks]
        self._fingerprints = fingerprints
        self._evidence = evidence
        self._request = request
        self._producers = {value: TaskId(task) for task, spec in enumerate(graph.tasks) for value in spec.writes}
        self._readers: dict[ValueId, list[TaskId]] = {}
        for task, spec in enumerate(graph.tasks):
            for value in spec.reads:
                self._readers.setdefault(value, []).append(TaskId(task))
        self._parents: list[list[TaskId]] = [[] for _ in graph.tasks]
        for parent, children in enumerate(graph.children):
            for child in children:
                self._parents[child].append(TaskId(parent))
        self._verdicts: list[Verdict] = []
        self._restored: dict[ValueId, str] = {}

    def make(self) -> Plan:
        """Forward for what changed, then back for what is needed."""
        for number in range(len(self._graph.tasks)):
            self._verdicts.append(self._first(TaskId(number)))
        for number in reversed(range(len(self._graph.tasks))):
            self._verdicts[number] = self._second(self._verdicts[number])
        return Plan(self._graph, tuple(self._verdicts), self._restored)

    def _first(self, task: TaskId) -> Verdict:
        if self._request.everything:
            return Verdict(task, True, "all", "an ordinary run runs everything")
        found = self._own_cause(task)
        if found is not None:
            return Verdict(task, True, *found)
        dirty = tuple(parent for parent in self._parents[task] if self._verdicts[parent].runs)
        if dirty:
            return Verdict(task, True, "upstream", self._upstream(task, dirty[0]), dirty, may_stop=True)
        record = self._records[task]
        since = f" since run {record.run}" if record is not None and record.run else ""
        return Verdict(task, False, "same", f"nothing changed{since}")

    def _own_cause(self, task: TaskId) -> tuple[Cause, str] | None:
        """Return why a task must run whatever its parents do."""
        if task in self._request.forced:
            return "forced", "it is forced to"
        record = self._records[task]
        if record is None:
            return "new", self._request.unknown
        if not record.fingerprint:
            return "new", "what it was made of was not recorded"
        now = self._fingerprints[task]
        if record.fingerprint != now.root:
            return "made", first_change(record.leaves(), now.leaves) or "what it is made of changed"
        for name, version in record.packages.items():
            current = self._evidence.package_version(name)
            if current != version:
                return "made", f"package {name} {version} → {current or 'gone'}"
        return self._changed_output(task, record) or self._changed_input(task, record)

    def _changed_output(self, task: TaskId, record: Record) -> tuple[Cause, str] | None:
        for value in self._graph.tasks[task].writes:
            spec = self._graph.values[value]
            if spec.carried:
                continue
            # What is the same is there, and one look is cheaper than two.
            if not self._evidence.is_same(value, record.writes.get(spec.name)):
                if not self._evidence.exists(value):
                    return "output", f"output {spec.name} is missing"
                return "output", f"output {spec.name} was changed from outside"
        return None

    def _changed_input(self, task: TaskId, record: Record) -> tuple[Cause, str] | None:
        for value in self._graph.tasks[task].reads:
            spec, producer = self._graph.values[value], self._producers.get(value)
            recorded = record.reads.get(spec.name)
            if producer is not None and self._verdicts[producer].runs:
                continue
            if producer is not None and spec.carried:
                made = self._records[producer]
                if made is None or not same_identity(made.writes.get(spec.name), recorded):
                    return "input", f"input {spec.name} changed"
            elif not spec.carried and self._is_behind(task):
                continue
            elif not self._evidence.is_same(value, recorded):
                is_missing = not spec.carried and not self._evidence.exists(value)
                return "input", f"input {spec.name} {'is missing' if is_missing else 'changed'}"
        return None

    def _is_behind(self, task: TaskId) -> bool:
        """Say whether some parent runs: then what lies on disk now says nothing yet."""
        return any(self._verdicts[parent].runs for parent in self._parents[task])

    def _upstream(self, task: TaskId, parent: TaskId) -> str:
        reads = set(self._graph.tasks[task].reads)
        shared = [self._graph.values[value].name for value in self._graph.tasks[parent].writes if value in reads]
        what = f", which writes {shared[0]}" if shared else ""
        return f"it comes after {self._graph.tasks[parent].name}{what}"

    def _second(self, verdict: Verdict) -> Verdict:
        """Make a task run, if it was not to, when a value of it is needed and cannot be had otherwise."""
        if verdict.runs and not verdict.may_stop:
            return verdict
        record = self._records[verdict.task]
        for value in self._graph.tasks[verdict.task].writes:
            spec = self._graph.values[value]
            if not spec.carried:
                continue
            readers = tuple(reader for reader in self._readers.get(value, ()) if self._verdicts[reader].runs)
            if not readers and value not in self._request.results:
                continue
            key = None if record is None else record.stored.get(spec.name)
            if key is not None and self._evidence.is_stored(value, key):
                self._restored[value] = key
                continue
            if verdict.runs:
                return replace(verdict, may_stop=False)
            reader = self._graph.tasks[readers[0]].name if readers else "the caller"
            reason = f"{spec.name} is needed by {reader}, and was kept in memory only"
            return Verdict(verdict.task, True, "needed", reason, readers)
        return verdict


def same_identity(one: str | None, other: str | None) -> bool:
    """Say whether two identities mean the same value.

    An identity may have two parts: what the value is, and what it was made from. Where both sides know what it is,
    that alone counts; a task that makes something else of the same things is not believed to make the same.
    """
    if one is None or other is None:
        return False
    if one == other:
        return True
    (content, origin), (other_content, other_origin) = split_identity(one), split_identity(other)
    if content and other_content:
        return content == other_content
    return bool(origin) and origin == other_origin


def join_identity(content: str | None, origin: str | None) -> str | None:
    """Return an identity of what a value is and what it was made from, as far as known."""
    return f"{content or ''}|{origin}" if origin else content


def split_identity(identity: str) -> tuple[str, str]:
    """Return the two parts of an identity."""
    content, _, origin = identity.partition("|")
    return content, origin
