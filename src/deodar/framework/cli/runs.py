"""``runs`` and ``cache``: what was run, and what is kept of it."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ._errors import KedroCliError
from ._groups import SuggestingGroup
from .utils import verbose_option

if TYPE_CHECKING:
    from ...engine.journal.history import Attempt, Happening, History, Run
    from ...engine.journal.store import Journal
    from ..startup import ProjectMetadata

_POLL_SECONDS = 0.1
_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(cls=SuggestingGroup)
def runs() -> None:
    """Look at earlier runs, and at those under way."""


@runs.command("list")
@click.option("--limit", "-n", type=click.IntRange(1), default=20, help="How many, the newest first.")
@_json_option
@verbose_option
@click.pass_obj
def list_runs(metadata: "ProjectMetadata", /, limit: int, as_json: bool) -> None:
    """List the latest runs."""
    with _history(metadata) as history:
        found = history.runs(limit)
    if as_json:
        _print_json([asdict(run) for run in found])
        return
    for run in found:
        click.echo(_run_line(run))
    if not found:
        click.echo("No run was recorded yet.")


@runs.command()
@click.argument("run_id", required=False)
@_json_option
@verbose_option
@click.pass_obj
def show(metadata: "ProjectMetadata", /, run_id: str | None, as_json: bool) -> None:
    """Show a run, by default the last one: each node, how long it took, why it ran, how it ended."""
    with _history(metadata) as history:
        run = history.run(run_id)
        attempts = history.attempts(run.id)
    if as_json:
        _print_json({**asdict(run), "attempts": [asdict(attempt) for attempt in attempts]})
        return
    click.echo(_run_line(run))
    for key, value in run.facts.items():
        click.echo(f"  {key}: {value}")
    width = max((len(attempt.task) for attempt in attempts), default=0)
    for attempt in attempts:
        click.echo(_attempt_line(attempt, width))


@runs.command()
@click.argument("old")
@click.argument("new", required=False)
@_json_option
@verbose_option
@click.pass_obj
def diff(metadata: "ProjectMetadata", /, old: str, new: str | None, as_json: bool) -> None:
    """Say what is different between two runs: code, parameters, packages, rows. NEW is the last one by default."""
    with _history(metadata) as history:
        lines = history.diff(history.run(old).id, history.run(new).id)
    if as_json:
        _print_json(lines)
        return
    click.echo("\n".join(lines) or "No difference.")


@runs.command()
@click.argument("run_id", required=False)
@click.option("--follow/--no-follow", default=True, help="Go on until the run is over.")
@_json_option
@verbose_option
@click.pass_obj
def tail(metadata: "ProjectMetadata", /, run_id: str | None, follow: bool, as_json: bool) -> None:
    """Print the events of a run, by default the last one, as they happen."""
    with _history(metadata) as history:
        run, last = history.run(run_id), 0
        while True:
            found = history.happenings(last, run.id)
            for happening in found:
                last = happening.id
                click.echo(json.dumps(asdict(happening)) if as_json else _event_line(happening))
            if not found and (not follow or history.run(run.id).status != "running"):
                return
            if not found:
                time.sleep(_POLL_SECONDS)


@runs.command()
@click.option("--keep", type=click.IntRange(0), default=100, help="How many of the latest runs stay.")
@verbose_option
@click.pass_obj
def prune(metadata: "ProjectMetadata", /, keep: int) -> None:
    """Forget old runs. What incremental runs build on stays."""
    # Imported here: the command tree is read for `--help`, too.
    from ...engine.journal.history import prune as forget

    with _journal(metadata, read_only=False) as journal:
        gone = forget(journal, keep=keep)
    click.echo(f"Forgot {len(gone)} runs.")


@click.group(cls=SuggestingGroup)
def cache() -> None:
    """Look at the values that are kept between runs, and drop them."""


@cache.command()
@_json_option
@verbose_option
@click.pass_obj
def stats(metadata: "ProjectMetadata", /, as_json: bool) -> None:
    """Say how many values are kept, and how much room they take."""
    found = _store(metadata).stats()
    if as_json:
        _print_json(asdict(found))
    else:
        click.echo(f"{found.values} values, {_size(found.size)}")


@cache.command("prune")
@click.option("--limit", required=True, help="Room that may be taken, such as 500MB; what was not used longest goes.")
@verbose_option
@click.pass_obj
def prune_values(metadata: "ProjectMetadata", /, limit: str) -> None:
    """Drop values until they fit into a limit."""
    found = _store(metadata).prune(_bytes(limit))
    click.echo(f"Dropped {found.values} values, {_size(found.size)}.")


@cache.command()
@verbose_option
@click.pass_obj
def clear(metadata: "ProjectMetadata", /) -> None:
    """Drop all values. Nothing is lost but time: what needs them makes them again."""
    found = _store(metadata).clear()
    click.echo(f"Dropped {found.values} values, {_size(found.size)}.")


def _home(metadata: "ProjectMetadata") -> Path:
    from ..session._memory import home_of

    return home_of(Path(metadata.project_path))


def _store(metadata: "ProjectMetadata") -> Any:
    from ...engine.cache.store import ValueStore

    return ValueStore(_home(metadata) / "values")


@contextmanager
def _journal(metadata: "ProjectMetadata", *, read_only: bool = True) -> "Iterator[Journal]":
    from ...engine.journal.store import FILE_NAME, Journal, JournalError

    path = _home(metadata) / FILE_NAME
    try:
        with Journal(path, read_only=read_only or not path.exists()) as journal:
            yield journal
    except JournalError as error:
        raise KedroCliError(str(error)) from error


@contextmanager
def _history(metadata: "ProjectMetadata") -> "Iterator[History]":
    from ...engine.journal.history import History

    with _journal(metadata) as journal:
        yield History(journal)


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, default=str))


def _run_line(run: "Run") -> str:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(run.started))
    took = f"{run.seconds:.1f} s" if run.seconds is not None else "-"
    parts = [f"{run.done} run"]
    parts += [f"{run.reused} reused"] if run.reused else []
    parts += [f"{run.failed} failed"] if run.failed else []
    resumed = f"  resumes {run.resumes}" if run.resumes else ""
    return f"{run.id}  {run.status:<9}  {when}  {took:>9}  {', '.join(parts)} of {run.tasks}{resumed}"


def _attempt_line(attempt: "Attempt", width: int) -> str:
    took = f"{attempt.seconds:.2f} s" if attempt.seconds is not None else "-"
    peak = f"  {_size(attempt.peak)}" if attempt.peak else ""
    again = f"  attempt {attempt.attempt}" if attempt.attempt > 1 else ""
    why = attempt.error or attempt.reason or ""
    return f"  {attempt.outcome:<9}  {attempt.task:<{width}}  {took:>9}{peak}{again}  {why}".rstrip()


def _event_line(happening: "Happening") -> str:
    when = time.strftime("%H:%M:%S", time.localtime(happening.at))
    data = "  ".join(f"{key}={value}" for key, value in happening.data.items())
    return f"{when}.{int(happening.at % 1 * 1000):03d}  {happening.kind:<12}  {happening.task or ''}  {data}".rstrip()


def _size(size: float) -> str:
    unit = "B"
    for unit, amount in reversed(_UNITS.items()):
        if size >= amount or unit == "B":
            size /= amount
            break
    return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"


def _bytes(text: str) -> int:
    from ...runner._policies import ExecutionPolicyError, parse_bytes

    try:
        return parse_bytes(text, "--limit")
    except ExecutionPolicyError as error:
        raise KedroCliError(str(error)) from error
