"""Namespaces: what lies in one, and whether something outside comes between its nodes."""

from collections.abc import Iterator

from ._graph import children_of, cyclic_core, shortest_path
from ._index import Index

Prefix = tuple[str, ...]


def _match_namespaces(node_namespace: str, filter_namespace: str) -> bool:
    """Tell whether one namespace is the other or lies in it, component by component."""
    return node_namespace == filter_namespace or (
        bool(filter_namespace) and node_namespace.startswith(f"{filter_namespace}.")
    )


def interruptions(index: Index) -> list[str]:
    """Return a sentence for each way in which a path leaves a namespace and enters it again.

    A deployment that runs each namespace as one unit could not run such a pipeline.
    """
    if index.interruptions is None:
        found = sorted(_Search(index).found()) if index.top_namespaces else []
        index.interruptions = [
            f"Namespace '{namespace}' is interrupted by nodes {names} and thus invalid."
            for _, namespace, names in found
        ]
    return index.interruptions


class _Search:
    """The search for interruptions of one pipeline."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._graph = index.graph
        self._paths: list[Prefix] = [tuple(node.namespace.split(".")) if node.namespace else () for node in index.nodes]
        # Nodes already blamed for entering an outer namespace are not blamed for the inner ones too.
        self._blamed: set[int] = set()
        self._rank = {number: rank for rank, number in enumerate(self._graph.order)}

    def found(self) -> Iterator[tuple[int, str, list[str]]]:
        """Yield where each interruption ends in the order of the nodes, the namespace, and the nodes between."""
        for depth in range(1, max(map(len, self._paths)) + 1):
            numbers = self._suspects(depth)
            for prefix in sorted({self._paths[number][:depth] for number in numbers}):
                if len(prefix) == depth:
                    yield from self._reentries(prefix, numbers)

    def _suspects(self, depth: int) -> list[int]:
        """Return the nodes on paths that leave some namespace of a depth and come back, in topological order.

        Each namespace is drawn together to one vertex. A path that leaves one and comes back is then a cycle,
        and where there are no cycles there is nothing to look for: the usual case, at linear cost.
        """
        vertices: dict[Prefix | int, int] = {}
        vertex_of = [
            vertices.setdefault(path[:depth] if len(path) >= depth else number, len(vertices))
            for number, path in enumerate(self._paths)
        ]
        parents: list[set[int]] = [set() for _ in vertices]
        for number, sources in enumerate(self._graph.parents):
            parents[vertex_of[number]].update(vertex_of[source] for source in sources)
        drawn = [sorted(sources - {vertex}) for vertex, sources in enumerate(parents)]
        core = set(cyclic_core(drawn, children_of(drawn)))
        return [number for number in self._graph.order if vertex_of[number] in core] if core else []

    def _reentries(self, prefix: Prefix, numbers: list[int]) -> Iterator[tuple[int, str, list[str]]]:
        # For each node that comes after an interruption and lies outside, the nodes at which one began.
        begun: dict[int, set[int]] = {}
        for number in numbers:
            parents = self._graph.parents[number]
            starts = set().union(*(begun.get(parent, ()) for parent in parents))
            if self._inside(number, prefix):
                if starts and number not in self._blamed:
                    self._blamed.add(number)
                    yield from (self._interruption(prefix, start, number) for start in sorted(starts))
            elif starts or any(self._inside(parent, prefix) for parent in parents):
                begun[number] = starts or {number}

    def _interruption(self, prefix: Prefix, start: int, end: int) -> tuple[int, str, list[str]]:
        path = shortest_path(self._graph.children, start, end)[:-1]
        return self._rank[end], ".".join(prefix), [self._index.nodes[number].name for number in path]

    def _inside(self, number: int, prefix: Prefix) -> bool:
        return self._paths[number][: len(prefix)] == prefix
