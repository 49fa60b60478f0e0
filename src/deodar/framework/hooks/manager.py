"""Hook managers: which hooks are registered, and in which order they are called."""

import logging
import re
import sys
from collections.abc import Iterable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ...utils import get_close_matches
from .. import _telemetry
from .._installed import has_plugins
from ._idle import IdleHookManager

if TYPE_CHECKING:
    from pluggy import PluginManager

_PLUGIN_HOOKS = "kedro.hooks"
_GROUPS = (_PLUGIN_HOOKS, "deodar.hooks")

_TOP = __name__.partition(".")[0]
_NEEDS_KEDRO = r"(?i)kedro(?![\w.-])"

logger = logging.getLogger(__name__)


def __getattr__(name: str) -> Any:
    # Shared with the runners, and found on demand: hooks alone do not need them.
    if name == "_NullPluginManager":
        from ...runner.runner import _NullPluginManager

        return _NullPluginManager
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _create_hook_manager() -> "PluginManager":
    """Return a manager that knows every hook and has no implementation yet."""
    if "pluggy" in sys.modules or logger.isEnabledFor(logging.DEBUG):
        return _pluggy_manager()
    # Nobody has marked a hook so far, and maybe nobody will: pluggy is a twentieth of what a plain run takes.
    return IdleHookManager(_pluggy_manager)  # type: ignore[return-value]  # it stands for one


def _pluggy_manager() -> "PluginManager":
    # Imported here: see above.
    from pluggy import PluginManager

    from .markers import HOOK_NAMESPACE
    from .specs import DataCatalogSpecs, DatasetSpecs, KedroContextSpecs, NodeSpecs, PipelineSpecs

    manager = PluginManager(HOOK_NAMESPACE)
    if logger.isEnabledFor(logging.DEBUG):
        manager.trace.root.setwriter(_write_trace)
    # A tracer without a writer does nothing, so it costs nothing to leave it on.
    manager.enable_tracing()
    for specs in (NodeSpecs, PipelineSpecs, DataCatalogSpecs, DatasetSpecs, KedroContextSpecs):
        manager.add_hookspecs(specs)
    return manager


def _write_trace(message: str) -> None:
    logger.debug("%s", message)


def _register_hooks(hook_manager: "PluginManager", hooks: Iterable[Any]) -> None:
    """Register a project's hooks, each once, the last to be called first.

    Raises:
        TypeError: one of them is a class, or a single hook was given.
    """
    if not isinstance(hooks, Iterable):
        raise TypeError(
            f"The setting HOOKS must be a list or tuple of hooks, got {hooks!r}. A tuple of one is (hook,)."
        )
    for hook in hooks:
        if hook_manager.is_registered(hook):
            continue
        if isinstance(hook, type):
            raise TypeError(
                f"{_TOP.capitalize()}Session expects hooks to be registered as instances. "
                f"Have you forgotten the `()` when registering a hook class?\nReceived the class {hook!r}."
            )
        try:
            hook_manager.register(hook)
        except Exception as error:
            # Imported here: only a refused hook needs it.
            from ..._notes import add_note

            if note := _what_the_hook_gives(hook_manager, hook, str(error)):
                add_note(error, note)
            raise


def _what_the_hook_gives(hook_manager: "PluginManager", hook: Any, message: str) -> str | None:
    """Return what to say about a refused implementation: whose it is, and the arguments there are."""
    named = re.search(r"for hook '(\w+)'", message)
    spec = named and getattr(getattr(hook_manager.hook, named[1], None), "spec", None)
    if not (named and spec):
        return None
    owner = hook.__name__ if isinstance(hook, ModuleType) else f"{type(hook).__module__}.{type(hook).__qualname__}"
    asked = re.search(r"Argument\(s\) \{(.*?)\}", message)
    close = get_close_matches(re.findall(r"'(\w+)'", asked[1] if asked else ""), spec.argnames)
    hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
    return f"It is that of {owner}.{hint} '{named[1]}' gives {', '.join(spec.argnames)}."


def _register_hooks_entry_points(hook_manager: "PluginManager", disabled_plugins: Iterable[str]) -> None:
    """Register the hooks of installed plugins.

    Args:
        hook_manager: the manager to register with.
        disabled_plugins: distributions whose hooks are not wanted.
    """
    # Where the standard scan is loaded already it costs little, and pluggy may be asked without a look beforehand.
    is_cheap = "importlib.metadata" in sys.modules
    groups = [group for group in _GROUPS if has_plugins(group) or (is_cheap and group == _PLUGIN_HOOKS)]
    if not groups and _is_idle(hook_manager):
        # Asking for its plugins would wake it, to say that there is none.
        return
    if groups and _TOP != "kedro":
        _block_foreign(hook_manager)
    if _telemetry.is_unwanted(_PLUGIN_HOOKS):
        hook_manager.set_blocked(_telemetry.ENTRY_POINT)
    for group in groups:
        hook_manager.load_setuptools_entrypoints(group)
    disabled = set(disabled_plugins)
    plugins = hook_manager.list_plugin_distinfo()
    dropped = [(plugin, dist) for plugin, dist in plugins if dist.project_name in disabled]
    for plugin, _ in dropped:
        hook_manager.unregister(plugin=plugin)
    if names := sorted({_described(dist) for _, dist in dropped}):
        logger.debug("Hooks are disabled for plugin(s): %s", ", ".join(names))
    if used := sorted({_described(dist) for plugin, dist in plugins if dist.project_name not in disabled}):
        logger.debug("Registered hooks from %d installed plugin(s): %s", len(used), ", ".join(used))


def _is_idle(hook_manager: Any) -> bool:
    # By its type: isinstance would wake it.
    return type(hook_manager) is IdleHookManager and hook_manager.is_idle


def _block_foreign(hook_manager: "PluginManager") -> None:
    """Keep out plugins that need the distribution ``kedro``: under our own name that is another framework."""
    # Imported here: it is slow to import, and only environments with plugins come here.
    from importlib.metadata import entry_points

    for entry_point in entry_points(group=_PLUGIN_HOOKS):
        requirements = (entry_point.dist and entry_point.dist.requires) or ()
        if any(re.match(_NEEDS_KEDRO, requirement) for requirement in requirements):
            logger.debug("Hooks of '%s' need the name kedro; run with the drop-in to have them.", entry_point.name)
            hook_manager.set_blocked(entry_point.name)


def _described(distribution: Any) -> str:
    return f"{distribution.project_name}-{distribution.version}"
