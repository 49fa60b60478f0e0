"""A pipeline in words and as JSON."""

import sys
from collections.abc import Iterable

from ._index import Index
from .node import Node

_TITLE = "#### Pipeline execution order ####"
_MOST_SHOWN = 10
_PACKAGE = __name__.partition(".")[0]


def describe(index: Index, names_only: bool) -> str:
    """Return inputs, nodes in the order they run, and outputs."""
    nodes = index.ordered_nodes()
    lines = [node.name if names_only else str(node) for node in nodes]
    inputs, outputs = _listed(index.inputs()), _listed(index.outputs())
    return "\n".join([_TITLE, f"Inputs: {inputs}", "", "\n".join(lines), "", f"Outputs: {outputs}", "#" * len(_TITLE)])


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "None"


def represent(nodes: list[Node]) -> str:
    """Return nodes as the pipeline's repr."""
    if not nodes:
        return "Pipeline([])"
    shown = ",\n".join(map(repr, nodes[:_MOST_SHOWN]))
    more = ",\n..." if len(nodes) > _MOST_SHOWN else ""
    return f"Pipeline([\n{shown}{more}\n])"


def to_json(nodes: list[Node]) -> str:
    """Return nodes as JSON, with the version of the running package."""
    # Imported here: few programs ask for it.
    import json

    described = [
        {"name": node.name, "inputs": node.inputs, "outputs": node.outputs, "tags": sorted(node.tags)} for node in nodes
    ]
    return json.dumps({"kedro_version": sys.modules[_PACKAGE].__version__, "pipeline": described})
