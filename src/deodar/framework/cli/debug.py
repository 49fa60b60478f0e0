"""``debug``: the debugger where a node failed, with the inputs that it had."""

import sys
from typing import TYPE_CHECKING, Any

import click

from ._errors import KedroCliError
from ._planning import Prospect, prospect, unknown_node
from .utils import _split_params, env_option, split_string, verbose_option

if TYPE_CHECKING:
    from ...engine.journal.history import Attempt
    from ...pipeline.node import Node
    from ..startup import ProjectMetadata


@click.command()
@click.argument("node")
@click.option(
    "--run", "run_id", default=None, help="The run to look at. By default the last one that this node failed in."
)
@click.option(
    "--pipelines", type=str, default="", help="Where the node is. Without it `__default__`.", callback=split_string
)
@click.option("--params", type=click.UNPROCESSED, default="", help="Parameters, as for `run`.", callback=_split_params)
@env_option
@verbose_option
@click.pass_obj
def debug(
    metadata: "ProjectMetadata",
    /,
    node: str,
    run_id: str | None,
    pipelines: list[str],
    params: dict[str, Any],
    env: str | None,
) -> None:
    """Call a node again in this process, with the inputs of its last failure, and open pdb where it fails.

    Inputs that were in memory come from what the failed run kept; where it kept nothing, they are made again.
    A node that did not fail is called with the inputs of its last run.
    """
    found = prospect(env, None, params, {"pipeline_names": pipelines}, {"wants_results": False})
    chosen = next((known for known in found.pipeline.nodes if known.name == node), None)
    if chosen is None:
        raise unknown_node(node, [known.name for known in found.pipeline.nodes])
    run, attempt = _last(found, node, run_id)
    if attempt is not None:
        click.echo(f"{node} {attempt.outcome} in run {run}" + (f": {attempt.error}" if attempt.error else "."))
    # Imported here: only this command makes inputs again.
    from ...runner._memory.inputs import load_inputs

    inputs = load_inputs(found.pipeline, found.catalog, chosen, attempt, found.options, found.project, click.echo)
    _call(chosen, inputs)


def _last(found: Prospect, node: str, run_id: str | None) -> "tuple[str, Attempt | None]":
    # Imported here: the command tree is read for `--help`, too.
    from ...engine.journal.history import History
    from ...engine.journal.store import JournalError
    from ...runner._memory.forecast import open_for_looking

    try:
        with open_for_looking(found.options) as journal:
            history = History(journal)
            run = history.run(run_id).id if run_id else None
            last = history.last_failure(node, run) or history.last_attempt(node, run)
    except JournalError as error:
        raise KedroCliError(str(error)) from error
    return last if last is not None else ("", None)


def _call(node: "Node", inputs: dict[str, Any]) -> None:
    import pdb

    try:
        outputs = node.run(inputs)
        for name, data in outputs.items():
            click.echo(f"{name}: {type(data).__name__}")
    except Exception as error:
        click.secho(f"{type(error).__name__}: {error}", fg="red", err=True)
        trace = error.__traceback__
        if sys.stdin.isatty() or not sys.stdin.closed:
            # Commands may be piped in, as pdb reads its standard input.
            pdb.post_mortem(trace)
        raise SystemExit(1) from error
    click.echo(f"{node.name} did not fail with these inputs.")
