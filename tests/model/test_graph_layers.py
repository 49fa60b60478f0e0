"""Graphs on integers against answers found the slow way."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from deodar.pipeline._graph import children_of, cyclic_core, find_cycle, layers, reachable, shortest_path

# No deadline: the machine that runs these may be busy.
quick = settings(max_examples=100, deadline=None)


@st.composite
def graphs(draw: st.DrawFn) -> list[list[int]]:
    size = draw(st.integers(0, 9))
    return [sorted(draw(st.sets(st.integers(0, size - 1), max_size=3)) - {vertex}) for vertex in range(size)]


def closure(parents: list[list[int]]) -> list[set[int]]:
    """Return for each vertex all that it can be reached from, by repeating single steps."""
    found = [set(sources) for sources in parents]
    for _ in parents:
        for vertex, sources in enumerate(parents):
            for source in sources:
                found[vertex] |= found[source]
    return found


@quick
@given(graphs())
def test_layers_place_exactly_what_no_cycle_reaches(parents: list[list[int]]) -> None:
    rows, stuck = layers(parents, children_of(parents), str)
    above = closure(parents)
    cyclic = {vertex for vertex, sources in enumerate(above) if vertex in sources}
    expected = [vertex for vertex, sources in enumerate(above) if vertex in cyclic or sources & cyclic]
    assert stuck == expected
    level = {vertex: depth for depth, row in enumerate(rows) for vertex in row}
    for vertex, depth in level.items():
        assert depth == max((level[parent] + 1 for parent in parents[vertex]), default=0)


@quick
@given(graphs())
def test_cycle_found_is_one(parents: list[list[int]]) -> None:
    _, stuck = layers(parents, children_of(parents), str)
    if stuck:
        cycle = find_cycle(parents, stuck)
        assert len(set(cycle)) == len(cycle)
        assert all(before in parents[after] for before, after in zip(cycle, cycle[1:] + cycle[:1], strict=True))


@quick
@given(graphs())
def test_core_lies_between_cycles(parents: list[list[int]]) -> None:
    above, below = closure(parents), closure(children_of(parents))
    cyclic = {vertex for vertex, sources in enumerate(above) if vertex in sources}
    between = [v for v in range(len(parents)) if v in cyclic or (above[v] & cyclic and below[v] & cyclic)]
    assert cyclic_core(parents, children_of(parents)) == between


@quick
@given(graphs(), st.data())
def test_reach_is_the_closure(parents: list[list[int]], data: st.DataObject) -> None:
    start = data.draw(st.sets(st.integers(0, len(parents) - 1))) if parents else set()
    above = closure(parents)
    assert reachable(parents, start) == start.union(*(above[vertex] for vertex in start))


@quick
@given(graphs(), st.data())
def test_path_is_there_when_the_end_can_be_reached(parents: list[list[int]], data: st.DataObject) -> None:
    if parents:
        start, end = (data.draw(st.integers(0, len(parents) - 1)) for _ in range(2))
        path = shortest_path(children_of(parents), start, end)
        assert bool(path) == (start == end or start in closure(parents)[end])
        assert all(before in parents[after] for before, after in pairwise(path))
