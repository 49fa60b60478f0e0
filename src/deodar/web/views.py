"""What the page is told of runs, as plain data. Nothing here changes the journal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from ..engine.journal.history import Attempt, Happening, History, Run

# What the page can name in one go; a run of ten thousand nodes is shown whole.
_EVENTS = 100_000


def list_runs(history: History, limit: int) -> list[dict[str, Any]]:
    """Return the latest runs, the newest first."""
    return [_run(run) for run in history.runs(limit)]


def show_run(history: History, run_id: str) -> dict[str, Any]:
    """Return a run with all attempts at its nodes, and what was skipped because of what.

    Raises:
        UnknownRunError: there is no such run.
    """
    run = history.run(run_id)
    happenings = history.happenings(run=run.id, limit=_EVENTS)
    return {
        **_run(run),
        "facts": dict(run.facts),
        "attempts": [_attempt(attempt) for attempt in history.attempts(run.id)],
        "skipped": dict(_skipped(happenings)),
        "waiting": _waiting(happenings),
    }


def compare_runs(history: History, old: str, new: str) -> list[str]:
    """Return what is different between two runs, a line each.

    Raises:
        UnknownRunError: one of them is not there.
    """
    return history.diff(history.run(old).id, history.run(new).id)


def _run(run: Run) -> dict[str, Any]:
    told = ("id", "status", "started", "ended", "tasks", "done", "failed", "reused", "resumes")
    return {**{name: getattr(run, name) for name in told}, "seconds": run.seconds}


def _attempt(attempt: Attempt) -> dict[str, Any]:
    row = asdict(attempt)
    facts: Mapping[str, Any] = row.pop("facts")
    del row["fingerprint"]
    return {**row, "rows": facts.get("rows") or {}, "bytes": facts.get("bytes") or {}}


def _skipped(happenings: Iterable[Happening]) -> Iterable[tuple[str, str]]:
    for happening in happenings:
        if happening.kind == "TaskSkipped" and happening.task is not None:
            yield happening.task, str(happening.data.get("because", ""))


def _waiting(happenings: Iterable[Happening]) -> dict[str, float]:
    """Return nodes that will be tried again, with the time (seconds since the epoch) from which on they may."""
    due: dict[str, float] = {}
    for happening in happenings:
        if happening.task is None:
            continue
        if happening.kind == "TaskRetried":
            due[happening.task] = happening.at + float(happening.data.get("delay", 0.0))
        elif happening.kind == "TaskStarted":
            due.pop(happening.task, None)
    return due
