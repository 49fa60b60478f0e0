"""One catalog, one save version: which versions its datasets load and save."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .core import AbstractVersionedDataset, VersionAlreadyExistsError


def version_of(dataset: Any) -> Any:
    """Return the versions that a dataset is pinned to, looking through a cache; None without versions."""
    if type(dataset).__name__ == "CachedDataset":
        dataset = getattr(dataset, "_dataset", dataset)
    return dataset._version if isinstance(dataset, AbstractVersionedDataset) and dataset._version else None


def with_versions_of(
    datasets: Mapping[str, Any], load_versions: dict[str, Any], save_version: str | None
) -> str | None:
    """Note the load versions of datasets, and return the save version that they and the catalog share.

    Args:
        datasets: datasets by name.
        load_versions: versions by name, changed in place.
        save_version: the catalog's, if it has one.

    Raises:
        VersionAlreadyExistsError: two of them would save different versions.
    """
    for name, dataset in datasets.items():
        version = version_of(dataset)
        if version is None:
            continue
        if version.save:
            if save_version and save_version != version.save:
                raise VersionAlreadyExistsError(
                    f"Cannot add a dataset `{name}` with `{version.save}` save version. Save version set for "
                    f"the catalog is `{save_version}`All datasets in the catalog must have the same save "
                    "version."
                )
            save_version = version.save
        if version.load:
            load_versions[name] = version.load
    return save_version
