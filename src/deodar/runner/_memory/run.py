"""The memory of one run: planned from earlier ones, written down while it goes on."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..._records import dataclass
from ...engine.cache.fingerprint import Fingerprint
from ...engine.cache.store import NotStoredError, ValueStore
from ...engine.journal.history import History, keep_few
from ...engine.journal.locks import OutputBusyError, OutputLocks
from ...engine.journal.recorder import Recorder, RunHeader
from ...engine.journal.records import FileMemo, Records
from ...engine.journal.store import Journal, JournalError, open_journal
from ...engine.model import TaskId, ValueId
from ...engine.plan import Plan, Record, Request, decide
from ...engine.plan_gate import PlanGate
from ...io import MemoryDataset
from .._inherited import Inherited
from .code import prints_for
from .datasets import NOTHING, find, held, target_of
from .evidence import CatalogEvidence
from .graph import MemoryGraph, look, numbers_of, results
from .options import ActiveMemory, MemoryOptions, RunMemoryError, home_of, new_run_id
from .spill import Spiller
from .work import SMALL, Care, RememberingWork, look_at

if TYPE_CHECKING:
    from ...engine.journal.standing import Seen
    from .._catalog import Catalog
    from .._compile import CompiledPipeline
    from .._pinned_versions import PinnedVersions
    from .standing import Inquiry

logger = logging.getLogger(__name__)

_VALUE_LIMIT = 64 << 20


@dataclass(frozen=True, slots=True)
class Decision:
    """What is known before a run, and what follows from it.

    Attributes:
        witnesses: files by which it can be told that the decision still stands; None where that cannot be told.
    """

    seen: MemoryGraph
    plan: Plan
    records: Mapping[str, Record]
    fingerprints: Sequence[Fingerprint]
    evidence: CatalogEvidence
    resumes: str | None = None
    witnesses: list[Seen] | None = None


def open_memory(
    stack: contextlib.ExitStack,
    options: MemoryOptions,
    project: Inherited,
    compiled: CompiledPipeline,
    catalog: Catalog,
    work: Any,
    versions: PinnedVersions,
    inquiry: Inquiry | None,
) -> ActiveMemory | None:
    """Open the journal, decide, and return the memory; the stack closes it.

    Args:
        inquiry: what was found out before datasets were built, if somebody looked.

    Returns:
        None when the run need not be remembered and cannot be.
    """
    journal = _journal_for(options) if inquiry is None else inquiry.journal
    if journal is None:
        return None
    stack.callback(journal.close)
    try:
        return _begin(stack, journal, options, project, compiled, catalog, work, versions, inquiry)
    except (RunMemoryError, OutputBusyError):
        raise
    except Exception as error:
        if options.mode != "record":
            raise RunMemoryError(f"The earlier runs cannot be looked at: {error}") from error
        logger.warning("This run will not be remembered: %s: %s", type(error).__name__, error)
        logger.debug("Why it will not be remembered:", exc_info=True)
        return None


def _journal_for(options: MemoryOptions) -> Journal | None:
    home = home_of(options)
    if not home.is_dir():
        try:
            home.mkdir()
            # What is in it is of this machine alone.
            (home / ".gitignore").write_text("*\n", encoding="utf-8")
        except OSError as error:
            if options.mode != "record":
                raise RunMemoryError(f"The folder '{home}' cannot be made: {error}") from error
            logger.info("This run will not be remembered: the folder '%s' cannot be made (%s).", home, error.strerror)
            return None
    journal = open_journal(home)
    if journal is None and options.mode != "record":
        raise RunMemoryError(f"Without its journal in '{home}' no run can build on an earlier one.")
    return journal


def decide_run(
    journal: Journal,
    options: MemoryOptions,
    project: Inherited,
    compiled: CompiledPipeline,
    catalog: Catalog,
    *,
    saves_memos: bool = True,
    inquiry: Inquiry | None = None,
) -> Decision:
    """Decide which nodes run. Reads no data but to tell whether files have changed.

    Args:
        inquiry: may want the decision to stand.

    Raises:
        RunMemoryError: if there is no such run to resume, or no such node to force.
    """
    seen = look(compiled, catalog)
    files = FileMemo(journal)
    prints = prints_for(catalog, project, journal) if inquiry is None else inquiry.prints
    fingerprints = [prints.of(node) for node in compiled.nodes]
    forced, unknown = numbers_of(seen, options.force)
    if unknown:
        raise RunMemoryError(f"No node named {unknown[0]!r} is part of this run, so it cannot be forced.")
    records, resumes, reason = _known(journal, options)
    made = {
        value: records[task.name].writes.get(seen.names[value])
        for task in seen.graph.tasks
        if task.name in records
        for value in task.writes
    }
    evidence = CatalogEvidence(seen.datasets, seen.names, made, _store(options), files)
    request = Request(
        everything=options.mode == "record",
        forced=forced,
        results=results(seen) if options.wants_results else frozenset(),
        unknown=reason,
    )
    with evidence.standing_still():
        plan = decide(seen.graph, records, fingerprints, evidence, request)
    if saves_memos:
        prints.memo.save()
        files.save()
    witnesses = None if inquiry is None else inquiry.witnesses(seen, plan, evidence.looked_at, catalog, files)
    return Decision(seen, plan, records, fingerprints, evidence, resumes, witnesses)


def _known(journal: Journal, options: MemoryOptions) -> tuple[Mapping[str, Record], str | None, str]:
    """Return the records to build on, the run that is resumed, and why a task without a record runs."""
    records = Records(journal, options.scope)
    if options.mode == "incremental":
        return records.latest(), None, "it never ran to its end"
    if options.mode == "record":
        return {}, None, ""
    history = History(journal)
    try:
        run = history.run(options.resume)
    except JournalError as error:
        raise RunMemoryError(str(error)) from error
    if run.status == "running":
        raise RunMemoryError(f"Run {run.id!r} is still going on. Wait for its end, or end it, to resume it.")
    return records.of_runs(history.lineage(run)), run.id, f"it had not ended in run {run.id}"


def _store(options: MemoryOptions) -> ValueStore:
    return ValueStore(home_of(options) / "values", options.store_limit)


def _begin(  # noqa: PLR0913 - one for each thing that a run is made of
    stack: contextlib.ExitStack,
    journal: Journal,
    options: MemoryOptions,
    project: Inherited,
    compiled: CompiledPipeline,
    catalog: Catalog,
    work: Any,
    versions: PinnedVersions,
    inquiry: Inquiry | None,
) -> ActiveMemory:
    history = History(journal)
    run = new_run_id(lambda name: history.has(name), getattr(work, "run_id", None))
    folders: dict[str, str] = {}
    targets = {target_of(find(catalog, name), folders) for node in compiled.nodes for name in node.outputs}
    stack.enter_context(OutputLocks(journal, run, [target for target in targets if target], options.wait))
    # Not before: who waits for another run shall see what that one has saved.
    versions.settle()
    decision = decide_run(journal, options, project, compiled, catalog, inquiry=inquiry)
    versions.keep(_reused_outputs(decision))
    if inquiry is not None:
        # Done when the memory is closed: what is entered last is left first.
        stack.callback(inquiry.keep, run, decision)
    memory = _Remembering(journal, options, decision, catalog, run)
    stack.callback(memory.close)
    return memory


def _reused_outputs(decision: Decision) -> list[str]:
    """Return the datasets of tasks that are reused, whatever happens until it is their turn."""
    seen, plan = decision.seen, decision.plan
    return [
        output.dataset
        for verdict in plan.verdicts
        # What cannot be brought back from the store after all is made again.
        if not verdict.runs and not any(value in plan.restored for value in seen.graph.tasks[verdict.task].writes)
        for output in seen.outputs[verdict.task]
        if not output.in_memory
    ]


class _Remembering(ActiveMemory):
    """The memory of a run that remembers."""

    def __init__(
        self, journal: Journal, options: MemoryOptions, decision: Decision, catalog: Catalog, run: str
    ) -> None:
        self._journal = journal
        self._options = options
        self._decision = decision
        self._catalog = catalog
        self._executor: Any = None
        self._store = _store(options)
        seen = decision.seen
        self._care = self._how_closely()
        inputs = {value: decision.evidence.identity(value, self._care.file_limit) for value in sorted(seen.inputs)}
        self._gate = PlanGate(
            decision.plan,
            decision.records,
            decision.fingerprints,
            decision.evidence,
            # What fingerprints cover has no identity of its own.
            {value: identity for value, identity in inputs.items() if not self._is_covered(value)},
            self._restore,
            lambda task: look_at(catalog, seen.outputs[task], self._care),
        )
        self._spiller = self._make_spiller(journal)
        self._recorder = Recorder(
            journal,
            RunHeader(run, options.scope, decision.resumes, {"mode": options.mode, **options.facts}),
            [task.name for task in seen.graph.tasks],
            decision.fingerprints,
            [verdict.reason for verdict in decision.plan.verdicts],
            self._facts,
        )
        self.gate = None if options.mode == "record" else self._gate
        self.observers = (self._gate, *([self._spiller] if self._spiller else []), self._recorder)

    def work(self, work: Any) -> Any:
        """Return work that reports what it writes."""
        return RememberingWork(work, self._decision.seen.outputs, self._care)

    def connect(self, executor: Any) -> None:
        """Take the executor, to which values that are brought back are given."""
        self._executor = executor

    def close(self) -> None:
        """Write what is left, and let go of what is old."""
        self._recorder.close()
        keep_few(self._journal, self._options.keep_runs)

    def _how_closely(self) -> Care:
        is_thorough = self._options.mode != "record" or self._options.spill == "always"
        return Care(
            None if is_thorough else SMALL,
            _VALUE_LIMIT if is_thorough else 0,
            self._store if self._options.spill == "always" else None,
            self._options.value_limit,
        )

    def _make_spiller(self, journal: Journal) -> Spiller | None:
        if self._options.spill == "never":
            return None
        return Spiller(
            self._decision.seen.graph,
            self._store,
            Records(journal, self._options.scope),
            fetch=self._fetch,
            identity=self._gate.identity,
            limit=self._options.value_limit,
        )

    def _is_covered(self, value: ValueId) -> bool:
        return self._decision.evidence.is_same(value, None)

    def _facts(self, task: TaskId) -> Mapping[str, Any]:
        extra = self._spiller.facts(task) if self._spiller else {}
        return {**self._gate.facts(task), **extra}

    def _where(self, value: ValueId) -> tuple[str, ValueId | None]:
        """Return the name of a dataset, and its number where the executor has its value and not the catalog."""
        name = self._decision.seen.aliases[value][0]
        return name, self._decision.seen.carried.get(name)

    def _fetch(self, value: ValueId) -> Any:
        name, number = self._where(value)
        if number is not None:
            try:
                return self._executor.fetch(number)
            except Exception:
                # Freed already, or lost with a worker: then its task runs again.
                return NOTHING
        return held(find(self._catalog, name))

    def _restore(self, value: ValueId, key: str) -> bool:
        name, number = self._where(value)
        try:
            content = self._store.get(key)
        except NotStoredError as error:
            logger.warning("%s cannot be brought back (%s): its node runs again.", name, error)
            return False
        if number is not None:
            self._executor.put(number, content)
            return True
        dataset = find(self._catalog, name)
        if isinstance(dataset, MemoryDataset):
            dataset.adopt(content)
        else:
            dataset.save(content)
        return True
