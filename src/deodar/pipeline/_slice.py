"""Which nodes of a pipeline a slice selects, as their numbers in its index."""

from collections.abc import Iterable

from ._graph import reachable
from ._index import Index
from .transcoding import _strip_transcoding


def named(index: Index, names: Iterable[str]) -> set[int]:
    """Return the nodes of these full names.

    Raises:
        ValueError: there is no such node.
    """
    wanted = dict.fromkeys(names)
    missing = [name for name in wanted if name not in index.position]
    if missing:
        raise ValueError(f"Pipeline does not contain nodes named {missing}.{_hint(index, missing)}")
    return {index.position[name] for name in wanted}


def _hint(index: Index, missing: list[str]) -> str:
    similar = [name for short in missing for name in index.position if name.endswith(f".{short}")]
    return f" Did you mean: {similar}?" if similar else ""


def in_namespaces(index: Index, namespaces: Iterable[str]) -> set[int]:
    """Return the nodes in any of the namespaces.

    Raises:
        ValueError: there is no node in one of them.
    """
    wanted = dict.fromkeys(namespaces, False)
    found = set()
    for number, node in enumerate(index.nodes):
        for prefix in node.namespace_prefixes:
            if prefix in wanted:
                wanted[prefix] = True
                found.add(number)
    unmatched = [namespace for namespace, matched in wanted.items() if not matched]
    if unmatched:
        raise ValueError(f"Pipeline does not contain nodes with the following namespaces: {unmatched}")
    return found


def tagged(index: Index, tags: Iterable[str]) -> set[int]:
    """Return the nodes with any of the tags."""
    wanted = set(tags)
    return {number for number, node in enumerate(index.nodes) if not wanted.isdisjoint(node._tags)}


def consuming(index: Index, datasets: Iterable[str]) -> set[int]:
    """Return the nodes that read any of the datasets; a full name selects that transcoding alone.

    Raises:
        ValueError: no node knows one of them.
    """
    found = set()
    for name in _known(index, datasets):
        for number in index.consumers.get(_strip_transcoding(name), ()):
            inputs, (bases, _) = index.nodes[number].input_names, index.nodes[number].base_names
            if name in inputs or name in bases:
                found.add(number)
    return found


def producing(index: Index, datasets: Iterable[str]) -> set[int]:
    """Return the nodes that write any of the datasets; a full name selects that transcoding alone.

    Raises:
        ValueError: no node knows one of them.
    """
    found = set()
    for name in _known(index, datasets):
        number = index.producer.get(_strip_transcoding(name))
        if number is not None:
            outputs, (_, bases) = index.nodes[number].output_names, index.nodes[number].base_names
            if name in outputs or name in bases:
                found.add(number)
    return found


def _known(index: Index, datasets: Iterable[str]) -> set[str]:
    wanted = set(datasets)
    inputs, outputs = index.full_names
    missing = sorted(
        name
        for name in wanted
        if name not in inputs and name not in outputs and name not in index.consumers and name not in index.producer
    )
    if missing:
        raise ValueError(f"Pipeline does not contain datasets named {missing}")
    return wanted


def downstream(index: Index, numbers: Iterable[int]) -> set[int]:
    """Return these nodes and all that need them."""
    return reachable(index.graph.children, numbers)


def upstream(index: Index, numbers: Iterable[int]) -> set[int]:
    """Return these nodes and all that they need."""
    return reachable(index.graph.parents, numbers)
