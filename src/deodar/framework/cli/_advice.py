"""What to try when a run was refused: the names that exist and are spelled like the one given."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ... import _environment
from ..._notes import add_note
from ..._records import dataclass
from ...utils import get_close_matches
from ._errors import KedroCliError

_EMPTY = "Pipeline contains no nodes"


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What the command line asked for: environment, source of configuration, part of the pipeline."""

    env: str | None
    conf_source: str | None
    selection: dict[str, Any]


def advise(error: Exception, request: RunRequest) -> None:
    """Add a hint to what a run has raised, when one of the given names does not exist.

    Raises:
        KedroCliError: the environment has no folder, or the source of configuration holds none.
    """
    if type(error).__name__ == "MissingConfigException":
        message = _useless_source(request) or _missing_environment(request)
        if message:
            raise KedroCliError(message) from error
    if "Did you mean" not in str(error) and (hint := _missing_name(error, request)):
        add_note(error, hint)


def _useless_source(request: RunRequest) -> str | None:
    source = Path(request.conf_source or "")
    if not source.is_file():
        return None
    # Imported here: they are needed when something is wrong.
    import tarfile
    import zipfile

    if tarfile.is_tarfile(source) or zipfile.is_zipfile(source):
        return None
    return f"'{source}' is no configuration: name a folder, or an archive (.tar.gz, .zip) of one."


def _missing_environment(request: RunRequest) -> str | None:
    # Imported here: the project is configured by the time a run can fail.
    from ..project import settings

    env = request.env or _environment.read("ENV")
    if env:
        advice = ""
    else:
        env = settings.CONFIG_LOADER_ARGS.get("default_run_env")
        advice = " A run that names none uses it: make the folder, or name another one with --env."
    if not env or "://" in (request.conf_source or ""):
        return None
    source = Path(request.conf_source or settings.CONF_SOURCE)
    if not source.is_absolute():
        from ...utils import find_kedro_project

        source = (find_kedro_project(Path.cwd()) or Path.cwd()) / source
    if not source.is_dir() or (source / env).is_dir():
        return None
    known = sorted(folder.name for folder in source.iterdir() if folder.is_dir() and not folder.name.startswith("."))
    return f"No environment named {env!r} in '{source}'.{_suggest([env], known, 'Environments')}{advice}"


def _missing_name(error: Exception, request: RunRequest) -> str | None:
    """Return advice when an error comes from a name that no node, tag or dataset has."""
    from ..project import pipelines

    if not isinstance(error, ValueError | KeyError):
        return None
    names = request.selection["pipeline_names"] or ["__default__"]
    try:
        chosen = [pipelines[name] for name in names]
    except Exception:
        return None
    nodes = [node for pipeline in chosen for node in pipeline.nodes]
    selection = request.selection
    checks: list[tuple[str, Iterable[str], set[str]]] = [
        ("tag", selection["tags"], {tag for node in nodes for tag in node.tags}),
        (
            "node",
            [*selection["node_names"], *selection["from_nodes"], *selection["to_nodes"]],
            {node.name for node in nodes},
        ),
        (
            "dataset",
            [*selection["from_inputs"], *selection["to_outputs"]],
            {name for pipeline in chosen for name in pipeline.datasets()},
        ),
        ("namespace", selection["namespaces"], _namespaces(nodes)),
    ]
    for kind, asked, known in checks:
        if unknown := [name for name in asked if name not in known]:
            listed = ", ".join(repr(name) for name in unknown)
            return (
                f"No {kind} named {listed} in {', '.join(names)}.{_suggest(unknown, sorted(known), f'{kind.title()}s')}"
            )
    if _EMPTY in str(error) and not nodes:
        return "The project has no nodes yet. Add a pipeline with `pipeline create`."
    return None


def _namespaces(nodes: Iterable[Any]) -> set[str]:
    known: set[str] = set()
    for node in nodes:
        parts = (node.namespace or "").split(".")
        known |= {".".join(parts[: length + 1]) for length in range(len(parts)) if parts[0]}
    return known


def _suggest(unknown: list[str], known: list[str], title: str) -> str:
    close = get_close_matches(unknown, known)
    if close:
        return f" Did you mean {' or '.join(close)}?"
    listed = ", ".join(known[:20]) + (", …" if len(known) > 20 else "")
    return f" {title}: {listed}." if known else f" There are no {title.lower()}."
