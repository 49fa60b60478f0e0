"""Taking the hooks of a run into another process."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ._hooks import NULL_MANAGER, is_null

if TYPE_CHECKING:
    from pluggy import PluginManager

logger = logging.getLogger(__name__)


class HookLuggage:
    """The plugins of a hook manager, packed so that an equal manager can be made elsewhere.

    Plugins travel as copies with their state, as in a forked child. One that cannot be pickled is made anew from the
    project's settings; one that is not in the settings stays behind, and a warning says so.

    Args:
        manager: of the run.
        project_hooks: returns the project's hook objects in a prepared worker.
    """

    def __init__(self, manager: PluginManager, project_hooks: Callable[[], Sequence[Any]] | None) -> None:
        self._project_hooks = project_hooks
        self._is_null = is_null(manager) or not hasattr(manager, "list_name_plugin")
        self._project_name = "" if self._is_null else manager.project_name
        self._specs = [] if self._is_null else _spec_namespaces(manager)
        self._packed: list[tuple[str, bytes | None, str]] = []
        if not self._is_null:
            self._pack(manager)

    def _pack(self, manager: PluginManager) -> None:
        # Imported here: a run without hooks needs no cloudpickle at this point.
        import cloudpickle

        for name, plugin in manager.list_name_plugin():
            if plugin is None:
                continue
            kind = f"{type(plugin).__module__}.{type(plugin).__qualname__}"
            try:
                data = cloudpickle.dumps(plugin)
            except Exception as error:
                data = None
                if self._project_hooks is None:
                    logger.warning("Hooks %s cannot go to worker processes and will not run there: %s", kind, error)
            self._packed.append((name, data, kind))

    def unpack(self) -> PluginManager:
        """Return a hook manager with the plugins, in the order in which they were registered."""
        if self._is_null:
            return NULL_MANAGER  # type: ignore[return-value]  # it answers every call
        # Imported here: the worker may not need it, and this module is imported by every runner.
        import pickle

        import pluggy

        manager = pluggy.PluginManager(self._project_name)
        for namespace in self._specs:
            manager.add_hookspecs(namespace)
        fresh = {}
        if self._project_hooks is not None and any(data is None for _, data, _ in self._packed):
            fresh = {f"{type(p).__module__}.{type(p).__qualname__}": p for p in self._project_hooks()}
        for name, data, kind in self._packed:
            plugin = pickle.loads(data) if data is not None else fresh.get(kind)
            if plugin is None:
                logger.warning("Hooks %s cannot be made in worker processes and do not run there.", kind)
                continue
            # A name made of digits is pluggy's own, from the identity of an object in the other process.
            manager.register(plugin, None if name.isdigit() else name)
        return manager


def _spec_namespaces(manager: PluginManager) -> list[Any]:
    """Return the classes or modules that declare the manager's hooks, each once."""
    callers = [caller for caller in vars(manager.hook).values() if getattr(caller, "spec", None) is not None]
    return list({id(caller.spec.namespace): caller.spec.namespace for caller in callers}.values())
