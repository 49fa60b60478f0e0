"""An index of nodes: who is called what, who produces each dataset and who consumes it.

Nodes are numbered in the order they were given. Datasets go by their base names, without transcoding. An index
never changes; what takes more than one pass is worked out when first asked, always with the same result, so
two threads that ask at once do no harm.
"""

from collections.abc import Iterable, Mapping

from .._records import dataclass
from ._graph import children_of, find_cycle, layers
from .node import Node
from .transcoding import TRANSCODING_SEPARATOR, _strip_transcoding


class OutputNotUniqueError(Exception):
    """Two nodes produce the same dataset."""


class ConfirmNotUniqueError(Exception):
    """Two nodes confirm the same dataset."""


class CircularDependencyError(Exception):
    """A node needs what can only be made from its own outputs."""


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes by number, with an edge from the producer of a dataset to each of its consumers."""

    parents: list[list[int]]
    children: list[list[int]]
    layers: list[list[int]]
    """Topological layers, each sorted by node name."""
    order: list[int]
    """The layers in one row."""


class Index:
    """Nodes that may stand in one pipeline, and how they find each other."""

    __slots__ = (
        "_free",
        "_full_names",
        "_graph",
        "confirmed",
        "consumers",
        "interruptions",
        "nodes",
        "position",
        "producer",
        "top_namespaces",
        "transcoded",
        "twice_confirmed",
        "twice_produced",
    )

    def __init__(self, nodes: list[Node]) -> None:
        """Index nodes that are known to fit together; ``checked_index`` is for those that are not."""
        self.nodes: list[Node] = []
        self.position: dict[str, int] = {}
        self.producer: dict[str, int] = {}
        self.consumers: dict[str, list[int]] = {}
        self.confirmed: dict[str, int] = {}
        self.transcoded: set[str] = set()
        self.twice_produced: set[str] = set()
        self.twice_confirmed: set[str] = set()
        self.top_namespaces: set[str] = set()
        self.interruptions: list[str] | None = None
        """What is wrong with the namespaces, once somebody has looked."""
        self._graph: Graph | None = None
        self._full_names: tuple[frozenset[str], frozenset[str]] | None = None
        self._free: tuple[frozenset[str], frozenset[str]] | None = None
        self._add(nodes)

    def _add(self, nodes: list[Node]) -> None:
        position, consumers = self.position, self.consumers
        # Lists of consumers may be shared with the index that this one was copied from.
        own: set[str] = set()
        for number, node in enumerate(nodes, start=len(self.nodes)):
            position[node.name] = number
            inputs, outputs = node.base_names
            for base in inputs:
                if base in own:
                    readers = consumers[base]
                    if readers[-1] != number:
                        readers.append(number)
                else:
                    own.add(base)
                    consumers[base] = [*consumers.get(base, ()), number]
            self._add_outputs(number, outputs)
            if inputs is not node.input_names or outputs is not node.output_names:
                names = (*node.input_names, *node.output_names)
                self.transcoded.update(_strip_transcoding(name) for name in names if TRANSCODING_SEPARATOR in name)
            if node.namespace:
                self.top_namespaces.add(node.namespace.partition(".")[0])
            if node._confirms:
                self._add_confirms(number, node.confirms)
        self.nodes = [*self.nodes, *nodes]

    def _add_outputs(self, number: int, outputs: tuple[str, ...]) -> None:
        for base in outputs:
            if base in self.producer:
                self.twice_produced.add(base)
            self.producer[base] = number

    def _add_confirms(self, number: int, confirms: list[str]) -> None:
        for base in map(_strip_transcoding, confirms):
            if base in self.confirmed:
                self.twice_confirmed.add(base)
            self.confirmed[base] = number

    def check(self) -> None:
        """Refuse nodes that do not fit together, cycles apart, which ``graph`` refuses."""
        self.check_transcoding()
        self.check_outputs()
        self.check_confirms()

    def check_transcoding(self) -> None:
        """Refuse a dataset that is used both with and without transcoding."""
        if not self.transcoded:
            return
        names = (name for node in self.nodes for name in (*node.input_names, *node.output_names))
        plain = sorted({name for name in names if name in self.transcoded})
        if plain:
            raise ValueError(
                f"The following datasets are used with transcoding, but were referenced without the separator: "
                f"{', '.join(plain)}.\nPlease specify a transcoding option or rename the datasets."
            )

    def check_outputs(self) -> None:
        """Refuse two producers of one dataset."""
        if self.twice_produced:
            raise OutputNotUniqueError(
                f"Output(s) {sorted(self.twice_produced)} are returned by more than one nodes. "
                f"Node outputs must be unique."
            )

    def check_confirms(self) -> None:
        """Refuse two confirmers of one dataset."""
        if self.twice_confirmed:
            raise ConfirmNotUniqueError(
                f"{sorted(self.twice_confirmed)} datasets are confirmed by more than one node. "
                f"Node confirms must be unique."
            )

    @property
    def graph(self) -> Graph:
        """The graph of the nodes.

        Raises:
            CircularDependencyError: there is a cycle.
        """
        if self._graph is None:
            parents = [self._parents_of(node) for node in self.nodes]
            children = children_of(parents)
            names = list(self.position)
            rows, stuck = layers(parents, children, names.__getitem__)
            if stuck:
                cycle = [self.nodes[number] for number in find_cycle(parents, stuck)]
                raise CircularDependencyError(
                    f"Circular dependencies exist among the following {len(cycle)} item(s): {cycle}"
                )
            order = [number for row in rows for number in row]
            self._graph = Graph(parents, children, rows, order)
        return self._graph

    def _parents_of(self, node: Node) -> list[int]:
        producer = self.producer
        found = [producer[base] for base in node.base_names[0] if base in producer]
        return sorted(set(found)) if len(found) > 1 else found

    def ordered_nodes(self) -> list[Node]:
        """Return the nodes in topological order."""
        return [self.nodes[number] for number in self.graph.order]

    @property
    def full_names(self) -> tuple[frozenset[str], frozenset[str]]:
        """All names that nodes read, and all that they write, with transcoding."""
        if self._full_names is None:
            self._full_names = (
                frozenset(name for node in self.nodes for name in node.input_names),
                frozenset(name for node in self.nodes for name in node.output_names),
            )
        return self._full_names

    @property
    def _free_names(self) -> tuple[frozenset[str], frozenset[str]]:
        if self._free is None:
            read, written = self.full_names
            self._free = (
                frozenset(name for name in read if _strip_transcoding(name) not in self.producer),
                frozenset(name for name in written if _strip_transcoding(name) not in self.consumers),
            )
        return self._free

    def inputs(self) -> set[str]:
        """Return the names that are read but produced by no node."""
        return set(self._free_names[0])

    def outputs(self) -> set[str]:
        """Return the names that are written but consumed by no node."""
        return set(self._free_names[1])

    def datasets(self) -> set[str]:
        """Return all names."""
        return set().union(*self.full_names)

    def subset(self, numbers: Iterable[int]) -> "Index":
        """Return an index of some of the nodes, in their order."""
        chosen = sorted(numbers)
        return self if len(chosen) == len(self.nodes) else Index([self.nodes[number] for number in chosen])

    def tagged(self, tags: str | Iterable[str] | None) -> "Index":
        """Return this index with the tags added to all nodes."""
        added = [tags] if isinstance(tags, str) else list(tags or ())
        result = self._copy()
        result.nodes = [node.tag(added) for node in self.nodes]
        # Tags change neither names nor edges.
        result._graph, result._full_names, result._free = self._graph, self._full_names, self._free
        result.interruptions = self.interruptions
        return result

    def _copy(self) -> "Index":
        copy = object.__new__(Index)
        copy.nodes = self.nodes
        copy.position, copy.producer = self.position.copy(), self.producer.copy()
        copy.consumers, copy.confirmed = self.consumers.copy(), self.confirmed.copy()
        copy.transcoded, copy.top_namespaces = self.transcoded.copy(), self.top_namespaces.copy()
        # A copy is only ever made of what was checked.
        copy.twice_produced, copy.twice_confirmed = set(), set()
        copy.interruptions = copy._graph = copy._full_names = copy._free = None
        return copy

    def extended(self, other: "Index") -> "Index":
        """Return an index of these nodes and those of another that are not here yet.

        The cost is that of the other's nodes alone, unless edges run both ways between the two.

        Raises:
            OutputNotUniqueError, ConfirmNotUniqueError, CircularDependencyError, ValueError: they do not fit.
        """
        fresh = [node for node in other.nodes if node not in self]
        clashing = {node.name: None for node in fresh if node.name in self.position}
        if clashing:
            raise duplicate_names_error({"Free nodes": clashing})
        if not fresh:
            return self
        result = self._copy()
        result._add(fresh)
        result.check()
        feeds_other = any(base in self.producer for node in fresh for base in node.base_names[0])
        fed_by_other = any(base in self.consumers for node in fresh for base in node.base_names[1])
        if feeds_other and fed_by_other:
            # Only then can a cycle run through both.
            _ = result.graph
        elif self.top_namespaces.isdisjoint(other.top_namespaces) and not (self.interruptions or other.interruptions):
            # No path leaves one side and comes back, so no namespace is newly interrupted.
            clean = self.interruptions == other.interruptions == []
            result.interruptions = [] if clean else None
        return result

    def __contains__(self, node: Node) -> bool:
        number = self.position.get(node.name)
        return number is not None and self.nodes[number] == node


def duplicate_names_error(names: Mapping[str, Iterable[str]]) -> ValueError:
    """Return the error for names that more than one node has.

    Args:
        names: by who holds them a second time.
    """
    blocks = [f"{holder}:\n" + "\n".join(f"  - {name}" for name in sorted(held)) for holder, held in names.items()]
    return ValueError(
        "Pipeline nodes must have unique names. The following node names appear more than once:\n\n"
        + "\n".join(blocks)
        + "\n\nYou can name your nodes using the last argument of 'node()'."
    )


def checked_index(nodes: list[Node]) -> Index:
    """Index nodes of distinct names.

    Raises:
        ValueError: a dataset is used both with and without transcoding.
        OutputNotUniqueError: two nodes produce the same dataset.
        ConfirmNotUniqueError: two nodes confirm the same dataset.
        CircularDependencyError: there is a cycle.
    """
    index = Index(nodes)
    index.check()
    _ = index.graph
    return index
