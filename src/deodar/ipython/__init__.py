"""The extension for IPython and Jupyter: ``%reload_kedro`` and ``%load_node``.

What the magics call is looked up in this very module: programs replace it here.
"""

import ast
import importlib.util
import inspect
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.getipython import get_ipython
from IPython.core.magic import needs_local_scope, register_line_magic
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from ..framework.cli.utils import ENV_HELP, load_entry_points
from ..framework.project import LOGGING, configure_project, pipelines, settings
from ..framework.session import KedroSession
from ..framework.startup import bootstrap_project
from ..utils import _is_databricks, find_kedro_project
from ._arguments import (
    _normalise_reload_kedro_params,
    _split_reload_kedro_params,
)
from ._node_source import (
    _build_dependency_source_block,
    _build_module_symbol_table,
    _collect_required_symbols,
    _find_node,
    _format_node_inputs_text,
    _get_node_bound_arguments,
    _load_node,
    _NodeBoundArguments,
    _prepare_function_body,
    _prepare_function_call,
    _prepare_imports,
    _prepare_node_inputs,
    _resolve_function_node,
    _resolve_symbol_dependencies,
)

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = [
    "LOGGING",
    "RICH_INSTALLED",
    "_NodeBoundArguments",
    "_build_dependency_source_block",
    "_build_module_symbol_table",
    "_collect_required_symbols",
    "_create_cell_with_text",
    "_find_node",
    "_format_node_inputs_text",
    "_get_node_bound_arguments",
    "_load_node",
    "_normalise_reload_kedro_params",
    "_prepare_function_body",
    "_prepare_function_call",
    "_prepare_imports",
    "_prepare_node_inputs",
    "_print_cells",
    "_resolve_function_node",
    "_resolve_symbol_dependencies",
    "_split_reload_kedro_params",
    "ast",
    "inspect",
    "load_ipython_extension",
    "magic_load_node",
    "magic_reload_kedro",
    "reload_kedro",
]

logger = logging.getLogger(__name__)

RICH_INSTALLED = importlib.util.find_spec("rich") is not None

_TITLE = __name__.partition(".")[0].capitalize()
_WITH_CELLS = ("ipython", "vscode", "jupyter")


def load_ipython_extension(ipython: "InteractiveShell") -> None:
    """Register the magics, and load the project that the current folder is in.

    Args:
        ipython: the running shell.
    """
    project_path = find_kedro_project(Path.cwd())
    if project_path is not None:
        LOGGING.look_in(project_path)
    LOGGING.apply()
    for name, magic in (("reload_kedro", magic_reload_kedro), ("load_node", magic_load_node)):
        ipython.register_magic_function(func=magic, magic_name=name)
        logger.info("Registered line magic '%%%s'", name)
    if project_path is None:
        logger.warning(
            "%s extension was registered but couldn't find a %s project. "
            "Make sure you run '%%reload_kedro <project_root>'.",
            _TITLE,
            _TITLE,
        )
        return
    reload_kedro()


@needs_local_scope
@magic_arguments()
@argument("path", type=str, nargs="?", default=None, help="Folder of the project; by default the one you are in.")
@argument("-e", "--env", type=str, default=None, help=ENV_HELP)
@argument("--params", type=_split_reload_kedro_params, default=None, help="Parameters of the session: a=1,b.c=2.")
@argument("--conf-source", type=str, default=None, help="Folder, archive or URL of the configuration.")
def magic_reload_kedro(line: str, local_ns: dict[str, Any] | None = None, conf_source: str | None = None) -> None:
    """Load the project anew; define ``context``, ``session``, ``catalog`` and ``pipelines``."""
    args = parse_argstring(magic_reload_kedro, _normalise_reload_kedro_params(line))
    reload_kedro(args.path, args.env, args.params, local_ns, args.conf_source or conf_source)


