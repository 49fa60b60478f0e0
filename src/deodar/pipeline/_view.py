"""The view of a pipeline for whoever compiles it to something that runs."""

from .._records import dataclass
from ._index import Index
from .node import Node


@dataclass(frozen=True, slots=True)
class PipelineGraph:
    """A pipeline's nodes numbered in topological order, and their edges.

    Datasets go by their base names, without transcoding. To read only: it is shared by all who ask.
    """

    nodes: list[Node]
    """``nodes[i]`` in the order of ``Pipeline.nodes``."""
    parents: list[list[int]]
    """Numbers of the nodes that must end before ``nodes[i]`` may start, ascending, each smaller than ``i``."""
    children: list[list[int]]
    """Numbers of the nodes that wait for ``nodes[i]``, ascending, each greater than ``i``."""
    producer: dict[str, int]
    """Base name of a dataset to the node that writes it; free inputs are not in it."""
    consumers: dict[str, list[int]]
    """Base name of a dataset to the nodes that read it, ascending, each once however often it reads it."""


def graph_view(index: Index) -> PipelineGraph:
    """Return the view of an index, in time linear in nodes and edges."""
    graph = index.graph
    rank = [0] * len(graph.order)
    for position, number in enumerate(graph.order):
        rank[number] = position
    return PipelineGraph(
        nodes=index.ordered_nodes(),
        parents=[sorted([rank[n] for n in graph.parents[number]]) for number in graph.order],
        children=[sorted([rank[n] for n in graph.children[number]]) for number in graph.order],
        producer={base: rank[number] for base, number in index.producer.items()},
        consumers={base: sorted([rank[n] for n in row]) for base, row in index.consumers.items()},
    )
