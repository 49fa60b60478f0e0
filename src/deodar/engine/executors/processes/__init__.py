"""Warm worker processes of our own.

``executor`` is the driver's side, ``pool`` what of it outlives a run; ``launcher`` and ``worker`` are the programs of
the processes that it has. They import this package as well, so it imports nothing until it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...._front_door import front_door

if TYPE_CHECKING:
    from .executor import ProcessExecutor
    from .launch import start_method
    from .pool import warmed

__all__ = ["ProcessExecutor", "start_method", "warmed"]

__getattr__, __dir__ = front_door(__name__, {"ProcessExecutor": "executor", "start_method": "launch", "warmed": "pool"})
