"""Making a fresh process ready for a project that this wing knows by name only.

A runner imports nothing above it. What is here serves subclasses in the world that run tasks in pools of their own,
where no session is; it finds the framework by its name when it is called.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..utils import load_obj

_PROJECT = __name__.partition(".")[0] + ".framework.project"
_HOOKS = __name__.partition(".")[0] + ".framework.hooks.manager"
_HOMES = {
    "settings": _PROJECT,
    "PACKAGE_NAME": _PROJECT,
    "LOGGING": _PROJECT,
    "_create_hook_manager": _HOOKS,
    "_register_hooks": _HOOKS,
    "_register_hooks_entry_points": _HOOKS,
}


def of_framework(name: str) -> Any:
    """Return what the framework has under a name now.

    Raises:
        LookupError: it is not one of the few names that tasks need.
    """
    return load_obj(f"{_HOMES[name]}.{name}")


def bootstrap_subprocess(package_name: str, logging_config: Mapping[str, Any] | None = None) -> None:
    """Configure the project in this process.

    Args:
        package_name: of the project.
        logging_config: what ``logging.config.dictConfig`` takes; None leaves logging alone.
    """
    load_obj(f"{_PROJECT}.configure_project")(package_name)
    if logging_config:
        load_obj(f"{_PROJECT}.configure_logging")(logging_config)
