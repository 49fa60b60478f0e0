"""Hooks: places in a run where a project or plugin has its say."""

from typing import TYPE_CHECKING

from ..._front_door import front_door

if TYPE_CHECKING:
    from .manager import _create_hook_manager
    from .markers import hook_impl

__all__ = ["_create_hook_manager", "hook_impl"]

__getattr__, __dir__ = front_door(__name__, {"_create_hook_manager": "manager", "hook_impl": "markers"})
