"""Nodes and pipelines: what a project computes, from what and into what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._front_door import front_door
from .node import Node, node
from .pipeline import Pipeline, pipeline

if TYPE_CHECKING:
    from ._grouping import GroupedNodes
    from .llm_context import LLMContext, LLMContextNode, llm_context_node, tool

__all__ = [
    "GroupedNodes",
    "LLMContext",
    "LLMContextNode",
    "Node",
    "Pipeline",
    "llm_context_node",
    "node",
    "pipeline",
    "tool",
]

# What few projects use. `node` and `pipeline` share their names with modules, so they are here from the start.
__getattr__, __dir__ = front_door(
    __name__,
    {
        **dict.fromkeys(("LLMContext", "LLMContextNode", "llm_context_node", "tool"), "llm_context"),
        "GroupedNodes": "_grouping",
    },
)
