"""What a pipeline is assembled from: nodes and other pipelines, put in a row and checked."""

from collections.abc import Iterable
from typing import Any, Protocol

from ._index import Index, duplicate_names_error
from .node import Node


class HasNodes(Protocol):
    """A pipeline, seen as what it holds."""

    @property
    def nodes(self) -> list[Node]:
        """Its nodes."""


def flattened(nodes_or_pipes: Iterable[Any]) -> list[Node]:
    """Return the nodes given, and those of the pipelines given in topological order.

    Raises:
        ValueError: two nodes have one name.
    """
    parts = list(nodes_or_pipes)
    nodes: list[Node] = []
    for part in parts:
        if isinstance(part, Node):
            nodes.append(part)
        else:
            nodes.extend(part.nodes)
    if len({node.name for node in nodes}) < len(nodes):
        _validate_duplicate_nodes(parts)
    return nodes


def _validate_duplicate_nodes(nodes_or_pipes: Iterable[Node | HasNodes]) -> None:
    """Refuse nodes of the same name; the second and later holders of a name are to blame."""
    seen: set[str] = set()
    blamed: dict[str, dict[str, None]] = {}
    for part in nodes_or_pipes:
        for node in [part] if isinstance(part, Node) else part.nodes:
            if node.name in seen:
                holder = "Free nodes" if isinstance(part, Node) else repr(part).replace("\n", "")
                blamed.setdefault(holder, {})[node.name] = None
            seen.add(node.name)
    if blamed:
        raise duplicate_names_error(blamed)


def _validate_transcoded_inputs_outputs(nodes: list[Node]) -> None:
    """Refuse a dataset that is used both with and without transcoding."""
    Index(nodes).check_transcoding()


def _validate_unique_outputs(nodes: list[Node]) -> None:
    """Refuse two producers of one dataset."""
    Index(nodes).check_outputs()


def _validate_unique_confirms(nodes: list[Node]) -> None:
    """Refuse two confirmers of one dataset."""
    Index(nodes).check_confirms()
