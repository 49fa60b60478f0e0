"""Directed graphs on the integers 0 to n - 1.

A graph is two lists: ``parents[i]`` and ``children[i]`` hold the neighbours of vertex ``i``. Everything here is
linear in vertices and edges, free of recursion, and gives the same answer for the same input.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence

Adjacency = Sequence[Sequence[int]]


def children_of(parents: Adjacency) -> list[list[int]]:
    """Return the reverse of an adjacency, neighbours in ascending order."""
    children: list[list[int]] = [[] for _ in parents]
    for vertex, sources in enumerate(parents):
        for source in sources:
            children[source].append(vertex)
    return children


def layers(parents: Adjacency, children: Adjacency, key: Callable[[int], str]) -> tuple[list[list[int]], list[int]]:
    """Group vertices into topological layers: the parents of each lie in earlier layers, one in the last.

    Args:
        parents: the graph.
        children: its reverse.
        key: what to sort each layer by.

    Returns:
        The layers, and in ascending order the vertices that no order can hold: those on a cycle and all
        that come after one.
    """
    missing = [len(sources) for sources in parents]
    layer = sorted((vertex for vertex, count in enumerate(missing) if not count), key=key)
    result: list[list[int]] = []
    placed = 0
    while layer:
        result.append(layer)
        placed += len(layer)
        ready: list[int] = []
        for vertex in layer:
            for child in children[vertex]:
                missing[child] -= 1
                if not missing[child]:
                    ready.append(child)
        if len(ready) > 1:
            ready.sort(key=key)
        layer = ready
    stuck = [vertex for vertex, count in enumerate(missing) if count] if placed < len(parents) else []
    return result, stuck


def reachable(adjacency: Adjacency, start: Iterable[int]) -> set[int]:
    """Return the start vertices and all that can be reached from them: with ``parents`` their ancestors."""
    found = set(start)
    frontier = list(found)
    while frontier:
        for neighbour in adjacency[frontier.pop()]:
            if neighbour not in found:
                found.add(neighbour)
                frontier.append(neighbour)
    return found


def find_cycle(parents: Adjacency, stuck: Iterable[int]) -> list[int]:
    """Return one cycle, each vertex followed by a child of it and the last by the first.

    Args:
        parents: the graph.
        stuck: what ``layers`` could not place. Every one of them has a parent among them.
    """
    among = set(stuck)
    vertex = min(among)
    path: list[int] = []
    position: dict[int, int] = {}
    while vertex not in position:
        position[vertex] = len(path)
        path.append(vertex)
        vertex = next(parent for parent in parents[vertex] if parent in among)
    cycle = path[position[vertex] :]
    cycle.reverse()
    first = cycle.index(min(cycle))
    return cycle[first:] + cycle[:first]


def cyclic_core(parents: Adjacency, children: Adjacency) -> list[int]:
    """Return in ascending order the vertices on cycles and those between cycles."""
    after = layers(parents, children, key=str)[1]
    if not after:
        return after
    # What is left comes after a cycle; peeling it from the other end leaves what also comes before one.
    among = set(after)
    missing = {vertex: sum(child in among for child in children[vertex]) for vertex in after}
    ends = [vertex for vertex, count in missing.items() if not count]
    while ends:
        vertex = ends.pop()
        among.discard(vertex)
        for parent in parents[vertex]:
            if parent in among:
                missing[parent] -= 1
                if not missing[parent]:
                    ends.append(parent)
    return sorted(among)


def shortest_path(children: Adjacency, start: int, end: int) -> list[int]:
    """Return the vertices on a shortest path, both ends included; empty when there is none."""
    came_from = {start: start}
    queue = deque([start])
    while queue and end not in came_from:
        vertex = queue.popleft()
        for child in children[vertex]:
            if child not in came_from:
                came_from[child] = vertex
                queue.append(child)
    if end not in came_from:
        return []
    path = [end]
    while path[-1] != start:
        path.append(came_from[path[-1]])
    return path[::-1]
