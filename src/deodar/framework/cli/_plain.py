"""A plain ``run``: read and carried out without click, which costs as much as everything else in a short run.

Plain is what most people type, in a project with the built-in commands alone. Whatever is not, an unknown option, a
plugin, a mistake, is left to click from the beginning, and so is how a command ends that did not end well.
"""

import gc
import importlib
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from ...utils import find_kedro_project
from ._entry_points import entry_points
from ._messages import plain_warning
from ._values import _split_params, split_node_names, split_string

NAME = "run"
_ADD_COMMANDS = ("init", "global", "project", "cli_hooks")
"""Groups of plugins that change what a command line means."""
_VARIABLES = ("DEODAR_STORE", "DEODAR_RUN_ID")
"""Variables of the environment that stand for options."""

_TEXTS = {"--env": "env", "-e": "env", "--runner": "runner", "-r": "runner", "--pipeline": "pipeline", "-p": "pipeline"}
_FLAGS = {
    "--async": "is_async",
    "--dry-run": "dry_run",
    "--incremental": "incremental",
    "--only-missing-outputs": "only_missing_outputs",
}
_LISTS: dict[str, tuple[str, Callable[[Any, Any, str], Any]]] = {
    "--from-inputs": ("from_inputs", split_string),
    "--from-nodes": ("from_nodes", split_node_names),
    "--namespaces": ("namespaces", split_node_names),
    "-ns": ("namespaces", split_node_names),
    "--nodes": ("node_names", split_node_names),
    "-n": ("node_names", split_node_names),
    "--params": ("params", _split_params),
    "--pipelines": ("pipelines", split_string),
    "--runner-params": ("runner_params", _split_params),
    "--tags": ("tags", split_string),
    "-t": ("tags", split_string),
    "--to-nodes": ("to_nodes", split_node_names),
    "--to-outputs": ("to_outputs", split_string),
}
# What the options that only click reads are if they are not given.
_LEFT_OUT: dict[str, Callable[[], Any]] = {
    **dict.fromkeys(("config", "conf_source", "on_error", "resume", "run_id", "spill", "store"), lambda: None),
    "force": list,
    "load_versions": dict,
}


def read(arguments: Sequence[str]) -> dict[str, Any] | None:
    """Return the options of ``run``, as click would read them, or None where click has to."""
    options: dict[str, Any] = {name: make() for name, make in _LEFT_OUT.items()}
    options |= dict.fromkeys(_TEXTS.values()) | dict.fromkeys(_FLAGS.values(), False)
    lists: dict[str, list[str]] = {}
    rest = iter(arguments)
    for argument in rest:
        if argument in _FLAGS:
            options[_FLAGS[argument]] = True
            continue
        option, equals, value = argument.partition("=") if argument.startswith("--") else (argument, "", "")
        if not equals:
            value = next(rest, "")
        # Nothing, or what looks like an option, is as a value hardly what was meant.
        if not value or value.startswith("-"):
            return None
        if option in _TEXTS:
            options[_TEXTS[option]] = value
        elif option in _LISTS:
            lists.setdefault(_LISTS[option][0], []).append(value)
        else:
            return None
    for name, split in _LISTS.values():
        try:
            options[name] = split(None, None, ",".join(lists.get(name, ())))
        except Exception:
            # click comes to the same end, and says it with the name of the option.
            return None
    return options


def main() -> None:
    """Run the command line with the arguments of the process, and exit."""
    # As for the import of the command line itself. The session of a run has it on again.
    gc.disable()
    try:
        _main()
    finally:
        gc.enable()


def _main() -> None:
    options = read(sys.argv[2:]) if sys.argv[1:2] == [NAME] else None
    if options is None or not _has_built_in_commands_alone():
        commands = importlib.import_module(f"{__package__}.cli")
        gc.enable()
        commands.main()
        return
    # Imported here: it comes with the session, which not every command line gets to.
    from ..session._command import started_by
    from ._run import run_project

    try:
        with started_by(NAME, options):
            run_project(**options)
    except (Exception, KeyboardInterrupt) as error:
        _end(error)


def _has_built_in_commands_alone() -> bool:
    """Tell whether ``run`` means the built-in one, and get the process ready for the project that it is about."""
    if any(name in os.environ for name in _VARIABLES) or any(map(entry_points, _ADD_COMMANDS)):
        return False
    project_path = find_kedro_project(Path.cwd())
    if project_path is None:
        return False
    warnings.formatwarning = plain_warning
    # Imported here: outside a project nothing of the framework is needed.
    from ..startup import bootstrap_project

    try:
        package = bootstrap_project(project_path).package_name
        return not _has_commands(package) and f"{__package__}.hooks.manager" not in sys.modules
    except Exception as error:
        _report(error)


def _has_commands(package: str) -> bool:
    """Tell whether a project has a ``cli.py``, be it a broken one."""
    module = f"{package}.cli"
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        return error.name not in (None, module, package)
    except ImportError:
        return True
    return True


def _report(error: Exception) -> NoReturn:
    # Imported here: only an error has to be put into words.
    from ._errors import report

    sys.exit(report(error))


def _end(error: BaseException) -> NoReturn:
    """Let click make of an exception what it makes of one that a command of its own has raised."""
    # Imported here: it is click's turn now.

    from ._errors import ReportingCommand

    def fail() -> NoReturn:
        raise error

    try:
        ReportingCommand(NAME, callback=fail).main(args=[], prog_name=f"{__name__.partition('.')[0]} {NAME}")
    except Exception as raised:
        _report(raised)
    raise error
