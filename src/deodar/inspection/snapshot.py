"""Taking a snapshot of a project."""

import functools
import inspect
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config import MissingConfigException
from ..framework.project import pipelines
from ..framework.startup import bootstrap_project
from .helper import _get_parameter_keys, _make_config_loader, _resolve_factory_patterns
from .models import (
    DatasetSnapshot,
    NodeSnapshot,
    NodeSourceSnapshot,
    PipelineSnapshot,
    ProjectMetadataSnapshot,
    ProjectSnapshot,
)

if TYPE_CHECKING:
    from ..framework.startup import ProjectMetadata
    from ..pipeline import Node

_ENV_RE = re.compile(r"[A-Za-z0-9_-]+")


def _build_project_snapshot(
    project_path: str | Path | None = None,
    env: str | None = None,
    conf_source: str | None = None,
    metadata: "ProjectMetadata | None" = None,
    runtime_params: dict[str, Any] | None = None,
) -> ProjectSnapshot:
    if env is not None and not _ENV_RE.fullmatch(env):
        raise ValueError(
            f"Invalid env value {env!r}. The name of an environment has letters, digits, underscores and hyphens only."
        )
    if metadata is None:
        if project_path is None:
            raise ValueError("Either project_path or metadata must be provided.")
        metadata = bootstrap_project(Path(project_path).expanduser().resolve())
    elif project_path is not None and Path(project_path).expanduser().resolve() != Path(metadata.project_path):
        warnings.warn(
            f"project_path will be ignored: the metadata given is that of the project in {metadata.project_path}.",
            stacklevel=3,
        )
    root = Path(metadata.project_path)
    loader = _make_config_loader(root, env, conf_source, runtime_params)
    try:
        catalog_config: dict[str, Any] = loader["catalog"]
    except MissingConfigException:
        catalog_config = {}
    found = _build_pipeline_snapshots(dict(pipelines), root)
    datasets = _build_dataset_snapshots(catalog_config)
    return ProjectSnapshot(
        metadata=_build_project_metadata_snapshot(metadata),
        pipelines=found,
        datasets=_resolve_factory_patterns(catalog_config, datasets, found),
        parameters=_get_parameter_keys(loader),
    )


def _build_project_metadata_snapshot(metadata: "ProjectMetadata") -> ProjectMetadataSnapshot:
    return ProjectMetadataSnapshot(
        project_name=metadata.project_name,
        package_name=metadata.package_name,
        kedro_version=metadata.kedro_init_version,
    )


def _build_dataset_snapshots(catalog_config: Mapping[str, Any]) -> dict[str, DatasetSnapshot]:
    return {
        name: DatasetSnapshot.from_config(name, config)
        for name, config in catalog_config.items()
        if isinstance(config, dict) and not name.startswith("_")
    }


def _build_pipeline_snapshots(pipeline_dict: Mapping[str, Any], project_path: Path) -> list[PipelineSnapshot]:
    root = project_path.resolve()
    return [
        PipelineSnapshot(
            name=name,
            nodes=[_node_to_snapshot(node, root) for node in pipeline.nodes],
            inputs=sorted(pipeline.inputs()),
            outputs=sorted(pipeline.outputs()),
        )
        for name, pipeline in pipeline_dict.items()
        if pipeline is not None
    ]


def _node_to_snapshot(node: "Node", resolved_project_path: Path) -> NodeSnapshot:
    func = node.func
    return NodeSnapshot(
        name=node.name,
        namespace=node.namespace,
        tags=sorted(node.tags),
        inputs=list(node.inputs),
        outputs=list(node.outputs),
        source=_resolve_node_source(func, resolved_project_path),
        func_name=getattr(func, "__name__", None) or node._func_name,
    )


def _resolve_node_source(func: Any, resolved_project_path: Path) -> NodeSourceSnapshot | None:
    """Return where a function stands, or None if it has no place of its own in the project."""
    if isinstance(func, functools.partial):
        return None
    func = inspect.unwrap(func)
    if not inspect.isroutine(func) or getattr(func, "__name__", "") == "<lambda>":
        return None
    try:
        file = Path(inspect.getsourcefile(func) or "").resolve()
        lines, start = inspect.getsourcelines(func)
    except (TypeError, OSError):
        # Built in, or typed into a prompt.
        return None
    if not file.is_relative_to(resolved_project_path):
        return None
    return NodeSourceSnapshot(
        filepath=file.relative_to(resolved_project_path).as_posix(),
        line_start=start,
        line_end=start + len(lines) - 1,
    )
