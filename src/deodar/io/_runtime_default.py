"""The usual dataset for a name that nothing in the configuration matches.

A run makes one of these for most of its datasets; by way of the configuration each costs 150 µs more.
"""

from __future__ import annotations

from typing import Any

from .catalog_config_resolver import CatalogConfigResolver
from .core import AbstractDataset
from .memory_dataset import MemoryDataset

_PACKAGES = ("deodar.io", "kedro.io")


def plain_runtime_class(resolver: CatalogConfigResolver, name: str) -> type[AbstractDataset[Any, Any]] | None:
    """Return the class to make without arguments for a name; None if the configuration has something else to say."""
    patterns = resolver._default_runtime_patterns
    config = patterns.get("{default}")
    if config is None or len(config) != 1 or len(patterns) != 1:
        return None
    if resolver._user_catch_all_pattern or name in resolver.config:
        return None
    found = _class_of(config.get("type"))
    return found if found is not None and resolver.match_dataset_pattern(name) is None else None


def _class_of(path: Any) -> type[AbstractDataset[Any, Any]] | None:
    package, _, name = path.rpartition(".") if isinstance(path, str) else ("", "", "")
    if package not in _PACKAGES:
        return None
    if name == "SharedMemoryDataset":
        # Imported here: only runs in other processes share memory.
        from .shared_memory_dataset import SharedMemoryDataset

        return SharedMemoryDataset
    return MemoryDataset if name == "MemoryDataset" else None
