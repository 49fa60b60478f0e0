"""Graphs on integers: layers, reach, cycles, paths."""

from deodar.pipeline._graph import children_of, cyclic_core, find_cycle, layers, reachable, shortest_path

DIAMOND = [[], [0], [0], [1, 2]]


def test_children_are_the_reverse_of_parents() -> None:
    assert children_of(DIAMOND) == [[1, 2], [3], [3], []]


def test_layers_are_sorted_by_the_key() -> None:
    rows, stuck = layers(DIAMOND, children_of(DIAMOND), "dcba".__getitem__)
    assert (rows, stuck) == ([[0], [2, 1], [3]], [])


def test_layers_leave_out_cycles_and_what_follows() -> None:
    parents = [[], [0, 3], [1], [2], [3]]
    assert layers(parents, children_of(parents), str) == ([[0]], [1, 2, 3, 4])


def test_cycle_follows_the_edges_from_its_least_vertex() -> None:
    parents = [[], [0, 3], [1], [2], [3]]
    assert find_cycle(parents, [1, 2, 3, 4]) == [1, 2, 3]


def test_reach_includes_the_start() -> None:
    assert reachable(children_of(DIAMOND), [1]) == {1, 3}
    assert reachable(DIAMOND, [3]) == {0, 1, 2, 3}
    assert reachable(DIAMOND, []) == set()


def test_core_is_free_of_what_comes_before_and_after_cycles() -> None:
    parents = [[], [0, 2], [1], [2], [3, 5], [4], [5]]
    assert cyclic_core(parents, children_of(parents)) == [1, 2, 3, 4, 5]
    assert cyclic_core(DIAMOND, children_of(DIAMOND)) == []


def test_shortest_path_includes_both_ends() -> None:
    children = [[1, 2], [3], [4], [4], []]
    assert shortest_path(children, 0, 4) == [0, 2, 4]
    assert shortest_path(children, 4, 0) == []
    assert shortest_path(children, 2, 2) == [2]


def test_long_chain_needs_no_recursion() -> None:
    parents: list[list[int]] = [[], *([vertex] for vertex in range(20_000))]
    children = children_of(parents)
    rows, _ = layers(parents, children, str)
    assert len(rows) == 20_001 and len(reachable(children, [0])) == 20_001
    assert len(shortest_path(children, 0, 20_000)) == 20_001
