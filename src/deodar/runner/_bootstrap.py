"""Making a fresh process ready for a project that this wing knows by name only.

A runner imports nothing above it. These two functions serve subclasses in the world that run tasks in pools of their
own, where no session is; they find the framework by its name when they are called.
"""

from __future__ import annotations

import logging.config
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..utils import load_obj

if TYPE_CHECKING:
    from pluggy import PluginManager

FRAMEWORK = __name__.partition(".")[0] + ".framework"


def bootstrap_subprocess(package_name: str | None, logging_config: Mapping[str, Any] | None = None) -> None:
    """Configure the project in this process, unless it was forked from one where it is configured.

    Args:
        package_name: of the project; without one nothing is done.
        logging_config: for ``logging.config.dictConfig``; None leaves logging alone.
    """
    # Imported here: only runs with processes need it.
    import multiprocessing

    if not package_name or multiprocessing.get_start_method() not in ("spawn", "forkserver"):
        return
    load_obj(f"{FRAMEWORK}.project.configure_project")(package_name)
    if logging_config:
        logging.config.dictConfig(dict(logging_config))


def project_hook_manager() -> PluginManager:
    """Return a hook manager with the hooks of this process's project and of installed plugins."""
    hooks = f"{FRAMEWORK}.hooks.manager"
    settings = load_obj(f"{FRAMEWORK}.project.settings")
    manager: PluginManager = load_obj(f"{hooks}._create_hook_manager")()
    load_obj(f"{hooks}._register_hooks")(manager, settings.HOOKS)
    load_obj(f"{hooks}._register_hooks_entry_points")(manager, settings.DISABLE_HOOKS_FOR_PLUGINS)
    return manager
