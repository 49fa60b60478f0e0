"""What commands are built with: errors, option parsers, decorators, and the look-up of plugins.

Plugins and the ``cli.py`` of a project import these names.
"""

import importlib
import logging
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import click

from ._config_file import _config_file_callback, _validate_config_file
from ._entry_points import ENTRY_POINT_GROUPS, entry_points, is_for_this_name
from ._errors import KedroCliError
from ._groups import (
    CONTEXT_SETTINGS,
    CUTOFF,
    MAX_SUGGESTIONS,
    CommandCollection,
    LazyGroup,
    _suggest_cli_command,
)
from ._values import _split_load_versions, _split_params, split_node_names, split_string, validate_conf_source

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = [
    "CONTEXT_SETTINGS",
    "CUTOFF",
    "ENTRY_POINT_GROUPS",
    "ENV_HELP",
    "MAX_SUGGESTIONS",
    "CommandCollection",
    "KedroCliError",
    "LazyGroup",
    "_config_file_callback",
    "_split_load_versions",
    "_split_params",
    "_suggest_cli_command",
    "_validate_config_file",
    "call",
    "command_with_verbosity",
    "env_option",
    "find_run_command",
    "forward_command",
    "load_entry_points",
    "python_call",
    "split_node_names",
    "split_string",
    "validate_conf_source",
]

logger = logging.getLogger(__name__)

_Decorator = Callable[[Callable[..., Any]], Any]

ENV_HELP = "Configuration environment to use. Defaults to `local`."


def call(cmd: list[str], **kwargs: Any) -> None:
    """Show a command line and run it.

    Args:
        cmd: the program and its arguments; no shell is involved.
        kwargs: passed to ``subprocess.run``.

    Raises:
        click.exceptions.Exit: the program ended with another code than 0.
    """
    # Imported here: few commands start programs.
    import shlex
    import subprocess

    click.echo(shlex.join(str(part) for part in cmd))
    code = subprocess.run(cmd, check=False, **kwargs).returncode
    if code:
        raise click.exceptions.Exit(code=code)


def python_call(module: str, arguments: Iterable[str], **kwargs: Any) -> None:
    """Run a module in a new interpreter, as ``python -m module arguments…``."""
    call([sys.executable, "-m", module, *arguments], **kwargs)


def _update_verbose_flag(ctx: click.Context, param: Any, value: bool) -> bool:
    # The flag holds for the process, so a later call in the same process must be able to take it back.
    KedroCliError.VERBOSE_ERROR = bool(value)
    return bool(value)


def _click_verbose(func: Any, *, expose_value: bool = True) -> Any:
    """Add ``-v``, which makes errors show their traceback."""
    return click.option(
        "--verbose",
        "-v",
        is_flag=True,
        expose_value=expose_value,
        callback=_update_verbose_flag,
        help="Show the full traceback of an error.",
    )(func)


def command_with_verbosity(group: click.Group, *args: Any, **kwargs: Any) -> _Decorator:
    """Add a command with a ``--verbose`` flag to a group, as ``group.command`` would.

    The flag is passed to the function as ``verbose``.
    """

    def decorate(func: Callable[..., Any]) -> Any:
        return group.command(*args, **kwargs)(_click_verbose(func))

    return decorate


def verbose_option(func: Any) -> Any:
    """Add ``-v`` without passing it to the function."""
    return _click_verbose(func, expose_value=False)


def forward_command(group: Any, name: str | None = None, forward_help: bool = False) -> _Decorator:
    """Add a command that passes what it does not know on to another program.

    Args:
        group: the group that receives the command.
        name: its name; by default that of the function.
        forward_help: whether ``--help`` belongs to the other program too.
    """

    settings = {"ignore_unknown_options": True, "help_option_names": [] if forward_help else ["-h", "--help"]}

    def decorate(func: Callable[..., Any]) -> Any:
        func = click.argument("args", nargs=-1, type=click.UNPROCESSED)(func)
        return command_with_verbosity(group, name=name, context_settings=settings)(func)

    return decorate


@overload
def env_option(func_: Callable[..., Any], **kwargs: Any) -> Any: ...
@overload
def env_option(func_: None = None, **kwargs: Any) -> _Decorator: ...
def env_option(func_: Any | None = None, **kwargs: Any) -> Any:
    """Add the option ``--env``; usable as a decorator with or without a call.

    Args:
        func_: the decorated function.
        kwargs: what differs from the usual option.
    """
    settings: dict[str, Any] = {"type": str, "default": None, "help": ENV_HELP, **kwargs}
    option = click.option("--env", "-e", **settings)
    return option(func_) if func_ is not None else option


def _get_entry_points(name: str) -> "list[EntryPoint]":
    """Return the entry points of a group, by its short name."""
    return entry_points(name)


def _safe_load_entry_point(entry_point: Any) -> Any:
    """Load a plugin; a failure is logged and gives None, so that one bad plugin does not stop the others."""
    try:
        return entry_point.load()
    except Exception as error:
        logger.warning(
            "Failed to load %s commands from %s. Full exception: %s",
            getattr(entry_point, "module", entry_point),
            entry_point,
            error,
        )
        return None


def load_entry_points(name: str) -> Sequence[Any]:
    """Load the plugins of a group.

    Args:
        name: short name of the group, a key of ``ENTRY_POINT_GROUPS``.
    """
    found = (ep for ep in _get_entry_points(name) if is_for_this_name(ep))
    return [loaded for loaded in map(_safe_load_entry_point, found) if loaded]


def find_run_command(package_name: str) -> Callable[..., Any]:
    """Return the ``run`` command of a project: its own, a plugin's, or the built-in one.

    Args:
        package_name: the project's package; its module ``cli`` may define a group ``cli`` with a ``run``.

    Raises:
        KedroCliError: the module ``cli`` exists but has no ``cli``.
    """
    module = f"{package_name}.cli"
    try:
        project_cli = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if module not in str(error):
            raise
    else:
        if not hasattr(project_cli, "cli"):
            raise KedroCliError(f"Cannot load commands from {module}: it has no group named `cli`.")
        # A cli.py may hold other commands only.
        run = getattr(project_cli, "run", None)
        if run is not None:
            return run  # type: ignore[no-any-return]
    return _find_run_command_in_plugins(load_entry_points("project")) or _built_in_run()


def _find_run_command_in_plugins(plugins: Iterable[Any]) -> Any:
    return next((group.commands["run"] for group in plugins if "run" in getattr(group, "commands", {})), None)


def _built_in_run() -> click.Command:
    # Imported here: `project` is built with this module.
    from .project import run

    return run


def choose_environment(env: str | None) -> None:
    """Let programs that are started from here use a configuration environment; None leaves them theirs."""
    if env:
        # In the spelling of the running name, which wins over the other one.
        os.environ[f"{__name__.partition('.')[0].upper()}_ENV"] = env


def _clean_pycache(path: Path) -> None:
    """Remove the ``__pycache__`` folders below a path."""
    import shutil

    for folder in path.rglob("__pycache__"):
        shutil.rmtree(folder, ignore_errors=True)


def _check_module_importable(module_name: str) -> None:
    try:
        importlib.import_module(module_name)
    except ImportError as error:
        raise KedroCliError(
            f"Module '{module_name}' not found. Make sure to install required project dependencies "
            "by running the `pip install -r requirements.txt` command first."
        ) from error
