"""From which nodes an unfinished pipeline can be taken up again."""

from __future__ import annotations

from typing import Any

import pytest

from deodar.io import AbstractDataset, DataCatalog, MemoryDataset
from deodar.pipeline import Pipeline, node
from deodar.runner.runner import _find_nodes_to_resume_from


class Persistent(AbstractDataset[Any, Any]):
    def load(self) -> Any:
        return 1

    def save(self, data: Any) -> None: ...

    def _describe(self) -> dict[str, Any]:
        return {}


def same(*x: Any) -> Any:
    return x


def catalog(*persistent: str) -> DataCatalog:
    return DataCatalog({name: Persistent() for name in persistent})


def hint(pipeline: Pipeline, unfinished: set[str], *persistent: str) -> set[str]:
    nodes = [each for each in pipeline.nodes if each.name in unfinished]
    return _find_nodes_to_resume_from(pipeline, nodes, catalog(*persistent))


TWO_BRANCHES = Pipeline(
    [
        node(same, "ds0_A", "_1", name="node1"),
        node(same, "ds0_B", "_2", name="node2"),
        node(same, "_1", "_3", name="node3"),
        node(same, ["_2", "_3"], "out", name="node4"),
    ]
)
TRIANGLE = Pipeline(
    [
        node(same, "ds0", "_1", name="node1"),
        node(same, "_1", "ds2", name="node2"),
        node(same, ["ds2", "_1"], "out", name="node3"),
    ]
)


def test_with_nothing_unfinished_there_is_nothing_to_resume() -> None:
    assert hint(TWO_BRANCHES, set()) == set()


def test_memory_is_walked_back_to_persistent_inputs() -> None:
    assert hint(TWO_BRANCHES, {"node4"}, "ds0_A", "ds0_B") == {"node1", "node2"}


def test_a_persistent_intermediate_stops_the_walk_but_memory_beside_it_does_not() -> None:
    assert hint(TRIANGLE, {"node3"}, "ds0", "ds2") == {"node1"}


def test_when_all_is_persistent_only_what_is_unfinished_runs_again() -> None:
    assert hint(TWO_BRANCHES, {"node3", "node4"}, "ds0_A", "ds0_B", "_1", "_2", "_3") == {"node3"}


def test_parameters_are_always_there() -> None:
    pipeline = Pipeline([node(same, "a", "b", name="one"), node(same, ["b", "params:p"], "c", name="two")])
    assert hint(pipeline, {"two"}, "a", "b") == {"two"}


@pytest.mark.parametrize("size", [3_000])
def test_a_long_chain_in_memory_is_walked_back_in_linear_time(size: int) -> None:
    pipeline = Pipeline([node(same, f"d{n}", f"d{n + 1}", name=f"n{n}") for n in range(size)])
    data = DataCatalog({"d0": Persistent(), "d5": MemoryDataset(1)})
    assert _find_nodes_to_resume_from(pipeline, [pipeline.nodes[-1]], data) == {"n0"}
