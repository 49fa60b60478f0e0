"""Nodes in groups that a deployment can run as units."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ._graph import children_of, cyclic_core
from ._index import Index
from ._warning import warn
from .node import Node


@dataclass
class GroupedNodes:
    """Nodes that a deployment can run as one unit.

    Attributes:
        name: of the group.
        type: ``namespace`` or ``nodes``.
        nodes: names of its nodes in topological order.
        dependencies: names of the groups that must run before.
    """

    __module__ = f"{__package__}.node"

    name: str
    type: str
    nodes: list[str] = field(default_factory=list)
    dependencies: list[str] = field(default_factory=list)


def grouped(index: Index, group_by: str | None) -> list[GroupedNodes]:
    """Return the groups in the order in which their first nodes run.

    Args:
        index: the nodes.
        group_by: ``namespace`` for the outermost namespaces, ``none`` for a group per node.

    Raises:
        ValueError: ``group_by`` is neither.
    """
    match group_by.lower() if isinstance(group_by, str) else group_by:
        case "namespace":
            groups = _groups(index, _outermost)
            _warn_of_cycles(groups)
            return groups
        case None | "none":
            return _groups(index, lambda node: (node.name, "nodes"))
    raise ValueError(f"Unsupported group_by strategy: {group_by}")


def _outermost(node: Node) -> tuple[str, str]:
    return (node.namespace.partition(".")[0], "namespace") if node.namespace else (node.name, "nodes")


def _groups(index: Index, key: Callable[[Node], tuple[str, str]]) -> list[GroupedNodes]:
    groups: dict[str, GroupedNodes] = {}
    dependencies: dict[str, dict[str, None]] = {}
    for number in index.graph.order:
        node = index.nodes[number]
        name, kind = key(node)
        groups.setdefault(name, GroupedNodes(name, kind)).nodes.append(node.name)
        needed = dependencies.setdefault(name, {})
        parents = sorted((index.nodes[parent] for parent in index.graph.parents[number]), key=lambda each: each.name)
        needed.update(dict.fromkeys(group for parent in parents if (group := key(parent)[0]) != name))
    for name, needed in dependencies.items():
        groups[name].dependencies.extend(needed)
    return list(groups.values())


def _warn_of_cycles(groups: list[GroupedNodes]) -> None:
    number = {group.name: position for position, group in enumerate(groups)}
    parents = [sorted(number[name] for name in group.dependencies) for group in groups]
    core = cyclic_core(parents, children_of(parents))
    if core:
        names = [groups[position].name for position in core]
        warn(
            f"The groups {names} depend on each other, so that none of them can run first as one unit. "
            f"Move the nodes between them into one namespace."
        )
