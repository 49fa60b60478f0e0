"""The command tree: built-in commands, those of plugins, and those of the project, in one collection."""

import importlib
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import click

from ... import __version__, _version
from ...utils import find_kedro_project, is_kedro_project
from . import ORANGE
from ._errors import KedroCliError, report
from ._groups import CONTEXT_SETTINGS, CommandCollection, LazyGroup, _suggest_cli_command
from ._messages import plain_warning
from .utils import _get_entry_points, load_entry_points

if TYPE_CHECKING:
    import pluggy

    from ..startup import ProjectMetadata

_TOP = __name__.partition(".")[0]
_TITLE = _TOP.capitalize()

LOGO = rf"""
      /\
     /  \       {_TITLE}
    /_/\_\      v{__version__}
   /_/||\_\
      ||
"""

# Commands that must answer even where the project cannot be loaded.
_DIAGNOSTICS = ("doctor", "info")


@click.group(
    context_settings=CONTEXT_SETTINGS,
    name=_TOP,
    cls=LazyGroup,
    lazy_subcommands={"doctor": f"{__package__}._doctor.doctor"},
    lazy_helps={"doctor": "Say what is active here, what is off, and what is wrong."},
)
@click.version_option(__version__, "--version", "-V", prog_name=_TOP, help="Show version and exit")
def cli() -> None:
    """Create data-pipeline projects, and run them.

    A command of a plugin takes precedence over a built-in command of the same name.
    """


cli.help = f"{_TITLE}: {cli.help[0].lower()}{cli.help[1:]}" if cli.help else None


@cli.command()
def info() -> None:
    """Show the version and the installed plugins."""
    click.secho(LOGO, fg=ORANGE if _TOP == "deodar" else "green")
    if _TOP != "deodar":
        click.echo(f"This is Deodar {_version.__version__}, which speaks Kedro's API.")
    click.echo(f"{_TITLE} builds data pipelines from nodes, a catalog of datasets, and configuration.")
    click.echo(f"`{_TOP} new` makes a project, `{_TOP} run` runs it,")
    click.echo(f"`{_TOP} doctor` says what is active in the current folder.\n")
    # Imported here: a listing of plugins is no business of other commands.
    from ._doctor import installed_plugins

    plugins = installed_plugins()
    if not plugins:
        click.echo("No plugins installed")
        return
    click.echo("Installed plugins:")
    for plugin in plugins:
        click.echo(f"{plugin.module}: {plugin.version} (entry points:{','.join(plugin.groups)})")


@click.group(
    context_settings=CONTEXT_SETTINGS,
    name=_TOP,
    cls=LazyGroup,
    lazy_subcommands={"new": f"{__package__}.starters.new", "starter": f"{__package__}.starters.starter"},
    lazy_helps={"new": "Create a project.", "starter": "List the starters that a project can begin from."},
)
def global_commands() -> None:
    pass


@click.group(
    context_settings=CONTEXT_SETTINGS,
    name=_TOP,
    cls=LazyGroup,
    lazy_subcommands={
        "accept": f"{__package__}.explain.accept",
        "cache": f"{__package__}.runs.cache",
        "catalog": f"{__package__}.catalog.catalog",
        "debug": f"{__package__}.debug.debug",
        "explain": f"{__package__}.explain.explain",
        "ipython": f"{__package__}.project.ipython",
        "jupyter": f"{__package__}.jupyter.jupyter",
        "package": f"{__package__}.project.package",
        "pipeline": f"{__package__}.pipeline.pipeline",
        "registry": f"{__package__}.registry.registry",
        "run": f"{__package__}.project.run",
        "runs": f"{__package__}.runs.runs",
        "server": f"{__package__}.server.server_cli",
        "ui": f"{__package__}.ui.ui",
    },
    lazy_helps={
        "accept": "Take what nodes have written as right, whatever has changed.",
        "cache": "Look at the values that are kept between runs, and drop them.",
        "catalog": "Look at the project's datasets.",
        "debug": "Call a node again in this process, with the inputs of its last failure.",
        "explain": "Say why a node would run or be reused.",
        "ipython": "Open IPython with the project's variables loaded.",
        "jupyter": "Open the project in Jupyter.",
        "package": "Package the project as a wheel, and its configuration as an archive.",
        "pipeline": "Create and delete pipelines.",
        "registry": "Look at the project's registered pipelines.",
        "run": "Run the project's pipelines, or a part of them.",
        "runs": "Look at earlier runs, and at those under way.",
        "server": "Serve the project over HTTP.",
        "ui": "Show the project's runs in the browser, while they happen.",
    },
)
def project_commands() -> None:
    pass


def bootstrap_project(path: Path) -> "ProjectMetadata":
    """Configure the process for a project."""
    # Imported here: outside a project nothing of the framework is needed.
    from ..startup import bootstrap_project as bootstrap

    return bootstrap(path)


def get_cli_hook_manager() -> "pluggy.PluginManager | None":
    """Return the manager of command-line hooks, if somebody made it or a plugin would be in it."""
    # A manager for nobody would cost the import of pluggy at every command.
    if f"{__package__}.hooks.manager" not in sys.modules and not _get_entry_points("cli_hooks"):
        return None
    from .hooks.manager import get_cli_hook_manager as get

    return get()


def _init_plugins() -> None:
    """Call every plugin of the group ``init``."""
    for init_hook in load_entry_points("init"):
        init_hook()


