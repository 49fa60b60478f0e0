"""The hook manager of a run without hooks."""

from __future__ import annotations

from typing import Any


class _NullPluginManager:
    """Stands in for a hook manager: every attribute is itself, and every call does nothing."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            # Or copy and pickle would take this object for one with protocols of its own.
            raise AttributeError(name)
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return None


NULL_MANAGER = _NullPluginManager()
