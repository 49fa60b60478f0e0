"""Runs that remember: decided from earlier ones, written down while they go on.

A run asks for it by ``MemoryOptions`` in ``options``; without them nothing else of this package is imported. ``graph``
is the run as the engine sees it, ``code`` and ``configuration`` say what nodes are made of and ``evidence`` how their
data stands; ``run`` decides by these and keeps the record.
"""

from .options import MemoryOptions, RunMemoryError, is_selective, remembered, remembering

__all__ = ["MemoryOptions", "RunMemoryError", "is_selective", "remembered", "remembering"]
