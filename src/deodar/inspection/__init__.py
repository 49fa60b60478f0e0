"""What a project consists of, found out without running or loading anything of it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..framework.startup import ProjectMetadata
    from .models import ProjectSnapshot

__all__ = ["get_project_snapshot"]


def get_project_snapshot(
    project_path: str | Path | None = None,
    env: str | None = None,
    conf_source: str | None = None,
    metadata: "ProjectMetadata | None" = None,
    runtime_params: dict[str, Any] | None = None,
) -> "ProjectSnapshot":
    """Describe a project: its pipelines, their nodes, its datasets and parameters.

    No node is run and no dataset is made. The project's code is imported, since pipelines are code.

    Args:
        project_path: the project's folder.
        env: the environment of configuration.
        conf_source: where the configuration is, if not where the project's settings say.
        metadata: what `bootstrap_project` returned, if the project is bootstrapped already.
        runtime_params: parameters that replace configured ones.

    Raises:
        ValueError: neither a folder nor metadata is given, or ``env`` is no name of an environment.
    """
    # Imported here: it brings the whole framework, which a look at the models does not need.
    from .snapshot import _build_project_snapshot

    return _build_project_snapshot(
        project_path=project_path,
        env=env,
        conf_source=conf_source,
        metadata=metadata,
        runtime_params=runtime_params,
    )
