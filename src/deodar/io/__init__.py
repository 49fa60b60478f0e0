"""Datasets and the catalog that holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._front_door import front_door

if TYPE_CHECKING:
    from .cached_dataset import CachedDataset
    from .catalog_config_resolver import CatalogConfigResolver
    from .core import (
        AbstractDataset,
        AbstractVersionedDataset,
        CatalogProtocol,
        DatasetAlreadyExistsError,
        DatasetError,
        DatasetNotFoundError,
        SharedMemoryCatalogProtocol,
        Version,
    )
    from .data_catalog import DataCatalog, SharedMemoryDataCatalog
    from .memory_dataset import MemoryDataset
    from .shared_memory_dataset import SharedMemoryDataset

__all__ = [
    "AbstractDataset",
    "AbstractVersionedDataset",
    "CachedDataset",
    "CatalogConfigResolver",
    "CatalogProtocol",
    "DataCatalog",
    "DatasetAlreadyExistsError",
    "DatasetError",
    "DatasetNotFoundError",
    "MemoryDataset",
    "SharedMemoryCatalogProtocol",
    "SharedMemoryDataCatalog",
    "SharedMemoryDataset",
    "Version",
]

__getattr__, __dir__ = front_door(
    __name__,
    {
        "CachedDataset": "cached_dataset",
        "CatalogConfigResolver": "catalog_config_resolver",
        "DataCatalog": "data_catalog",
        "MemoryDataset": "memory_dataset",
        "SharedMemoryDataCatalog": "data_catalog",
        "SharedMemoryDataset": "shared_memory_dataset",
        "AbstractDataset": "core",
        "AbstractVersionedDataset": "core",
        "CatalogProtocol": "core",
        "DatasetAlreadyExistsError": "core",
        "DatasetError": "core",
        "DatasetNotFoundError": "core",
        "SharedMemoryCatalogProtocol": "core",
        "Version": "core",
    },
)
