"""From which nodes an unfinished pipeline can be taken up again: the hint that is logged when a run fails."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from ..pipeline.transcoding import _strip_transcoding

if TYPE_CHECKING:
    from ..pipeline import Node, Pipeline
    from ._catalog import Catalog


def _find_nodes_to_resume_from(pipeline: Pipeline, unfinished_nodes: Collection[Node], catalog: Catalog) -> set[str]:
    """Return the names of the nodes to start from, so that everything unfinished gets its inputs."""
    nodes = _find_all_nodes_for_resumed_pipeline(pipeline, unfinished_nodes, catalog)
    return {node.name for node in _find_initial_node_group(pipeline, nodes)}


def _find_all_nodes_for_resumed_pipeline(
    pipeline: Pipeline, unfinished_nodes: Iterable[Node], catalog: Catalog
) -> set[Node]:
    """Return the unfinished nodes, what must run again to give them data that was in memory, and all downstream."""
    needed = set(unfinished_nodes)
    frontier = _nodes_with_external_inputs(needed)
    while frontier:
        missing = _enumerate_non_persistent_inputs(frontier, catalog)
        frontier = set(_enumerate_nodes_with_outputs(pipeline, missing)) - needed
        needed |= frontier
    if not needed:
        return needed
    return set(pipeline.from_nodes(*(node.name for node in needed)).nodes)


def _nodes_with_external_inputs(nodes: Iterable[Node]) -> set[Node]:
    """Return the nodes that read something which none of the nodes produces."""
    nodes = list(nodes)
    produced = {_strip_transcoding(name) for node in nodes for name in node.outputs}
    return {node for node in nodes if any(_strip_transcoding(name) not in produced for name in node.inputs)}


def _enumerate_non_persistent_inputs(nodes: Iterable[Node], catalog: Catalog) -> set[str]:
    """Return what the nodes read that is gone once the process is."""
    names = {name for node in nodes for name in node.inputs}
    datasets = catalog._datasets
    return {
        name
        for name in names
        if not name.startswith("params:")
        and name != "parameters"
        and (name not in datasets or getattr(datasets[name], "_EPHEMERAL", False))
    }


def _enumerate_nodes_with_outputs(pipeline: Pipeline, outputs: Collection[str]) -> list[Node]:
    """Return the nodes that produce one of the names, in any transcoding."""
    producers = pipeline._nodes_by_output
    bases = sorted({_strip_transcoding(name) for name in outputs})
    return list(dict.fromkeys(producers[base] for base in bases if base in producers))


def _find_initial_node_group(pipeline: Pipeline, nodes: Collection[Node]) -> list[Node]:
    """Return those of the nodes that can run first."""
    if not nodes:
        return []
    return list(pipeline.only_nodes(*(node.name for node in nodes)).grouped_nodes[0])
