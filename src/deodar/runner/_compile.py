"""From a pipeline to an engine graph: nodes become tasks, datasets become values."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from .._records import dataclass
from ..engine.graph import TaskGraph
from ..engine.model import TaskId, ValueId, ValueSpec
from ..pipeline import Pipeline
from ._policies import PLAIN, SpecMaker

if TYPE_CHECKING:
    from ..pipeline import Node


_OWN_DEPENDENCIES = Pipeline.node_dependencies


@dataclass(frozen=True, slots=True)
class CompiledPipeline:
    """A pipeline and its engine graph.

    Attributes:
        nodes: by task number, in the pipeline's own order.
        datasets: names by value number.
        numbers: value numbers by name.
    """

    graph: TaskGraph
    nodes: list[Node]
    datasets: list[str]
    numbers: dict[str, ValueId]


def compile_pipeline(
    pipeline: Pipeline, *, carried: Collection[str] = (), maker: SpecMaker = PLAIN
) -> CompiledPipeline:
    """Translate a pipeline, in O(nodes + edges).

    Free inputs and free outputs are kept; every other dataset is freed after its last reader.

    Args:
        carried: datasets that the engine moves between processes.
        maker: makes the tasks; policies come in here.
    """
    nodes = list(pipeline.nodes)
    numbers: dict[str, ValueId] = {}
    tasks = []
    make = maker.spec
    for number, node in enumerate(nodes):
        reads = tuple(numbers.setdefault(name, ValueId(len(numbers))) for name in node.input_names)
        writes = tuple(numbers.setdefault(name, ValueId(len(numbers))) for name in node.output_names)
        tasks.append(make(number, node, reads, writes))
    kept = pipeline.inputs() | pipeline.outputs()
    values = [ValueSpec(name, name in carried, name in kept) for name in numbers]
    children, waits = _edges(pipeline, nodes)
    return CompiledPipeline(TaskGraph(tasks, values, children, waits), nodes, list(numbers), numbers)


def _edges(pipeline: Pipeline, nodes: list[Node]) -> tuple[list[list[TaskId]], list[int]]:
    """Return who waits for each task, and for how many each waits.

    Where somebody has put another ``node_dependencies`` in the place of the pipeline's own, that is asked. A parent
    that is not in the pipeline counts as one that never ends.
    """
    if type(pipeline).node_dependencies is _OWN_DEPENDENCIES:
        view = pipeline._graph_view()
        # The view is in the order of the nodes. The lists are shared, and only read.
        return view.children, [len(parents) for parents in view.parents]  # type: ignore[return-value]  # TaskId is int
    position = {node: TaskId(number) for number, node in enumerate(nodes)}
    dependencies = pipeline.node_dependencies
    children: list[list[TaskId]] = [[] for _ in nodes]
    waits = [0] * len(nodes)
    for number, node in enumerate(nodes):
        parents = dependencies.get(node, ())
        waits[number] = len(parents)
        for parent in parents:
            parent_number = position.get(parent)
            if parent_number is not None:
                children[parent_number].append(TaskId(number))
    return children, waits
