"""Slices of a pipeline: which nodes they select and what they say about unknown names."""

from collections.abc import Callable
from typing import Any

import pytest

from deodar.pipeline import Node, Pipeline


def func(*args: Any, **kwargs: Any) -> Any:
    return args or kwargs


def made(inputs: Any, outputs: Any, name: str, **kwargs: Any) -> Node:
    return Node(func, inputs, outputs, name=name, **kwargs)


PIPELINE = Pipeline(
    [
        made(["A", "params:p"], "B", "n1", tags=["t1"]),
        made("B", "C", "n2", tags=["t1", "t2"]),
        made("C", ["D", "E"], "n3"),
        made("D", "F", "n4", namespace="ns.s"),
        made(["E", "F"], "G", "n5", namespace="ns"),
        made("A", "H@node1", "n6"),
        made("H@node2", "I", "n7", namespace="ns1"),
        made("H@node3", "J", "n8", namespace="ns10"),
        made(None, "K", "n9"),
    ]
)


def selected(result: Pipeline) -> list[str]:
    return sorted(node._name or "" for node in result.nodes)


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        (lambda p: p.only_nodes("n3", "n1"), "n1 n3"),
        (lambda p: p.only_nodes("n1", "n1"), "n1"),
        (lambda p: p.only_nodes("ns.s.n4"), "n4"),
        (lambda p: p.only_nodes(), ""),
        (lambda p: p.only_nodes_with_inputs("A"), "n1 n6"),
        (lambda p: p.only_nodes_with_inputs("H"), "n7 n8"),
        (lambda p: p.only_nodes_with_inputs("H@node2"), "n7"),
        (lambda p: p.only_nodes_with_inputs("H@node2", "H"), "n7 n8"),
        (lambda p: p.only_nodes_with_inputs("H@node1"), ""),
        (lambda p: p.only_nodes_with_inputs("G"), ""),
        (lambda p: p.from_inputs("B"), "n2 n3 n4 n5"),
        (lambda p: p.from_inputs("params:p"), "n1 n2 n3 n4 n5"),
        (lambda p: p.from_inputs("H@node3"), "n8"),
        (lambda p: p.from_inputs("G"), ""),
        (lambda p: p.only_nodes_with_outputs("E", "B"), "n1 n3"),
        (lambda p: p.only_nodes_with_outputs("H"), "n6"),
        (lambda p: p.only_nodes_with_outputs("H@node2"), ""),
        (lambda p: p.only_nodes_with_outputs("H@node1", "H@node2"), "n6"),
        (lambda p: p.to_outputs("F"), "n1 n2 n3 n4"),
        (lambda p: p.to_outputs("I"), "n6 n7"),
        (lambda p: p.to_outputs("A"), ""),
        (lambda p: p.from_nodes("n3", "n9"), "n3 n4 n5 n9"),
        (lambda p: p.from_nodes(), ""),
        (lambda p: p.to_nodes("n3"), "n1 n2 n3"),
        (lambda p: p.only_nodes_with_tags("t2", "zz"), "n2"),
        (lambda p: p.only_nodes_with_tags("t1"), "n1 n2"),
        (lambda p: p.only_nodes_with_tags("zz"), ""),
        (lambda p: p.only_nodes_with_tags(), ""),
        (lambda p: p.only_nodes_with_namespaces(["ns"]), "n4 n5"),
        (lambda p: p.only_nodes_with_namespaces(["ns1"]), "n7"),
        (lambda p: p.only_nodes_with_namespaces(["ns", "ns.s"]), "n4 n5"),
        (lambda p: p.only_nodes_with_namespaces([]), ""),
        (lambda p: p.filter(), "n1 n2 n3 n4 n5 n6 n7 n8 n9"),
        (lambda p: p.filter(tags=[], node_names=[]), "n1 n2 n3 n4 n5 n6 n7 n8 n9"),
        (lambda p: p.filter(tags=["t1"]), "n1 n2"),
        (lambda p: p.filter(from_nodes=["n2"], to_nodes=["n3"]), "n2 n3"),
        (lambda p: p.filter(from_inputs=["A"], to_outputs=["F"]), "n1 n2 n3 n4"),
        (lambda p: p.filter(node_namespaces=["ns"], from_nodes=["n3"]), "n4 n5"),
        (lambda p: p.filter(tags=("t2",), node_names=iter(["n2"])), "n2"),
    ],
)
def test_slice_selects(select: Callable[[Pipeline], Pipeline], expected: str) -> None:
    assert " ".join(selected(select(PIPELINE))) == expected


@pytest.mark.parametrize(
    ("select", "message"),
    [
        (lambda p: p.only_nodes("n1", "x"), "Pipeline does not contain nodes named ['x']."),
        (
            lambda p: p.only_nodes("n4"),
            "Pipeline does not contain nodes named ['n4']. Did you mean: ['ns.s.n4']?",
        ),
        (lambda p: p.from_nodes("x"), "Pipeline does not contain nodes named ['x']."),
        (lambda p: p.to_nodes("s.n4"), "nodes named ['s.n4']. Did you mean: ['ns.s.n4']?"),
        (lambda p: p.from_inputs("Z", "W"), "Pipeline does not contain datasets named ['W', 'Z']"),
        (lambda p: p.only_nodes_with_inputs("H@nope"), "Pipeline does not contain datasets named ['H@nope']"),
        (lambda p: p.to_outputs("Q"), "Pipeline does not contain datasets named ['Q']"),
        (
            lambda p: p.only_nodes_with_namespaces(["bad", "ns", "worse"]),
            "Pipeline does not contain nodes with the following namespaces: ['bad', 'worse']",
        ),
        (lambda p: p.filter(tags=["zz"]), "Pipeline contains no nodes after applying all provided filters."),
        (
            lambda p: p.filter(node_names=["n9"], tags=["t1"]),
            "Pipeline contains no nodes after applying all provided filters.",
        ),
        (lambda p: Pipeline([]).filter(), "Pipeline contains no nodes after applying all provided filters."),
        (lambda p: p.filter(from_inputs=["zz"]), "Pipeline does not contain datasets named ['zz']"),
    ],
)
def test_slice_of_nothing_says_what_is_wrong(select: Callable[[Pipeline], Pipeline], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        select(PIPELINE)
    assert message in str(caught.value)


def test_slice_leaves_the_pipeline_alone() -> None:
    before = PIPELINE.to_json()
    PIPELINE.only_nodes("n1").tag("q")
    assert PIPELINE.to_json() == before


def test_slice_knows_its_own_inputs_and_outputs() -> None:
    middle = PIPELINE.only_nodes("n2", "n3")
    assert middle.inputs() == {"B"} and middle.outputs() == {"D", "E"}
