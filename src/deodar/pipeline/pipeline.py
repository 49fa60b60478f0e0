"""A pipeline: nodes that fit together, in the order in which they can run.

A pipeline never changes. It is checked as a whole when it is made; slices of it and copies with tags need no
second check.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .._front_door import front_door
from ..compat._gone import OldNames
from . import _slice
from ._assembly import (
    _validate_duplicate_nodes,
    _validate_transcoded_inputs_outputs,
    _validate_unique_confirms,
    _validate_unique_outputs,
    flattened,
)
from ._index import CircularDependencyError, ConfirmNotUniqueError, Index, OutputNotUniqueError, checked_index
from ._mapping import (
    PipelineError,
    Renames,
    _get_dataset_names_mapping,
    _get_param_names_mapping,
    _is_all_parameters,
    _is_parameter,
    _is_single_parameter,
    _normalize_param_name,
    _validate_datasets_exist,
    _validate_inputs_outputs,
    mapped_nodes,
)
from ._namespace import _match_namespaces, interruptions
from ._view import PipelineGraph, graph_view
from ._warning import warn
from .node import Node, _to_list
from .transcoding import TRANSCODING_SEPARATOR, _strip_transcoding, _transcode_split

if TYPE_CHECKING:
    from ._grouping import GroupedNodes

__all__ = [
    "TRANSCODING_SEPARATOR",
    "CircularDependencyError",
    "ConfirmNotUniqueError",
    "GroupedNodes",
    "Node",
    "OutputNotUniqueError",
    "Pipeline",
    "PipelineError",
    "PipelineGraph",
    "_get_dataset_names_mapping",
    "_get_param_names_mapping",
    "_is_all_parameters",
    "_is_parameter",
    "_is_single_parameter",
    "_match_namespaces",
    "_normalize_param_name",
    "_strip_transcoding",
    "_to_list",
    "_transcode_split",
    "_validate_datasets_exist",
    "_validate_duplicate_nodes",
    "_validate_inputs_outputs",
    "_validate_transcoded_inputs_outputs",
    "_validate_unique_confirms",
    "_validate_unique_outputs",
    "pipeline",
]

__getattr__, __dir__ = front_door(__name__, {"GroupedNodes": "_grouping"})

# Users' code and pickles know these by the module of pipelines, whichever room they live in.
for _error in (PipelineError, OutputNotUniqueError, ConfirmNotUniqueError, CircularDependencyError):
    _error.__module__ = __name__

_GROUPED = "_grouped_nodes"
# What other implementations keep beside the properties that ours has too.
_FOREIGN_CACHES = frozenset({"_toposorter", "_toposorted_nodes", "_toposorted_groups"})


class Pipeline(OldNames):
    """Nodes connected by the datasets that they write and read."""

    def __init__(
        self,
        nodes: "Iterable[Node | Pipeline] | Pipeline",
        *,
        inputs: Renames = None,
        outputs: Renames = None,
        parameters: Renames = None,
        tags: str | Iterable[str] | None = None,
        namespace: str | None = None,
        prefix_datasets_with_namespace: bool = True,
    ) -> None:
        """Make a pipeline of nodes and other pipelines.

        Args:
            nodes: nodes, pipelines, or one pipeline.
            inputs: free inputs that keep their names, or a dict from old to new names.
            outputs: the same for outputs.
            parameters: the same for parameters.
            tags: labels for all nodes.
            namespace: goes before the names of all nodes, and of all datasets that are not named above.
            prefix_datasets_with_namespace: False leaves the datasets alone.

        Raises:
            ValueError: ``nodes`` is None, two nodes have one name, or a dataset is used both with and without
                transcoding.
            OutputNotUniqueError: two nodes produce the same dataset.
            ConfirmNotUniqueError: two nodes confirm the same dataset.
            CircularDependencyError: there is a cycle.
            PipelineError: a name cannot be mapped.
        """
        index = _index_of(nodes)
        if inputs or outputs or parameters or namespace:
            mapped = mapped_nodes(index, inputs, outputs, parameters, namespace, prefix_datasets_with_namespace)
            index = checked_index(mapped)
        elif isinstance(nodes, Pipeline):
            # One pipeline gives its nodes in topological order.
            index = Index(index.ordered_nodes())
        self._index = index.tagged(tags) if tags else index
        self._warn_of_interruptions()

    @classmethod
    def _of(cls, index: Index) -> "Pipeline":
        """Return a plain pipeline of nodes that were checked before."""
        result = object.__new__(Pipeline)
        result._index = index
        result._warn_of_interruptions()
        return result

    def _warn_of_interruptions(self) -> None:
        for message in interruptions(self._index):
            warn(message)

    def __getstate__(self) -> dict[str, Any]:
        own = {name: value for name, value in self.__dict__.items() if name not in ("_index", "_view", _GROUPED)}
        return {**own, "_nodes": self._index.nodes}

    def __setstate__(self, state: dict[str, Any]) -> None:
        # A pickle made elsewhere may hold what is derived here.
        self.__dict__.update(
            {
                name: value
                for name, value in state.items()
                if name not in _FOREIGN_CACHES and not hasattr(Pipeline, name)
            }
        )
        self._index = Index(list(state["_nodes"]))

    def __repr__(self) -> str:
        # Imported here, as in what follows: a run shows no pipeline.
        from ._describe import represent

        return represent(self._index.ordered_nodes())

    def __add__(self, other: object) -> "Pipeline":
        if not isinstance(other, Pipeline):
            return NotImplemented
        return self._of(self._index.extended(other._index))

    def __radd__(self, other: object) -> "Pipeline":
        # So that sum() works, which starts from 0.
        return self if isinstance(other, int) and other == 0 else NotImplemented

    def __or__(self, other: object) -> "Pipeline":
        return self + other if isinstance(other, Pipeline) else NotImplemented

    def __sub__(self, other: object) -> "Pipeline":
        if not isinstance(other, Pipeline):
            return NotImplemented
        return self._select(n for n, node in enumerate(self._index.nodes) if node not in other._index)

    def __and__(self, other: object) -> "Pipeline":
        if not isinstance(other, Pipeline):
            return NotImplemented
        return self._select(n for n, node in enumerate(self._index.nodes) if node in other._index)

    def _select(self, numbers: Iterable[int]) -> "Pipeline":
        return self._of(self._index.subset(numbers))

    @property
    def nodes(self) -> list[Node]:
        """The nodes in topological order."""
        return self._index.ordered_nodes()

    @property
    def grouped_nodes(self) -> list[list[Node]]:
        """The nodes in layers, each of which needs the earlier ones only, sorted by name within a layer."""
        if _GROUPED not in self.__dict__:
            index = self._index
            rows = [[index.nodes[number] for number in row] for row in index.graph.layers]
            # The contract promises one list to all who ask, threads included.
            self.__dict__.setdefault(_GROUPED, rows)
        grouped_nodes: list[list[Node]] = self.__dict__[_GROUPED]
        return grouped_nodes

    @property
    def node_dependencies(self) -> dict[Node, set[Node]]:
        """Each node's direct parents."""
        return self._neighbours(self._index.graph.parents)

    @property
    def _node_children(self) -> dict[Node, set[Node]]:
        return self._neighbours(self._index.graph.children)

    def _neighbours(self, adjacency: list[list[int]]) -> dict[Node, set[Node]]:
        nodes = self._index.nodes
        return {node: {nodes[n] for n in row} for node, row in zip(nodes, adjacency, strict=True)}

    @property
    def _nodes(self) -> list[Node]:
        return list(self._index.nodes)

    @property
    def _nodes_by_name(self) -> dict[str, Node]:
        return {name: self._index.nodes[number] for name, number in self._index.position.items()}

    @property
    def _nodes_by_input(self) -> dict[str, set[Node]]:
        nodes = self._index.nodes
        return {base: {nodes[number] for number in numbers} for base, numbers in self._index.consumers.items()}

    @property
    def _nodes_by_output(self) -> dict[str, Node]:
        return {base: self._index.nodes[number] for base, number in self._index.producer.items()}

    def _graph_view(self) -> PipelineGraph:
        """Return the pipeline's graph on integers, for compiling it without hashing a node.

        It is made once, in time linear in nodes and edges.
        """
        if "_view" not in self.__dict__:
            self.__dict__.setdefault("_view", graph_view(self._index))
        shared: PipelineGraph = self.__dict__["_view"]
        return shared

    def all_inputs(self) -> set[str]:
        """Return the names of all datasets that nodes read."""
        return set(self._index.full_names[0])

    def all_outputs(self) -> set[str]:
        """Return the names of all datasets that nodes write."""
        return set(self._index.full_names[1])

    def inputs(self) -> set[str]:
        """Return the names of the datasets that must exist before the pipeline can run."""
        return self._index.inputs()

    def outputs(self) -> set[str]:
        """Return the names of the datasets that are written and not read again."""
        return self._index.outputs()

    def datasets(self) -> set[str]:
        """Return the names of all datasets."""
        return self._index.datasets()

    def describe(self, names_only: bool = True) -> str:
        """Return inputs, nodes in the order they run, and outputs, as text.

        Args:
            names_only: leave out what each node reads and writes.
        """
        from ._describe import describe

        return describe(self._index, names_only)

    def to_json(self) -> str:
        """Return the nodes as JSON."""
        from ._describe import to_json

        return to_json(self._index.nodes)

    def group_nodes_by(self, group_by: str | None = "namespace") -> "list[GroupedNodes]":
        """Return the nodes in groups to be deployed as units.

        Args:
            group_by: ``namespace`` for one group per outermost namespace, or ``none`` for one per node.
        """
        # Imported here: deployments ask for it, runs do not.
        from ._grouping import grouped

        return grouped(self._index, group_by)

    def only_nodes(self, *node_names: str) -> "Pipeline":
        """Return the nodes of these full names."""
        return self._select(_slice.named(self._index, node_names))

    def only_nodes_with_namespaces(self, node_namespaces: Iterable[str]) -> "Pipeline":
        """Return the nodes in any of these namespaces."""
        return self._select(_slice.in_namespaces(self._index, node_namespaces))

    def only_nodes_with_tags(self, *tags: str) -> "Pipeline":
        """Return the nodes with any of these tags."""
        return self._select(_slice.tagged(self._index, tags))

    def only_nodes_with_inputs(self, *inputs: str) -> "Pipeline":
        """Return the nodes that read any of these datasets."""
        return self._select(_slice.consuming(self._index, inputs))

    def from_inputs(self, *inputs: str) -> "Pipeline":
        """Return the nodes that read any of these datasets, and all that need them."""
        return self._select(_slice.downstream(self._index, _slice.consuming(self._index, inputs)))

    def only_nodes_with_outputs(self, *outputs: str) -> "Pipeline":
        """Return the nodes that write any of these datasets."""
        return self._select(_slice.producing(self._index, outputs))

    def to_outputs(self, *outputs: str) -> "Pipeline":
        """Return the nodes that write any of these datasets, and all that they need."""
        return self._select(_slice.upstream(self._index, _slice.producing(self._index, outputs)))

    def from_nodes(self, *node_names: str) -> "Pipeline":
        """Return the nodes of these full names, and all that need them."""
        return self._select(_slice.downstream(self._index, _slice.named(self._index, node_names)))

    def to_nodes(self, *node_names: str) -> "Pipeline":
        """Return the nodes of these full names, and all that they need."""
        return self._select(_slice.upstream(self._index, _slice.named(self._index, node_names)))

    def filter(
        self,
        tags: Iterable[str] | None = None,
        from_nodes: Iterable[str] | None = None,
        to_nodes: Iterable[str] | None = None,
        node_names: Iterable[str] | None = None,
        from_inputs: Iterable[str] | None = None,
        to_outputs: Iterable[str] | None = None,
        node_namespaces: Iterable[str] | None = None,
    ) -> "Pipeline":
        """Return the nodes that every given criterion selects from the whole pipeline.

        Args:
            tags: nodes with any of these tags.
            from_nodes: these nodes and all that need them.
            to_nodes: these nodes and all that they need.
            node_names: these nodes.
            from_inputs: readers of these datasets and all that need them.
            to_outputs: writers of these datasets and all that they need.
            node_namespaces: nodes in any of these namespaces.

        Raises:
            ValueError: a name does not exist, or no node is left.
        """
        index = self._index
        chosen = set(range(len(index.nodes)))
        if tags:
            chosen &= _slice.tagged(index, tags)
        if from_nodes:
            chosen &= _slice.downstream(index, _slice.named(index, from_nodes))
        if to_nodes:
            chosen &= _slice.upstream(index, _slice.named(index, to_nodes))
        if node_names:
            chosen &= _slice.named(index, node_names)
        if from_inputs:
            chosen &= _slice.downstream(index, _slice.consuming(index, from_inputs))
        if to_outputs:
            chosen &= _slice.upstream(index, _slice.producing(index, to_outputs))
        if node_namespaces:
            chosen &= _slice.in_namespaces(index, node_namespaces)
        if not chosen:
            raise ValueError(
                "Pipeline contains no nodes after applying all provided filters. "
                "Please ensure that at least one pipeline with nodes has been defined."
            )
        return self._select(chosen)

    def tag(self, tags: str | Iterable[str] | None) -> "Pipeline":
        """Return this pipeline with tags added to all nodes."""
        return self._of(self._index.tagged(tags))

    def _map_nodes(
        self,
        nodes: "Iterable[Node | Pipeline] | Pipeline",
        inputs: Renames = None,
        outputs: Renames = None,
        parameters: Renames = None,
        tags: str | Iterable[str] | None = None,
        namespace: str | None = None,
        prefix_datasets_with_namespace: bool = True,
    ) -> list[Node]:
        """Return nodes with their datasets renamed; the arguments are those of the constructor."""
        mapped = mapped_nodes(_index_of(nodes), inputs, outputs, parameters, namespace, prefix_datasets_with_namespace)
        return [node.tag(tags) for node in mapped] if tags else mapped


def pipeline(
    nodes: "Iterable[Node | Pipeline] | Pipeline",
    *,
    inputs: Renames = None,
    outputs: Renames = None,
    parameters: Renames = None,
    tags: str | Iterable[str] | None = None,
    namespace: str | None = None,
    prefix_datasets_with_namespace: bool = True,
) -> Pipeline:
    """Make a new pipeline; the arguments are those of ``Pipeline``."""
    return Pipeline(
        nodes,
        inputs=inputs,
        outputs=outputs,
        parameters=parameters,
        tags=tags,
        namespace=namespace,
        prefix_datasets_with_namespace=prefix_datasets_with_namespace,
    )


def _index_of(nodes: Iterable[Node | Pipeline] | Pipeline) -> Index:
    if nodes is None:
        raise ValueError(
            "'nodes' argument of 'Pipeline' is None. It must be an iterable of nodes and/or pipelines instead."
        )
    # The nodes of a pipeline were checked when it was made.
    return nodes._index if isinstance(nodes, Pipeline) else checked_index(flattened(nodes))
