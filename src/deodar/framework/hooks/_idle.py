"""A hook manager that nobody has given hooks to yet, and that does without pluggy until somebody does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pluggy import PluginManager


class IdleHookManager:
    """Stands for a manager of pluggy without hooks, which it makes and passes everything on to when it is needed.

    To call a hook that no one implements does not need it. Neither does asking who implements one.

    Args:
        make: makes the manager.
    """

    def __init__(self, make: Callable[[], PluginManager]) -> None:
        self._make = make
        self._made: PluginManager | None = None

    @property
    def hook(self) -> Any:
        """The hooks, to be called."""
        return _IdleHooks(self) if self._made is None else self._made.hook

    @property
    def is_idle(self) -> bool:
        """Whether nobody has asked for anything but calls of hooks."""
        return self._made is None

    def awake(self) -> PluginManager:
        """Return the manager itself."""
        if self._made is None:
            self._made = self._make()
        return self._made

    @property  # type: ignore[misc]  # as `unittest.mock` does
    def __class__(self) -> type:
        # To isinstance it is what it stands for.
        return type(self.awake())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "_make" not in vars(self):
            # Or copy and pickle would take this object for one with protocols of its own.
            raise AttributeError(name)
        return getattr(self.awake(), name)


class _IdleHooks:
    """The hooks of an idle manager. One that is kept goes on working when hooks are registered later."""

    __slots__ = ("_manager",)

    def __init__(self, manager: IdleHookManager) -> None:
        self._manager = manager

    def __getattr__(self, name: str) -> Any:
        if self._manager.is_idle and name in HOOKS:
            return _IdleCaller(self._manager, name)
        return getattr(self._manager.awake().hook, name)


class _IdleCaller:
    __slots__ = ("_manager", "_name")

    def __init__(self, manager: IdleHookManager, name: str) -> None:
        self._manager, self._name = manager, name

    def __call__(self, **arguments: Any) -> Any:
        return [] if self._manager.is_idle else getattr(self._manager.hook, self._name)(**arguments)

    def get_hookimpls(self) -> list[Any]:
        """Return the implementations."""
        return [] if self._manager.is_idle else list(getattr(self._manager.hook, self._name).get_hookimpls())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(getattr(self._manager.awake().hook, self._name), name)


HOOKS = frozenset(
    {
        "after_catalog_created",
        "after_context_created",
        "after_dataset_loaded",
        "after_dataset_saved",
        "after_node_run",
        "after_pipeline_run",
        "before_dataset_loaded",
        "before_dataset_saved",
        "before_node_run",
        "before_pipeline_run",
        "on_node_error",
        "on_pipeline_error",
    }
)
"""The hooks that ``specs`` describes, which needs pluggy. No other name is known to be a hook."""
