"""The one manager of command-line hooks in a process, with the plugins of the group ``cli_hooks``."""

import logging

import pluggy

from ... import _telemetry
from ..._installed import has_plugins
from .._entry_points import entry_points, group_names, is_for_this_name
from .markers import CLI_HOOK_NAMESPACE
from .specs import CLICommandSpecs

logger = logging.getLogger(__name__)

# Owned by get_cli_hook_manager.
_cli_hook_manager: pluggy.PluginManager | None = None

_CLI_PLUGIN_HOOKS = group_names("cli_hooks")[0]


def get_cli_hook_manager() -> pluggy.PluginManager:
    """Return the manager, and load its plugins the first time."""
    global _cli_hook_manager
    if _cli_hook_manager is None:
        _cli_hook_manager = CLIHooksManager()
    return _cli_hook_manager


class CLIHooksManager(pluggy.PluginManager):
    """A plugin manager that knows the command-line hooks and registers the installed plugins."""

    def __init__(self) -> None:
        super().__init__(CLI_HOOK_NAMESPACE)
        self.add_hookspecs(CLICommandSpecs)
        self._register_cli_hooks_setuptools()

    def _register_cli_hooks_setuptools(self) -> None:
        disabled = [ep for ep in entry_points("cli_hooks") if not is_for_this_name(ep)]
        for entry_point in disabled:
            self.set_blocked(entry_point.name)
        own, *others = group_names("cli_hooks")
        if any(_telemetry.is_unwanted(group) for group in (own, *others)):
            self.set_blocked(_telemetry.ENTRY_POINT)
        for group in (own, *filter(has_plugins, others)):
            self.load_setuptools_entrypoints(group)
        found = {f"{dist.project_name}-{dist.version}" for _, dist in self.list_plugin_distinfo()}
        if found:
            logger.debug("Registered CLI hooks from %d installed plugin(s): %s", len(found), ", ".join(sorted(found)))
