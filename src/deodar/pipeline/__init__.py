"""Nodes and pipelines: what a project computes, from what and into what."""

from .node import GroupedNodes, Node, node

__all__ = ["GroupedNodes", "Node", "node"]