def reload_kedro(
    path: str | None = None,
    env: str | None = None,
    runtime_params: dict[str, Any] | None = None,
    local_namespace: dict[str, Any] | None = None,
    conf_source: str | None = None,
) -> None:
    """Load a project anew, code and settings included, and define its variables in the shell.

    Args:
        path: the project's folder; by default that of the ``context`` in the namespace, or the one around here.
        env: the environment of configuration.
        runtime_params: parameters that replace configured ones.
        local_namespace: where to look for a ``context``.
        conf_source: where the configuration is, if not where the project's settings say.
    """
    project_path = _resolve_project_path(path, local_namespace)
    # Without a project the current folder is told to be none, which says what is missing.
    metadata = bootstrap_project(project_path or Path.cwd())
    _remove_cached_modules(metadata.package_name)
    configure_project(metadata.package_name)

    session_class: Any = settings.SESSION_CLASS
    options: dict[str, Any] = {"project_path": project_path, "env": env, "conf_source": conf_source}
    takes_params = not isinstance(session_class, type) or issubclass(session_class, KedroSession)
    if not takes_params:
        # A session for many runs takes the parameters with each of them.
        session = session_class.create(**options)
        context = session.load_context(runtime_params=runtime_params)
    else:
        session = session_class.create(runtime_params=runtime_params, **options)
        context = session.load_context()
    catalog = context.catalog

    get_ipython().push(variables={"context": context, "catalog": catalog, "session": session, "pipelines": pipelines})
    logger.info("%s project %s", _TITLE, metadata.project_name)
    logger.info("Defined global variable 'context', 'session', 'catalog' and 'pipelines'")
    for line_magic in load_entry_points("line_magic"):
        register_line_magic(needs_local_scope(line_magic))
        logger.info("Registered line magic '%s'", line_magic.__name__)


def _resolve_project_path(path: str | None = None, local_namespace: dict[str, Any] | None = None) -> Path | None:
    """Return the folder asked for, that of the loaded project, or that of the project around the current folder."""
    if path:
        project_path = Path(path).expanduser().resolve()
        logger.info("Updating path to %s project: %s...", _TITLE, project_path)
        return project_path
    context: Any = (local_namespace or {}).get("context")
    found: Path | None = getattr(context, "project_path", None) or find_kedro_project(Path.cwd())
    if found is None:
        return None
    logger.info("Resolved project path as: %s.\nTo set a different path, run '%%reload_kedro <project_root>'", found)
    return found


def _remove_cached_modules(package_name: str) -> None:
    """Forget the package and everything in it, so that it is imported anew."""
    for name in [name for name in sys.modules if name == package_name or name.startswith(f"{package_name}.")]:
        del sys.modules[name]


@magic_arguments()
@argument("node", type=str, nargs="?", default=None, help="Name of the node.")
def magic_load_node(args: str) -> None:
    """Write the node into a cell: its inputs, imports, function and call."""
    cells = _load_node(parse_argstring(magic_load_node, args).node, pipelines)
    if _guess_run_environment() in _WITH_CELLS:
        # These take one new cell at a time.
        _create_cell_with_text("\n\n".join(cells))
    else:
        _print_cells(cells)


def _guess_run_environment() -> str:
    if os.environ.get("VSCODE_PID") or os.environ.get("VSCODE_CWD"):
        return "vscode"
    if _is_databricks():
        return "databricks"
    return "jupyter" if hasattr(get_ipython(), "kernel") else "ipython"


def _create_cell_with_text(text: str) -> None:
    get_ipython().set_next_input(text)


def _print_cells(cells: list[str]) -> None:
    if not RICH_INSTALLED:
        for cell in cells:
            sys.stdout.write(f"\n{cell}\n")
        return
    # Imported here: it is slow to import, and only printing needs it.
    from rich.console import Console
    from rich.syntax import Syntax

    console = Console()
    for cell in cells:
        console.print("")
        console.print(Syntax(cell, "python", theme="monokai", line_numbers=False))
