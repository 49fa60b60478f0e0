"""Making a fresh process ready for a project that another process has configured."""

import os
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from . import project


def preparation(source_dirs: Sequence[str]) -> partial[None]:
    """Return a callable that makes a fresh process what this one is: project, import path and logging.

    Args:
        source_dirs: folders to import the project from.
    """
    logging_config = project.LOGGING.in_force
    return partial(prepare, project.PACKAGE_NAME, tuple(source_dirs), logging_config)


def prepare(package_name: str | None, source_dirs: Sequence[str], logging_config: Mapping[str, Any] | None) -> None:
    """Configure a project in this process, unless it is configured already (as in a forked one).

    Args:
        package_name: the project's package.
        source_dirs: folders to import it from.
        logging_config: the configuration of logging to apply; None leaves logging alone.
    """
    if package_name is None or package_name == project.PACKAGE_NAME:
        return
    for folder in source_dirs:
        if folder not in sys.path:
            sys.path.insert(0, folder)
    project.configure_project(package_name, preserve_logging=True)
    if logging_config is not None:
        project.LOGGING.adopt(logging_config)


def project_hooks() -> list[Any]:
    """Return the hooks of the project that this process is configured for."""
    return list(project.settings.HOOKS)


def source_dirs(project_path: Path) -> list[str]:
    """Return the folders of the import path that lie in a project."""
    root = os.path.normcase(project_path)
    inside = os.path.join(root, "")  # noqa: PTH118  # a path of its own for each entry and its parents took 1 ms
    paths = ((entry, os.path.normcase(os.path.normpath(entry))) for entry in sys.path if entry)
    return [entry for entry, path in paths if path == root or path.startswith(inside)]
