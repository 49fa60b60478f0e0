"""What a run of the project would do: for ``run --dry-run``, ``explain`` and ``accept``."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from ..._records import dataclass
from ...utils import get_close_matches
from ._errors import KedroCliError

if TYPE_CHECKING:
    from ...pipeline.pipeline import Pipeline
    from ...runner._inherited import Inherited
    from ...runner._memory import MemoryOptions
    from ...runner._memory.forecast import Forecast

_TOP = __name__.partition(".")[0]
_MARKS = {"run": "green", "may": "yellow", "reuse": None}


@dataclass(frozen=True, slots=True)
class Prospect:
    """A part of the project, ready to be looked at.

    Attributes:
        project: what a run of it would inherit.
    """

    pipeline: "Pipeline"
    catalog: Any
    options: "MemoryOptions"
    project: "Inherited"


def prospect(
    env: str | None,
    conf_source: str | None,
    params: Mapping[str, Any],
    selection: Mapping[str, Any],
    asked: Mapping[str, Any],
) -> Prospect:
    """Build the pipeline and the catalog that a run would have, and run nothing.

    Raises:
        KedroCliError: if the project is set to remember nothing.
    """
    # Imported here: the settings and pipelines exist once the project is configured.
    from ...runner._inherited import Inherited
    from .. import project
    from ..project import pipelines, settings
    from ..session import KedroSession
    from ..session._memory import memory_options
    from ..session._run import DEFAULT_PIPELINE, Request, filtered, registered

    names = list(selection.get("pipeline_names") or ())
    fields: dict[str, Any] = {key: selection.get(key) for key in Request.__dataclass_fields__}
    fields |= {"pipeline_names": names, "only_missing_outputs": False}
    request = Request(**fields)
    pipelines.set_requested(names or None)
    chosen: Any = settings.SESSION_CLASS
    session_class = chosen if isinstance(chosen, type) and issubclass(chosen, KedroSession) else KedroSession
    session = session_class.create(env=env, conf_source=conf_source, runtime_params=dict(params), save_on_close=False)
    context = session.load_context()
    pipeline = filtered(registered(names, pipelines, get_close_matches), request)
    with _quiet(logging.getLogger(f"{_TOP}.validation")):
        catalog = context._get_catalog(save_version=session.session_id, load_versions=request.load_versions)
    options = memory_options({"mode": "record", **asked}, session._project_path, {}, context.env)
    if options is None:
        raise KedroCliError("This project is set to remember nothing (setting RUN_MEMORY, or DEODAR_JOURNAL).")
    inherited = Inherited(
        package_name=project.PACKAGE_NAME,
        project_path=session._project_path,
        env=context.env,
        pipeline_names=tuple(names or (DEFAULT_PIPELINE,)),
        hooks=session._hook_manager,
    )
    return Prospect(pipeline, catalog, options, inherited)


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Let a logger say what is wrong, and not what a run would say of itself: this is none."""
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def look_ahead(found: Prospect) -> "Forecast":
    """Say what a run would do.

    Raises:
        KedroCliError: if what it should build on is not there.
    """
    from ...runner._memory import RunMemoryError
    from ...runner._memory.forecast import forecast

    try:
        return forecast(found.pipeline, found.catalog, found.options, found.project)
    except RunMemoryError as error:
        raise KedroCliError(str(error)) from error


def dry_run(found: Prospect) -> None:
    """Print what a run would do, and leave with 1 if it could not succeed."""
    ahead = look_ahead(found)
    rows = []
    for verdict in ahead.verdicts:
        word = "may" if verdict.may_stop else "run" if verdict.runs else "reuse"
        rows.append((word, ahead.name(verdict.task), verdict.reason))
    width = max((len(name) for _, name, _ in rows), default=0)
    for word, name, reason in rows:
        click.echo(f"{click.style(f'{word:<6}', fg=_MARKS[word])} {name:<{width}}  {reason}")
    if rows:
        click.echo(_sum(ahead))
    for name, target in ahead.overwrites.items():
        click.echo(f"overwrites {name} at '{target}'")
    tell_problems(ahead.problems)


def _sum(ahead: "Forecast") -> str:
    verdicts = ahead.verdicts
    runs = sum(verdict.runs for verdict in verdicts)
    may = sum(verdict.may_stop for verdict in verdicts)
    text = f"{runs} of {len(verdicts)} nodes would run"
    if may:
        text += f", {may} of them only if what they read comes out different"
    if runs and ahead.unknown < runs:
        text += f". Expected: {ahead.seconds:.1f} s of work, {ahead.longest:.1f} s at the least"
        text += f" ({ahead.unknown} nodes never ran before)" if ahead.unknown else ""
    return f"{text}."


def tell_problems(problems: Iterable[str]) -> None:
    """Print why a run could not succeed, and leave with 1 if there is a reason."""
    found = list(problems)
    for problem in found:
        click.secho(f"problem    {problem}", fg="red", err=True)
    if found:
        raise SystemExit(1)


def unknown_node(name: str, known: Iterable[str]) -> KedroCliError:
    """Return the error for a node that there is none of."""
    names = sorted(known)
    close = get_close_matches(name, names)
    hint = f" Did you mean {' or '.join(close)}?" if close else f" There are: {', '.join(names)}."
    return KedroCliError(f"No node named {name!r} in this pipeline.{hint}")
