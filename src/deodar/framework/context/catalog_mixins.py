"""What a context's catalog can say about the datasets of whole pipelines."""

import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..project import pipelines as _pipelines

if TYPE_CHECKING:
    from ...io import CatalogProtocol
    from ...pipeline.pipeline import Pipeline


def compose_classes(base: type, *mixins: type) -> type:
    """Return a class of the base with mixins, named after them all."""
    name = f"{base.__name__}With{''.join(mixin.__name__ for mixin in mixins)}"
    return type(name, (base, *mixins), {"__module__": base.__module__})


@functools.cache
def catalog_with_commands() -> type:
    """Return the catalog's class with `CatalogCommandsMixin`."""
    # Imported here, as everything of the context that not every program reads.
    from ...io.data_catalog import DataCatalog

    composed = compose_classes(DataCatalog, CatalogCommandsMixin)
    composed.__module__ = __name__
    return composed


def __getattr__(name: str) -> Any:
    # Pickles look the composed class up by its name here.
    if name == "DataCatalogWithCatalogCommandsMixin":
        return catalog_with_commands()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class CatalogCommandsMixin:
    """Describes a catalog's datasets and patterns, as the command line shows them."""

    def describe_datasets(self, pipelines: Any = None) -> dict[str, dict[str, dict[str, list[str]]]]:
        """Return the datasets of pipelines by how the catalog knows them, and by type.

        ``datasets`` are entries of their own, ``factories`` match a pattern, ``defaults`` neither.

        Args:
            pipelines: names or pipelines, or a single pipeline; all registered ones by default.
        """
        catalog: Any = self
        described = {}
        for name, pipeline in _chosen(pipelines).items():
            names = sorted(item for item in pipeline.datasets() if not _is_parameter(item))
            resolver = catalog.config_resolver
            explicit = [item for item in names if item in catalog.keys()]  # noqa: SIM118 - "in" matches patterns too
            matched = [item for item in names if item not in explicit and resolver.match_dataset_pattern(item)]
            rest = [item for item in names if item not in explicit and item not in matched]
            described[name] = {
                "datasets": _group_ds_by_type(explicit, catalog),
                "factories": _group_ds_by_type(matched, catalog),
                "defaults": _group_ds_by_type(rest, catalog),
            }
        return described

    def list_patterns(self) -> list[str]:
        """Return the catalog's patterns, the one that is tried first in front."""
        catalog: Any = self
        patterns: list[str] = catalog.config_resolver.list_patterns()
        return patterns

    def resolve_patterns(self, pipelines: Any = None) -> dict[str, Any]:
        """Return the configuration of every dataset: the explicit entries, and what patterns give for pipelines.

        Credentials come as the names they have in the configuration.

        Args:
            pipelines: names or pipelines, or a single pipeline; all registered ones by default.
        """
        catalog: Any = self
        resolver = catalog.config_resolver
        resolved: dict[str, Any] = {}
        for name in catalog.keys():  # noqa: SIM118 - a catalog's own iterator is not part of its protocol
            if not _is_parameter(name):
                resolved[name] = resolver._unresolve_credentials(name, catalog[name]._init_config())[0]
        for pipeline in _chosen(pipelines).values():
            for name in sorted(pipeline.datasets()):
                if name in resolved or _is_parameter(name):
                    continue
                if config := resolver.resolve_pattern(name):
                    resolved[name] = resolver._unresolve_credentials(name, config)[0]
        return resolved


def _chosen(pipelines: "Iterable[str | Pipeline] | Pipeline | None") -> "dict[str, Pipeline]":
    if not isinstance(pipelines, Iterable):
        # A pipeline of Pipeline's class cannot be iterated over; nor can None.
        return dict(_pipelines.items()) if pipelines is None else {"pipeline_0": pipelines}
    chosen: dict[str, Pipeline] = {}
    for index, item in enumerate([pipelines] if isinstance(pipelines, str) else pipelines):
        if isinstance(item, str):
            chosen[item] = _pipelines[item]
        else:
            chosen[f"pipeline_{index}"] = item
    return chosen or dict(_pipelines.items())


def _is_parameter(name: str) -> bool:
    return name == "parameters" or name.startswith("params:")


def _group_ds_by_type(datasets: Iterable[str], catalog: "CatalogProtocol[Any, Any]") -> dict[str, list[str]]:
    """Return dataset names by the dotted path of the dataset's class."""
    grouped: dict[str, list[str]] = {}
    for name in datasets:
        kind = catalog.get_type(name) or _default_type(catalog)  # type: ignore[attr-defined]  # the contract's catalog has it
        grouped.setdefault(kind, []).append(name)
    return grouped


def _default_type(catalog: Any) -> str:
    kind: str = catalog.default_runtime_patterns["{default}"]["type"]
    return kind
