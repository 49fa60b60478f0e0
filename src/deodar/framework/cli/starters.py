"""``new`` and ``starter``: making a project, and what it can begin from."""

import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from ._entry_points import is_for_this_name
from ._groups import CONTEXT_SETTINGS, SuggestingGroup
from ._tools import NUMBER_TO_TOOLS_NAME, TOOLS_SHORTNAME_TO_NUMBER
from .utils import _get_entry_points, _safe_load_entry_point, command_with_verbosity

__all__ = ["KEDRO_PATH", "NUMBER_TO_TOOLS_NAME", "TEMPLATE_PATH", "TOOLS_SHORTNAME_TO_NUMBER", "KedroStarterSpec"]

_TOP = __name__.partition(".")[0]

KEDRO_PATH = Path(__file__).resolve().parents[2]
TEMPLATE_PATH = KEDRO_PATH / "templates" / "project"
STARTERS_PATH = KEDRO_PATH / "starters"

_STARTERS_REPO = "git+https://github.com/kedro-org/kedro-starters.git"
_OFFICIAL_ALIASES = (
    "astro-airflow-iris",
    "databricks-iris",
    "spaceflights-pandas",
    "spaceflights-pyspark",
    "support-agent-langgraph",
)

CHECKOUT_ARG_HELP = "Tag, branch or commit of the starter's repository."
DIRECTORY_ARG_HELP = "Folder of the starter inside its repository."
CONFIG_ARG_HELP = "YAML file with the answers to the prompts, so that nothing is asked."
NAME_ARG_HELP = "Name of the project."
STARTER_ARG_HELP = (
    "Starter to begin from: an alias of `starter list`, a folder, a zip file, or the URL of a repository."
)
TOOLS_ARG_HELP = (
    "Tools to include, separated by commas: lint (ruff), test (pytest), log (a logging configuration), "
    "docs (Sphinx), data (a folder structure for data), pyspark; or all; or none."
)
EXAMPLE_ARG_HELP = "Whether to include an example pipeline: y or n."
TELEMETRY_ARG_HELP = (
    "Whether the plugin kedro-telemetry, if it is installed, may send data: written to the file .telemetry. "
    "The framework itself sends nothing."
)


@dataclass(order=True)
class KedroStarterSpec:
    """A starter that a plugin offers.

    Args:
        alias: its name for ``new --starter``.
        template_path: a folder or the URL of a repository.
        directory: the starter's folder inside the repository.
    """

    alias: str
    template_path: str
    directory: str | None = None
    # The plugin that offers it; set when it is found.
    origin: str = field(init=False, default="", compare=False)


def _official_starters() -> dict[str, KedroStarterSpec]:
    specs = {alias: KedroStarterSpec(alias, _STARTERS_REPO, alias) for alias in _OFFICIAL_ALIASES}
    for spec in specs.values():
        spec.origin = "kedro"
    return specs


def _built_in_starters() -> dict[str, KedroStarterSpec]:
    specs = {}
    for folder in sorted(STARTERS_PATH.iterdir()):
        if (folder / "cookiecutter.json").is_file():
            specs[folder.name] = KedroStarterSpec(folder.name, str(folder))
            specs[folder.name].origin = "deodar"
    return specs


def _get_starters_dict() -> dict[str, KedroStarterSpec]:
    """Return all starters by alias: the official ones, those in the package, and those of plugins."""
    starters = {**_official_starters(), **_built_in_starters()}
    for entry_point in filter(is_for_this_name, _get_entry_points("starters")):
        origin = entry_point.module.partition(".")[0]
        for spec in _safe_load_entry_point(entry_point) or []:
            if not isinstance(spec, KedroStarterSpec):
                click.secho(
                    f"The starter configuration loaded from module {origin} should be a 'KedroStarterSpec', "
                    f"got '{type(spec).__name__}' instead",
                    fg="red",
                    err=True,
                )
            elif spec.alias in starters:
                click.secho(
                    f"Starter alias `{spec.alias}` from `{origin}` has been ignored as it is already defined by "
                    f"`{starters[spec.alias].origin}`",
                    fg="red",
                    err=True,
                )
            else:
                spec.origin = origin
                starters[spec.alias] = spec
    return starters


def foreign_origins() -> list[str]:
    """Return the plugins whose starters are there only where the package is loaded as ``kedro``."""
    found = (entry_point for entry_point in _get_entry_points("starters") if not is_for_this_name(entry_point))
    return sorted({entry_point.module.partition(".")[0] for entry_point in found})


def _starter_spec_to_dict(starter_specs: Iterable[KedroStarterSpec]) -> dict[str, dict[str, str]]:
    """Return starters as the mapping that listings print, sorted by alias."""
    result: dict[str, dict[str, str]] = {}
    for spec in sorted(starter_specs):
        result[spec.alias] = {"template_path": spec.template_path}
        if spec.directory:
            result[spec.alias]["directory"] = spec.directory
    return result


@click.group(context_settings=CONTEXT_SETTINGS, name=_TOP, cls=SuggestingGroup)
def create_cli() -> None:
    pass


@command_with_verbosity(create_cli)
@click.option("--config", "-c", "config_path", type=click.Path(exists=True), help=CONFIG_ARG_HELP)
@click.option("--starter", "-s", "starter_alias", help=STARTER_ARG_HELP)
@click.option("--checkout", help=CHECKOUT_ARG_HELP)
@click.option("--directory", help=DIRECTORY_ARG_HELP)
@click.option("--name", "-n", "project_name", help=NAME_ARG_HELP)
@click.option("--tools", "-t", "selected_tools", help=TOOLS_ARG_HELP)
@click.option("--example", "-e", "example_pipeline", help=EXAMPLE_ARG_HELP)
@click.option(
    "--telemetry",
    "-tc",
    "telemetry_consent",
    type=click.Choice(["yes", "no", "y", "n"], case_sensitive=False),
    help=TELEMETRY_ARG_HELP,
)
def new(**options: Any) -> None:
    """Create a project."""
    # Imported here: a listing of starters needs none of it.
    from ._new import NewOptions, create_project

    options.pop("verbose", None)
    create_project(NewOptions(**options), _get_starters_dict())


@create_cli.group(cls=SuggestingGroup)
def starter() -> None:
    """List the starters that a project can begin from."""


@starter.command("list")
def list_starters() -> None:
    """List all starters by their origin."""
    # Imported here: `new` reads YAML only when it asks.
    import yaml

    by_origin: dict[str, list[KedroStarterSpec]] = {}
    for spec in _get_starters_dict().values():
        by_origin.setdefault(spec.origin, []).append(spec)
    for origin, specs in by_origin.items():
        click.secho(f"\nStarters from {origin}\n", fg="yellow")
        click.echo(yaml.safe_dump(_starter_spec_to_dict(specs), sort_keys=False))


def has_cookiecutter() -> bool:
    """Tell whether starters that need Jinja's logic can be rendered."""
    return importlib.util.find_spec("cookiecutter") is not None
