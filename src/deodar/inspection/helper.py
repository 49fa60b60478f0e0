"""What a project's configuration says, without making anything of it."""

import copy
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..config import AbstractConfigLoader, MissingConfigException
from ..framework.project import settings
from ..io import CatalogConfigResolver
from ..io.core import is_parameter
from .models import DatasetSnapshot, PipelineSnapshot


def _make_config_loader(
    project_path: Path,
    env: str | None = None,
    conf_source: str | None = None,
    runtime_params: dict[str, Any] | None = None,
) -> AbstractConfigLoader:
    """Return the project's own loader of configuration."""
    loader: AbstractConfigLoader = settings.CONFIG_LOADER_CLASS(
        conf_source=conf_source or str(project_path / settings.CONF_SOURCE),
        env=env,
        runtime_params=runtime_params,
        **settings.CONFIG_LOADER_ARGS,
    )
    return loader


def _get_parameter_keys(config_loader: AbstractConfigLoader) -> list[str]:
    """Return the names of the parameters at the top, sorted."""
    try:
        return sorted(map(str, config_loader["parameters"]))
    except MissingConfigException:
        return []


def _resolve_factory_patterns(
    catalog_config: dict[str, Any],
    datasets: dict[str, DatasetSnapshot],
    pipelines: Iterable[PipelineSnapshot],
) -> dict[str, DatasetSnapshot]:
    """Put the datasets that pipelines use in the place of the patterns that they match.

    Args:
        catalog_config: the catalog's entries.
        datasets: what is known of them so far, patterns included.
        pipelines: whose datasets to look for.
    """
    # A project can be looked at before it is right: what is no entry is left to the run to refuse.
    entries = {name: entry for name, entry in catalog_config.items() if isinstance(entry, dict)}
    resolver = CatalogConfigResolver(_without_credentials(entries), default_runtime_patterns={"{default}": {}})
    resolved = {name: dataset for name, dataset in datasets.items() if not resolver.is_pattern(name)}
    used = {name: None for pipeline in pipelines for node in pipeline.nodes for name in (*node.inputs, *node.outputs)}
    for name in used:
        if name in resolved or name in catalog_config or is_parameter(name):
            continue
        pattern = resolver.match_dataset_pattern(name) or resolver.match_user_catch_all_pattern(name)
        if pattern is not None:
            config = resolver._config_from_pattern(name, pattern)
            resolved[name] = DatasetSnapshot.from_config(name, config)
    return resolved


def _without_credentials(config: Any) -> Any:
    """Return a copy of entries in which nothing refers to credentials: nobody is going to log in."""
    if isinstance(config, dict):
        return {key: _without_credentials(value) for key, value in config.items() if key != "credentials"}
    if isinstance(config, list):
        return [_without_credentials(value) for value in config]
    return copy.copy(config)
