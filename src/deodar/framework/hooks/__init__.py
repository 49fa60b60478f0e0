"""Hooks: places in a run where a project or plugin has its say."""

from .manager import _create_hook_manager
from .markers import hook_impl

__all__ = ["_create_hook_manager", "hook_impl"]
