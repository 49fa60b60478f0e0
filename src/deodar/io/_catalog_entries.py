"""What a catalog entry must look like, and the entries that a catalog could be built from again."""

from __future__ import annotations

from typing import Any

from .core import TYPE_KEY, VALIDATOR_KEY, DatasetError
from .memory_dataset import _is_memory_dataset

_Config = tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]], "dict[str, str | None]", "str | None"]


def not_a_configuration(name: str) -> str:
    """Say that a catalog entry is no dictionary."""
    return (
        f"Catalog entry '{name}' is not a valid dataset configuration. \nHint: If this catalog entry is "
        "intended for variable interpolation, make sure that the key is preceded by an underscore."
    )


def check_entry(ds_name: str, ds_config: Any) -> None:
    """Check that an entry could be the configuration of a dataset.

    Raises:
        DatasetError: saying what is wrong with it.
    """
    if not isinstance(ds_config, dict):
        raise DatasetError(not_a_configuration(ds_name))
    if TYPE_KEY not in ds_config:
        raise DatasetError(
            f"An exception occurred when parsing config for dataset '{ds_name}':\n"
            "'type' is missing from dataset catalog configuration.\nHint: If this catalog entry is intended "
            "for variable interpolation, make sure that the top level key is preceded by an underscore."
        )


def config_of(catalog: Any) -> _Config:
    """Return entries, credentials, load versions and the save version of a catalog.

    Datasets in memory are left out. An entry that was never used is returned as it was written.
    """
    found = {
        name: lazy.config
        for name, lazy in catalog._lazy_datasets.items()
        if not _is_memory_dataset(lazy.config.get(TYPE_KEY, ""))
    }
    for name, dataset in catalog._datasets.items():
        if not _is_memory_dataset(dataset):
            found[name] = dataset._init_config()

    entries: dict[str, dict[str, Any]] = {}
    credentials: dict[str, dict[str, Any]] = {}
    for name, entry in found.items():
        entries[name], taken = catalog.config_resolver._unresolve_credentials(name, entry)
        credentials.update(taken)
        if name in catalog._validator_specs:
            entries[name][VALIDATOR_KEY] = catalog._validator_specs[name].to_config()
    load_versions = {name: catalog._load_versions.get(name) for name in entries}
    return entries, credentials, load_versions, catalog._save_version
