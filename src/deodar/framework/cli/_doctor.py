"""``doctor``: what is active in this folder, what is off and why, and what is wrong.

It reads; it changes nothing, imports no plugin, and works where the project itself cannot be loaded.
"""

import os
import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from ... import _version
from ..._records import dataclass
from ...utils import find_kedro_project
from .. import _telemetry
from ._entry_points import ENTRY_POINT_GROUPS, entry_points, is_for_this_name
from ._groups import CONTEXT_SETTINGS

_TOP = __name__.partition(".")[0]
_OPTIONAL = {
    "pandas": "tables as pandas frames",
    "pyarrow": "Parquet files",
    "polars": "tables as polars frames",
    "cookiecutter": "starters from elsewhere",
    "build": "`package`",
    "IPython": "`ipython` and notebooks",
    "jupyterlab": "`jupyter lab`",
    "distributed": "running on Dask",
    "ray": "running on Ray",
    "starlette": "the page of runs (`ui`)",
    "kedro_datasets": "more dataset formats",
}
_ENVIRONMENT = (
    "DEODAR_DROPIN", "DEODAR_ENV", "KEDRO_ENV", "KEDRO_LOGGING_CONFIG", "KEDRO_MP_CONTEXT", "DEODAR_MP_CONTEXT",
    "KEDRO_DATASET_VALIDATION", "KEDRO_LOGGING_MODULE_ALLOWLIST", "PYTHONPATH",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plugin:
    """An installed package with entry points of ours: its module, where it comes from, and short group names."""

    module: str
    entry_point: Any
    groups: tuple[str, ...]

    @property
    def distribution(self) -> str:
        """The name of the distribution."""
        dist = self.entry_point.dist
        return self.module if dist is None else str(dist.metadata["Name"])

    @property
    def version(self) -> str:
        """The version of the distribution."""
        dist = self.entry_point.dist
        return "unknown" if dist is None else str(dist.version)

    @property
    def works_here(self) -> bool:
        """Whether it can work under the running name."""
        return is_for_this_name(self.entry_point)


def installed_plugins() -> list[Plugin]:
    """Return the installed plugins by module, without importing them."""
    found: dict[str, tuple[Any, set[str]]] = {}
    for short in ENTRY_POINT_GROUPS:
        for entry_point in entry_points(short):
            module = entry_point.module.partition(".")[0]
            found.setdefault(module, (entry_point, set()))[1].add(short)
    return [Plugin(module, found[module][0], tuple(sorted(found[module][1]))) for module in sorted(found)]


@click.command(context_settings=CONTEXT_SETTINGS)
def doctor() -> None:
    """Say what is active here, what is off, and what is wrong."""
    healthy = True
    for title, section in _SECTIONS:
        click.secho(title, bold=True)
        try:
            for line in section():
                click.echo(f"  {line}")
        except Exception as error:  # each section answers for itself: the next may tell why this one failed
            healthy = False
            click.secho(f"  ✗ {type(error).__name__}: {error}", fg="red")
    if not healthy:
        raise click.exceptions.Exit(1)


def _package() -> Iterator[str]:
    yield f"runs as      {_TOP}" + (
        "" if _TOP == "deodar" else f" (drop-in, contract of Kedro {_version.KEDRO_CONTRACT_VERSION})"
    )
    yield f"deodar       {_version.__version__} at {Path(_version.__file__).parent}"
    yield f"Python       {platform.python_version()} at {sys.executable}"
    yield f"cores        {os.cpu_count()}"


def _project() -> Iterator[str]:
    root = find_kedro_project(Path.cwd())
    if root is None:
        yield f"none here: no pyproject.toml with [tool.{_TOP}] in this folder or above"
        return
    yield f"root         {root}"
    # Imported here: outside a project nothing of the framework is needed.
    from ..startup import bootstrap_project

    metadata = bootstrap_project(root)
    yield f"name         {metadata.project_name} (package {metadata.package_name})"
    yield f"source       {metadata.source_dir}"
    yield f"made with    {metadata.kedro_init_version}"


def _settings() -> Iterator[str]:
    root = find_kedro_project(Path.cwd())
    if root is None:
        yield "none: no project"
        return
    from ..project import settings, validate_settings

    validate_settings()
    for name in ("SESSION_CLASS", "CONTEXT_CLASS", "CONFIG_LOADER_CLASS", "DATA_CATALOG_CLASS", "SESSION_STORE_CLASS"):
        value = getattr(settings, name)
        yield f"{name:<20} {value.__module__}.{value.__qualname__}"
    for name in ("CONF_SOURCE", "CONFIG_LOADER_ARGS", "DATASET_VALIDATION"):
        yield f"{name:<20} {getattr(settings, name)!r}"
    hooks = [f"{type(hook).__module__}.{type(hook).__qualname__}" for hook in settings.HOOKS]
    yield f"{'HOOKS':<20} {', '.join(hooks) or 'none'}"
    yield from _environments(root / str(settings.CONF_SOURCE))


def _environments(source: Path) -> Iterator[str]:
    if source.is_dir():
        names = sorted(path.name for path in source.iterdir() if path.is_dir() and not path.name.startswith("."))
        yield f"{'environments':<20} {', '.join(names) or 'none'}"
    else:
        yield f"{'environments':<20} ✗ the folder {source} does not exist"


def _plugins() -> Iterator[str]:
    disabled = _disabled_distributions()
    plugins = installed_plugins()
    for plugin in plugins:
        if not plugin.works_here:
            state = "off: written for kedro; on in a [tool.kedro] project, or with DEODAR_DROPIN=1"
        elif plugin.distribution == _telemetry.ENTRY_POINT and not _telemetry.has_consent():
            state = "off: the file .telemetry does not say 'consent: true'"
        elif plugin.distribution in disabled:
            state = "hooks off by DISABLE_HOOKS_FOR_PLUGINS"
        else:
            state = "on"
        yield f"{plugin.distribution} {plugin.version}  {', '.join(plugin.groups)}  {state}"
    if not plugins:
        yield "none installed"


def _disabled_distributions() -> list[str]:
    if find_kedro_project(Path.cwd()) is None:
        return []
    from ..project import settings

    return list(settings.DISABLE_HOOKS_FOR_PLUGINS)


def _optional() -> Iterator[str]:
    import importlib.util

    for module, purpose in _OPTIONAL.items():
        present = importlib.util.find_spec(module) is not None
        yield f"{module:<15} {'on ' if present else 'off'}  {purpose}"


def _variables() -> Iterator[str]:
    chosen = [name for name in _ENVIRONMENT if name in os.environ]
    for name in chosen:
        yield f"{name}={os.environ[name]}"
    if not chosen:
        yield "none set"


_SECTIONS: tuple[tuple[str, Callable[[], Iterator[str]]], ...] = (
    ("Package", _package),
    ("Project", _project),
    ("Settings", _settings),
    ("Plugins", _plugins),
    ("Optional packages", _optional),
    ("Environment variables", _variables),
)
