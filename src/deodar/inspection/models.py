"""The parts of a snapshot: plain records that turn into JSON as they are."""

from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from ..io.core import _redact_url_credentials


@dataclass
class ProjectMetadataSnapshot:
    """A project's name, its package, and the release it was made with."""

    project_name: str
    package_name: str
    kedro_version: str


@dataclass
class DatasetSnapshot:
    """A catalog entry. Secrets in the URL of its file are not shown."""

    name: str
    type: str = ""
    filepath: str | None = None

    @classmethod
    def from_config(cls, name: str, config: dict[str, Any]) -> "DatasetSnapshot":
        """Describe the entry of a catalog."""
        filepath = config.get("filepath")
        return cls(
            name=name,
            type=str(config.get("type", "")),
            filepath=None if filepath is None else _redact_url_credentials(str(filepath)),
        )


@dataclass
class NodeSourceSnapshot:
    """Where a function stands: a file of the project, its first and its last line."""

    filepath: str
    line_start: int
    line_end: int


@dataclass
class NodeSnapshot:
    """A node, and where its function stands if that is in the project."""

    name: str
    namespace: str | None = None
    tags: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    source: NodeSourceSnapshot | None = None
    _: KW_ONLY
    func_name: str


@dataclass
class PipelineSnapshot:
    """A registered pipeline: its nodes in the order they could run in, its free inputs and outputs."""

    name: str
    nodes: list[NodeSnapshot]
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)


@dataclass
class ProjectSnapshot:
    """A project."""

    metadata: ProjectMetadataSnapshot
    pipelines: list[PipelineSnapshot]
    datasets: dict[str, DatasetSnapshot]
    parameters: list[str]