class _LazyGroups(Sequence[click.Group]):
    """Groups in order, loaded part by part while somebody walks over them; equal to the list of them."""

    def __init__(self, *parts: Callable[[], Sequence[click.Group]]) -> None:
        self._parts = parts
        self._loaded: list[Sequence[click.Group]] = []

    def __iter__(self) -> Iterator[click.Group]:
        for position, part in enumerate(self._parts):
            if position == len(self._loaded):
                self._loaded.append(part())
            yield from self._loaded[position]

    @overload
    def __getitem__(self, index: int) -> click.Group: ...
    @overload
    def __getitem__(self, index: slice) -> list[click.Group]: ...
    def __getitem__(self, index: int | slice) -> click.Group | list[click.Group]:
        return list(self)[index]

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __eq__(self, other: object) -> bool:
        return list(self) == (list(other) if isinstance(other, _LazyGroups) else other)

    __hash__ = None  # type: ignore[assignment]  # as a list


class KedroCLI(CommandCollection):
    """All commands that are available in a folder.

    Args:
        project_path: a folder; when it holds a project, that project is configured and its commands are included.
    """

    def __init__(self, project_path: Path) -> None:
        self._metadata: ProjectMetadata | None = None
        self._project_cli_error: ImportError | None = None
        if is_kedro_project(project_path):
            self._metadata = bootstrap_project(project_path)
        families = [("Global commands", self.global_groups)]
        if self._metadata is not None:
            families.append(("Project specific commands", self.project_groups))
        super().__init__(*families)

    @property
    def global_groups(self) -> Sequence[click.Group]:
        """Groups that are there in every folder, in order of precedence."""
        return _LazyGroups(lambda: [cli], lambda: load_entry_points("global"), lambda: [global_commands])

    @property
    def project_groups(self) -> Sequence[click.Group]:
        """Groups that the project adds, in order of precedence; none outside a project."""
        if self._metadata is None:
            return []
        own = self._project_cli()
        return _LazyGroups(
            self._refuse_broken_project_cli,
            lambda: own,
            lambda: load_entry_points("project"),
            lambda: [project_commands],
        )

    def _project_cli(self) -> list[click.Group]:
        """Return the group of the project's own ``cli.py``, if there is one."""
        if self._metadata is None:
            return []
        module = f"{self._metadata.package_name}.cli"
        try:
            project_cli = importlib.import_module(module)
        except ModuleNotFoundError as error:
            if error.name in (None, module, self._metadata.package_name):
                return []
            self._project_cli_error = error
            return []
        except ImportError as error:
            self._project_cli_error = error
            return []
        group = getattr(project_cli, "cli", None)
        if group is None:
            raise KedroCliError(f"Cannot load commands from {module}: it has no group named `cli`.")
        return [group]

    def _refuse_broken_project_cli(self) -> list[click.Group]:
        """Raise when the project's own commands could not be imported.

        Going on without them would silently run the built-in command in place of the project's.
        """
        if self._project_cli_error is not None and self._metadata is not None:
            module = f"{self._metadata.package_name}.cli"
            raise KedroCliError(
                f"Cannot load commands from {module}: {self._project_cli_error}"
            ) from self._project_cli_error
        return []

    def advice_for_unknown(self, name: str) -> str:
        if self._metadata is not None:
            return super().advice_for_unknown(name)
        known = [*self.list_commands(None), *project_commands.lazy_subcommands]
        return (
            # One that is spelled right lacks a project only.
            f"{'' if name in known else _suggest_cli_command(name, known)}"
            f"\n\n{_TITLE} project not found in this directory. Commands such as run or jupyter work inside a project."
            f"\nHint: {_TITLE} is looking for a file called 'pyproject.toml' with a table [tool.{_TOP}], "
            "here and in the folders above. Is it there?"
        )

    def main(
        self,
        args: Any = None,
        prog_name: Any = None,
        complete_var: Any = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command, with the command-line hooks around it."""
        if self._metadata is not None:
            extra.setdefault("obj", self._metadata)
        arguments = sys.argv[1:] if args is None else list(args)
        hooks = get_cli_hook_manager()
        if hooks is not None:
            hooks.hook.before_command_run(project_metadata=self._metadata, command_args=arguments)
        exit_code = 1
        try:
            result = super().main(
                args=args,
                prog_name=prog_name,
                complete_var=complete_var,
                standalone_mode=standalone_mode,
                **extra,
            )
            exit_code = 0
        except SystemExit as ending:
            exit_code = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
            raise
        finally:
            if hooks is not None:
                hooks.hook.after_command_run(
                    project_metadata=self._metadata, command_args=arguments, exit_code=exit_code
                )
        return result


class _WithoutProject(KedroCLI):
    """The commands of a folder whose project cannot be loaded."""

    def __init__(self) -> None:
        super().__init__(Path(__file__).parent)


def main() -> None:
    """Run the command line with the arguments of the process, and exit."""
    warnings.formatwarning = plain_warning
    try:
        _init_plugins()
        project_path = find_kedro_project(Path.cwd()) or Path.cwd()
        try:
            collection = KedroCLI(project_path)
        except Exception:
            if sys.argv[1:2] and sys.argv[1] in _DIAGNOSTICS:
                collection = _WithoutProject()
            else:
                raise
        collection()
    except Exception as error:  # the last border: everything is put into words here
        sys.exit(report(error))
