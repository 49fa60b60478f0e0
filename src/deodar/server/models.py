"""What the server is asked, and what it answers."""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ..inspection.models import DatasetSnapshot, PipelineSnapshot, ProjectMetadataSnapshot

_RUNNER_PATTERN = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)


class RunRequest(BaseModel):
    """A run to be made; everything is optional, and nothing else may be asked."""

    model_config = ConfigDict(extra="forbid")

    from_inputs: list[str] | None = None
    to_outputs: list[str] | None = None
    from_nodes: list[str] | None = None
    to_nodes: list[str] | None = None
    node_names: list[str] | None = None
    runner: str | None = None
    is_async: bool = False
    tags: list[str] | None = None
    load_versions: dict[str, str] | None = None
    pipeline_names: list[str] | None = None
    namespaces: list[str] | None = None
    params: dict[str, Any] | None = None
    only_missing_outputs: bool = False

    @field_validator("runner")
    @classmethod
    def _validate_runner_format(cls, v: str | None) -> str | None:
        if v is not None and not _RUNNER_PATTERN.fullmatch(v):
            raise ValueError(f"runner must be the name of a class, possibly dotted, not {v!r}")
        return v


class ErrorDetail(BaseModel):
    """What went wrong."""

    type: str
    message: str


class RunSuccess(BaseModel):
    """A run that ended well."""

    status: Literal["success"]
    run_id: str
    duration_ms: float


class RunFailure(BaseModel):
    """A run that failed, or could not begin."""

    status: Literal["failure"]
    run_id: str
    duration_ms: float
    error: ErrorDetail


RunResponse = Annotated[RunSuccess | RunFailure, Field(discriminator="status")]


class HealthResponse(BaseModel):
    """The server is there."""

    status: Literal["healthy", "unhealthy"] = "healthy"
    kedro_version: str


class SnapshotSuccess(BaseModel):
    """The project, described."""

    status: Literal["success"]
    metadata: ProjectMetadataSnapshot
    pipelines: list[PipelineSnapshot]
    datasets: dict[str, DatasetSnapshot]
    parameters: list[str]


class SnapshotFailure(BaseModel):
    """The project could not be described."""

    status: Literal["failure"]
    error: ErrorDetail


SnapshotResponse = Annotated[SnapshotSuccess | SnapshotFailure, Field(discriminator="status")]
