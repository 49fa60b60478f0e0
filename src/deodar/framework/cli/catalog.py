"""``catalog``: which datasets the pipelines use, what they are made from, and which patterns there are."""

from typing import TYPE_CHECKING, Any

import click

from ._groups import SuggestingGroup
from .utils import KedroCliError, env_option, split_string, verbose_option

if TYPE_CHECKING:
    from ..startup import ProjectMetadata

_TOP = __name__.partition(".")[0]


@click.group(name=_TOP, cls=SuggestingGroup)
def catalog_cli() -> None:
    pass


@catalog_cli.group(cls=SuggestingGroup)
def catalog() -> None:
    """Look at the project's datasets."""


_pipeline_option = click.option(
    "--pipeline",
    "-p",
    type=str,
    default="",
    callback=split_string,
    help="Pipelines to look at, separated by commas. Without it all of them.",
)


@catalog.command("describe-datasets")
@env_option
@_pipeline_option
@verbose_option
@click.pass_obj
def describe_datasets(metadata: "ProjectMetadata", pipeline: list[str], env: str | None) -> None:
    """Show the datasets of each pipeline by type."""
    _check_names(pipeline)
    _print(_catalog(env).describe_datasets(pipeline or None))


@catalog.command("list-patterns")
@env_option
@verbose_option
@click.pass_obj
def list_patterns(metadata: "ProjectMetadata", env: str | None) -> None:
    """List the dataset patterns, the one that is tried first at the top."""
    _print(_catalog(env).list_patterns())


@catalog.command("resolve-patterns")
@env_option
@_pipeline_option
@verbose_option
@click.pass_obj
def resolve_patterns(metadata: "ProjectMetadata", pipeline: list[str], env: str | None) -> None:
    """Show the configuration of every dataset, with patterns filled in."""
    _check_names(pipeline)
    _print(_catalog(env).resolve_patterns(pipeline or None))


def _catalog(env: str | None) -> Any:
    # Imported here: `--help` needs no session.
    from ..context import CatalogCommandsMixin, compose_classes
    from ._session import load_context

    catalog = load_context(env).catalog
    if not isinstance(catalog, CatalogCommandsMixin):
        # A catalog class of the project's own; the commands ask it the same questions.
        catalog.__class__ = compose_classes(type(catalog), CatalogCommandsMixin)
    return catalog


def _check_names(names: list[str]) -> None:
    """Refuse a pipeline that is not registered; the answer would be an empty one."""
    if not names:
        return
    from ..project import pipelines
    from .registry import unknown_pipeline

    for name in names:
        if name not in pipelines:
            raise KedroCliError(unknown_pipeline(name, pipelines))


def _print(content: Any) -> None:
    # Imported here: YAML costs 20 ms, and `--help` writes none.
    import yaml

    # Not the safe one: a dataset made in code may hold any object.
    click.echo(yaml.dump(content))
