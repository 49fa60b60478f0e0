"""Nodes and pipelines: what a project computes, from what and into what."""

from .llm_context import LLMContext, LLMContextNode, llm_context_node, tool
from .node import GroupedNodes, Node, node
from .pipeline import Pipeline, pipeline

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
