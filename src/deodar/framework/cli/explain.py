"""``explain`` and ``accept``: why a node would run, and that it need not."""

from typing import TYPE_CHECKING, Any

import click

from ._errors import KedroCliError
from ._planning import Prospect, look_ahead, prospect, tell_problems, unknown_node
from .utils import _split_params, env_option, split_string, verbose_option

if TYPE_CHECKING:
    from ...engine.model import TaskId
    from ...runner._memory.forecast import Forecast
    from ..startup import ProjectMetadata

_PIPELINES = "Registered pipelines to look at, separated by commas. Without it `__default__`."
_PARAMS = "Parameters, as for `run`."


@click.command()
@click.argument("node")
@click.option("--pipelines", type=str, default="", help=_PIPELINES, callback=split_string)
@click.option("--params", type=click.UNPROCESSED, default="", help=_PARAMS, callback=_split_params)
@env_option
@verbose_option
@click.pass_obj
def explain(
    metadata: "ProjectMetadata", /, node: str, pipelines: list[str], params: dict[str, Any], env: str | None
) -> None:
    """Say why a node would run or be reused, down to what changed first.

    Leaves with 1 if the run could not succeed. Reads no data.
    """
    found = _prospect(env, pipelines, params)
    ahead = look_ahead(found)
    task = ahead.number(node)
    if task is None:
        tell_problems(ahead.problems)
        raise unknown_node(node, [known.name for known in found.pipeline.nodes])
    for line in _lines(ahead, task):
        click.echo(line)
    tell_problems(ahead.problems)


@click.command()
@click.argument("nodes", nargs=-1, required=True)
@click.option("--pipelines", type=str, default="", help=_PIPELINES, callback=split_string)
@click.option("--params", type=click.UNPROCESSED, default="", help=_PARAMS, callback=_split_params)
@env_option
@verbose_option
@click.pass_obj
def accept(
    metadata: "ProjectMetadata",
    /,
    nodes: tuple[str, ...],
    pipelines: list[str],
    params: dict[str, Any],
    env: str | None,
) -> None:
    """Take what nodes have written as right, whatever has changed since: incremental runs will reuse it."""
    found = _prospect(env, pipelines, params)
    ahead = look_ahead(found)
    tasks = []
    for name in nodes:
        task = ahead.number(name)
        if task is None:
            tell_problems(ahead.problems)
            raise unknown_node(name, [known.name for known in found.pipeline.nodes])
        tasks.append(task)
    # Imported here: only this command writes records by hand.
    from ...runner._memory import RunMemoryError
    from ...runner._memory.accept import accept_tasks

    assert ahead.decision is not None
    try:
        accept_tasks(found.options, ahead.decision, tasks)
    except RunMemoryError as error:
        raise KedroCliError(str(error)) from error
    click.echo(f"Accepted: {', '.join(nodes)}.")


def _prospect(env: str | None, pipelines: list[str], params: dict[str, Any]) -> Prospect:
    asked = {"mode": "incremental", "wants_results": False}
    return prospect(env, None, params, {"pipeline_names": pipelines}, asked)


def _lines(ahead: "Forecast", task: "TaskId") -> list[str]:
    # Imported here: a command that is only listed plans nothing.
    from ...engine.plan_gate import describe

    decision = ahead.decision
    assert decision is not None
    first, *behind = describe(decision.plan, task)
    lines = [first, *(f"  {line}" for line in behind)]
    record, now = decision.records.get(ahead.name(task)), decision.fingerprints[task]
    changes = ahead.changes.get(task, [])
    if len(changes) > 1:
        lines += ["changed:", *(f"  {change}" for change in changes)]
    lines += [f"not tracked: {note}" for note in now.notes]
    seconds = decision.seen.graph.tasks[task].cost
    if record is not None:
        lines.append(f"last ran to its end in run {record.run}, takes about {seconds:.1f} s")
    return lines
