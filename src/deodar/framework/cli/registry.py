"""``registry``: which pipelines are registered, and which nodes they have."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from ...utils import get_close_matches
from ._groups import SuggestingGroup
from .utils import KedroCliError, command_with_verbosity, verbose_option

if TYPE_CHECKING:
    from ..startup import ProjectMetadata

_TOP = __name__.partition(".")[0]


@click.group(name=_TOP, cls=SuggestingGroup)
def registry_cli() -> None:
    pass


@registry_cli.group(cls=SuggestingGroup)
def registry() -> None:
    """Look at the project's registered pipelines."""


@registry.command("list")
@verbose_option
def list_registered_pipelines() -> None:
    """List the registered pipelines."""
    # Imported here, as below: the registry exists once the project is configured, and `--help` writes no YAML.
    import yaml

    from ..project import pipelines

    click.echo(yaml.dump(sorted(pipelines)))


@command_with_verbosity(registry, "describe")
@click.argument("name", nargs=1, default="__default__")
@click.pass_obj
def describe_registered_pipeline(metadata: "ProjectMetadata", /, name: str, **kwargs: Any) -> None:
    """Show the nodes of a registered pipeline, by default of __default__."""
    import yaml

    from ..project import pipelines

    pipeline = pipelines.get(name)
    if pipeline is None:
        raise KedroCliError(unknown_pipeline(name, pipelines))
    nodes = [f"{node.name} ({node._func_name})" for node in pipeline.nodes]
    click.echo(yaml.dump({"Nodes": nodes}))


def unknown_pipeline(name: str, known: Iterable[str]) -> str:
    """Return what to say about a pipeline that is not registered."""
    names = sorted(known)
    close = get_close_matches(name, names)
    suggestion = f" Did you mean {' or '.join(repr(match) for match in close)}?" if close else ""
    return f"'{name}' pipeline not found. Existing pipelines: [{', '.join(names)}]{suggestion}"
