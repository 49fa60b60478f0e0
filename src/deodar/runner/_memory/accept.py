"""Records made by hand: what nodes have written is right as it is."""

from __future__ import annotations

from collections.abc import Sequence

from ...engine.journal.records import Records
from ...engine.journal.store import FILE_NAME, Journal, JournalError
from ...engine.model import TaskId
from .options import MemoryOptions, RunMemoryError, home_of
from .run import Decision


def accept_tasks(options: MemoryOptions, decision: Decision, tasks: Sequence[TaskId]) -> None:
    """Record that tasks need not run as long as things stay as they are.

    Raises:
        RunMemoryError: if a task never ran, one of its outputs is missing, or the journal cannot be written.
    """
    try:
        with Journal(home_of(options) / FILE_NAME) as journal:
            records = Records(journal, options.scope)
            for task in tasks:
                mark, facts = decision.fingerprints[task], _facts(decision, task)
                name = decision.seen.graph.tasks[task].name
                if not records.accept(name, mark.root, mark.dumps(), facts):
                    raise RunMemoryError(f"The journal in '{home_of(options)}' cannot be written.")
    except JournalError as error:
        raise RunMemoryError(str(error)) from error


def _facts(decision: Decision, task: TaskId) -> dict[str, object]:
    """Return the identities of what a task would read now, and of what it has written."""
    seen, spec = decision.seen, decision.seen.graph.tasks[task]
    known = decision.records.get(spec.name)
    makers = {value: producer.name for producer in seen.graph.tasks for value in producer.writes}
    reads: dict[str, str | None] = {}
    for value in spec.reads:
        name = seen.names[value]
        identity = decision.evidence.identity(value)
        if identity is None and value in makers:
            maker = decision.records.get(makers[value])
            identity = None if maker is None else maker.writes.get(name)
        if not decision.evidence.is_same(value, None):
            reads[name] = identity
    writes: dict[str, str | None] = {}
    for value in spec.writes:
        name = seen.names[value]
        if seen.graph.values[value].carried:
            if known is None:
                raise RunMemoryError(f"{spec.name} writes {name} in memory and never ran: there is nothing to accept.")
            writes[name] = known.writes.get(name)
        elif not decision.evidence.exists(value):
            raise RunMemoryError(f"{spec.name} has no output {name} to accept. Run it first.")
        else:
            writes[name] = decision.evidence.identity(value) or (known.writes.get(name) if known else None)
    return {"reads": reads, "writes": writes}
