"""Making pipelines: what fits together, in which order it runs, and what can be asked of it."""

import copy
import importlib
import json
import pickle
import threading
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest

import deodar
from deodar.pipeline import Node, Pipeline, pipeline
from deodar.pipeline.pipeline import (
    CircularDependencyError,
    ConfirmNotUniqueError,
    OutputNotUniqueError,
    PipelineError,
)


def func(*args: Any, **kwargs: Any) -> Any:
    return args or kwargs


def made(inputs: Any, outputs: Any, name: str | None = None, **kwargs: Any) -> Node:
    return Node(func, inputs, outputs, name=name, **kwargs)


def names(nodes: Any) -> list[str]:
    return [node.name for node in nodes]


A, B, C = made("a", "b", "na"), made("b", "c", "nb"), made("c", "d", "nc")


def test_pipeline_of_none_is_refused() -> None:
    with pytest.raises(ValueError, match="'nodes' argument of 'Pipeline' is None"):
        Pipeline(None)  # type: ignore[arg-type]


def test_single_node_is_refused() -> None:
    with pytest.raises(TypeError, match="not iterable"):
        Pipeline(A)  # type: ignore[arg-type]


def test_other_items_than_nodes_and_pipelines_are_refused() -> None:
    with pytest.raises(AttributeError, match="'str' object has no attribute 'nodes'"):
        Pipeline(["abc"])  # type: ignore[list-item]


@pytest.mark.parametrize("nodes", [[], (), set(), Pipeline([])])
def test_empty_pipeline_is_valid_and_true(nodes: Any) -> None:
    empty = Pipeline(nodes)
    assert empty.nodes == [] and empty.grouped_nodes == [] and bool(empty)
    assert empty.inputs() == empty.outputs() == empty.datasets() == set()


def test_same_name_twice_is_refused_and_the_later_holder_named() -> None:
    with pytest.raises(ValueError) as caught:
        Pipeline([Pipeline([A, B]), B, A, Pipeline([A])])
    assert str(caught.value) == (
        "Pipeline nodes must have unique names. The following node names appear more than once:\n\n"
        "Free nodes:\n  - na\n  - nb\n"
        "Pipeline([Node(func, 'a', 'b', 'na')]):\n  - na\n\n"
        "You can name your nodes using the last argument of 'node()'."
    )


def test_dataset_with_and_without_transcoding_is_refused() -> None:
    nodes = [made("B", "x", "1"), made("q", "B@x", "2"), made("A@s", "z", "3"), made("A", "zz", "4")]
    with pytest.raises(ValueError, match="used with transcoding, but were referenced without the separator: A, B"):
        Pipeline(nodes)


@pytest.mark.parametrize(
    "nodes",
    [
        [made("B", ["E", "D"], "1"), made("q", "D", "2"), made("A", "E", "3")],
        [made("B", ["E@x", "D@x"], "1"), made("q", ["D@y", "E@y"], "2")],
        [made("B", ["E@x", "D@x", "E@y", "D@y"], "1")],
    ],
)
def test_dataset_with_two_producers_is_refused(nodes: list[Node]) -> None:
    with pytest.raises(OutputNotUniqueError) as caught:
        Pipeline(nodes)
    assert str(caught.value).startswith("Output(s) ['D', 'E'] are returned by more than one nodes.")


def test_dataset_confirmed_twice_is_refused() -> None:
    nodes = [made("B", "E", "1", confirms=["o@x", "E"]), made("q", "D", "2", confirms="o@y")]
    with pytest.raises(ConfirmNotUniqueError, match=r"\['o'\] datasets are confirmed by more than one node"):
        Pipeline(nodes)


def test_cycle_is_refused_and_only_its_nodes_named() -> None:
    nodes = [made("x", "y", "0"), made("B", "E", "3"), made("E", "F", "2"), made("F", "B", "1"), made("B", "z", "4")]
    with pytest.raises(CircularDependencyError, match=r"among the following 3 item\(s\)") as caught:
        Pipeline(nodes)
    assert "'4'" not in str(caught.value) and "'0'" not in str(caught.value)


@pytest.mark.parametrize("error", [OutputNotUniqueError, ConfirmNotUniqueError, CircularDependencyError, PipelineError])
def test_errors_are_known_by_the_module_of_pipelines(error: type[Exception]) -> None:
    assert error.__module__ == "deodar.pipeline.pipeline" and error.__bases__ == (Exception,)


def test_layers_hold_what_needs_earlier_layers_only_sorted_by_name() -> None:
    it = Pipeline([made("a", "d", "x"), made("a", "b", "z"), made("b", "c", "y"), made(["c", "d"], "e", "w")])
    assert [names(layer) for layer in it.grouped_nodes] == [["x", "z"], ["y"], ["w"]]
    assert names(it.nodes) == ["x", "z", "y", "w"]


def test_layers_are_the_same_list_each_time() -> None:
    it = Pipeline([A, B])
    assert it.grouped_nodes is it.grouped_nodes
    it.grouped_nodes[0].pop()
    assert names(it.nodes) == ["na", "nb"]


@pytest.mark.parametrize("ask", [lambda p: p.nodes, lambda p: p.inputs(), lambda p: p.datasets(), lambda p: p._nodes])
def test_answers_are_the_callers_own(ask: Callable[[Pipeline], Any]) -> None:
    it = Pipeline([A, B])
    ask(it).clear()
    assert ask(it)


def test_dependencies_are_direct_parents_in_order_of_construction() -> None:
    it = Pipeline([C, made(["b", "c", "b"], "q", "nq"), A, B])
    found = it.node_dependencies
    assert names(found) == ["nc", "nq", "na", "nb"]
    assert {node.name: sorted(names(parents)) for node, parents in found.items()} == {
        "nc": ["nb"],
        "nq": ["na", "nb"],
        "na": [],
        "nb": ["na"],
    }
    assert sorted(names(it._node_children[B])) == ["nc", "nq"]


def test_dependencies_are_a_property_that_can_be_replaced() -> None:
    with mock.patch.object(Pipeline, "node_dependencies", new_callable=mock.PropertyMock, return_value="replaced"):
        assert Pipeline([A]).node_dependencies == "replaced"  # type: ignore[comparison-overlap]


def test_transcoded_forms_make_an_edge_and_keep_their_names() -> None:
    it = Pipeline([made("a", "B@pd", "1"), made("B@sp", "C", "2"), made("Z@q", "D", "3"), made(None, "E@q", "4")])
    assert names(it.nodes) == ["1", "3", "4", "2"]
    assert it.inputs() == {"a", "Z@q"} and it.outputs() == {"C", "D", "E@q"}
    assert it.datasets() == {"a", "B@pd", "B@sp", "C", "Z@q", "D", "E@q"}
    assert set(it._nodes_by_input) == {"a", "B", "Z"} and set(it._nodes_by_output) == {"B", "C", "D", "E"}


def test_parameters_can_be_produced() -> None:
    it = Pipeline([made(["params:x", "parameters"], "y", "2"), made("a", "params:x", "1")])
    assert names(it.nodes) == ["1", "2"] and it.inputs() == {"a", "parameters"}


def test_nested_pipelines_are_flattened_in_topological_order() -> None:
    assert names(Pipeline([Pipeline([C, A]), B])._nodes) == ["na", "nc", "nb"]
    assert names(Pipeline(Pipeline([C, B, A]))._nodes) == ["na", "nb", "nc"]


def test_any_iterable_of_nodes_will_do() -> None:
    assert names(Pipeline(iter([B, A])).nodes) == names(Pipeline({A: 1, B: 2}).nodes) == ["na", "nb"]


def test_pipeline_function_makes_a_new_pipeline() -> None:
    it = Pipeline([A])
    assert pipeline(it) is not it and names(pipeline(it).nodes) == ["na"]


def test_tags_reach_all_nodes_and_leave_the_originals_alone() -> None:
    it = Pipeline([A, B], tags=["t"])
    assert all(node.tags == {"t"} for node in it.nodes) and A.tags == set()
    assert all(node.tags == {"t", "u"} for node in it.tag("u").nodes)


def test_description_lists_inputs_nodes_and_outputs() -> None:
    end = "#" * 34
    start = "#### Pipeline execution order ####\n"
    assert Pipeline([B, A]).describe() == f"{start}Inputs: a\n\nna\nnb\n\nOutputs: c\n{end}"
    shown = f"{start}Inputs: a\n\nna: func([a]) -> [b]\n\nOutputs: b\n{end}"
    assert Pipeline([A]).describe(names_only=False) == shown
    assert Pipeline([]).describe() == f"{start}Inputs: None\n\n\n\nOutputs: None\n{end}"


def test_json_holds_version_and_nodes_in_order_of_construction() -> None:
    assert json.loads(Pipeline([B.tag(["z", "y"]), A]).to_json()) == {
        "kedro_version": deodar.__version__,
        "pipeline": [
            {"name": "nb", "inputs": ["b"], "outputs": ["c"], "tags": ["y", "z"]},
            {"name": "na", "inputs": ["a"], "outputs": ["b"], "tags": []},
        ],
    }


def test_repr_shows_ten_nodes_at_most() -> None:
    nodes = [made("x", f"y{i}", f"n{i}") for i in range(11)]
    assert repr(Pipeline([])) == "Pipeline([])"
    assert repr(Pipeline([A])) == "Pipeline([\nNode(func, 'a', 'b', 'na')\n])"
    assert repr(Pipeline(nodes)).count("Node(") == 10 and repr(Pipeline(nodes)).endswith(",\n...\n])")
    assert "..." not in repr(Pipeline(nodes[:10]))


P, Q = Pipeline([A, B]), Pipeline([B, C])


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (P + Q, ["na", "nb", "nc"]),
        (P | Q, ["na", "nb", "nc"]),
        (P - Q, ["na"]),
        (P & Q, ["nb"]),
        (sum([P, Q]), ["na", "nb", "nc"]),
        (P & Pipeline([]), []),
    ],
)
def test_operators_are_those_of_sets(result: Pipeline, expected: list[str]) -> None:
    assert names(result.nodes) == expected


def test_zero_plus_a_pipeline_is_that_pipeline() -> None:
    assert 0 + P is P  # type: ignore[comparison-overlap]
    with pytest.raises(TypeError):
        1 + P


@pytest.mark.parametrize("operator", ["__add__", "__or__", "__sub__", "__and__"])
def test_operators_refuse_what_is_no_pipeline(operator: str) -> None:
    assert getattr(P, operator)("x") is NotImplemented


def test_sum_keeps_the_left_one_of_equal_nodes() -> None:
    left = Node(func, "a", "b", name="na", tags="left")
    assert (Pipeline([left]) + Pipeline([A])).nodes[0].tags == {"left"}


@pytest.mark.parametrize(
    ("node", "error"),
    [
        (made("zz", "yy", "na"), ValueError),
        (made("zz", "b", "nz"), OutputNotUniqueError),
        (made("c", "a", "nz"), CircularDependencyError),
        (made("b@x", "yy", "nz"), ValueError),
    ],
)
def test_sum_of_what_does_not_fit_is_refused(node: Node, error: type[Exception]) -> None:
    with pytest.raises(error):
        P + Pipeline([node])


def test_failed_sum_leaves_its_parts_alone() -> None:
    with pytest.raises(OutputNotUniqueError):
        P + Pipeline([made("a", "b", "nz")])
    assert names(P.nodes) == ["na", "nb"] and names((P + Pipeline([made("a", "e", "ne")])).nodes)[0] == "na"
    assert names(P._nodes_by_input["a"]) == ["na"]


def test_results_of_a_subclass_are_plain() -> None:
    class Special(Pipeline):
        pass

    it = Special([A, B])
    for result in (it + Q, it - Q, it.tag("t"), it.only_nodes("na"), it.filter()):
        assert type(result) is Pipeline


def test_view_numbers_nodes_in_topological_order() -> None:
    nodes = [made("q", None, "no"), made(["b", "c@x", "c@y"], None, "nq"), made("b", "c@x", "nb"), A]
    view = Pipeline(nodes).only_nodes("na", "nb", "nq")._graph_view()
    assert names(view.nodes) == ["na", "nb", "nq"]
    assert view.parents == [[], [0], [0, 1]] and view.children == [[1, 2], [2], []]
    assert view.producer == {"b": 0, "c": 1} and view.consumers == {"a": [0], "b": [1, 2], "c": [2]}


def test_threads_that_ask_at_once_get_one_answer() -> None:
    total = sum([Pipeline([made(f"d{i}", f"d{i + 1}", f"n{i}")]) for i in range(300)])
    barrier = threading.Barrier(4)
    answers: list[Any] = []

    def ask() -> None:
        barrier.wait(timeout=30)
        answers.append((total.grouped_nodes, total._graph_view()))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len({(id(layers), id(view)) for layers, view in answers}) == 1
    assert len(answers[0][0]) == 300


def test_pipeline_goes_through_pickle_and_deepcopy() -> None:
    it = Pipeline([C, B, A], tags="t")
    for twin in (pickle.loads(pickle.dumps(it)), copy.deepcopy(it)):
        assert twin.nodes == it.nodes and twin._nodes == it._nodes and twin.inputs() == {"a"}


def test_subclass_keeps_its_attributes_through_pickle() -> None:
    it = Pipeline([A])
    it.extra = 3  # type: ignore[attr-defined]
    assert pickle.loads(pickle.dumps(it)).extra == 3


def test_state_of_another_implementation_unpickles() -> None:
    it = object.__new__(Pipeline)
    it.__setstate__(
        {
            "_nodes": [B, A],
            "_nodes_by_name": {},
            "_toposorter": object(),
            "_toposorted_nodes": [],
            "nodes": [],
            "grouped_nodes": [],
        }
    )
    assert names(it.nodes) == ["na", "nb"] and set(it.__dict__) == {"_index"}


def test_package_attributes_are_functions_and_its_modules_are_importable() -> None:
    import deodar.pipeline as package

    assert callable(package.node) and callable(package.pipeline)
    assert importlib.import_module("deodar.pipeline.pipeline").TRANSCODING_SEPARATOR == "@"
    assert importlib.import_module("deodar.pipeline.node").Node is Node


def test_modular_pipeline_is_still_importable() -> None:
    from deodar.pipeline import modular_pipeline

    assert modular_pipeline.pipeline is pipeline and modular_pipeline.ModularPipelineError is PipelineError


@pytest.mark.parametrize(
    ("check", "nodes", "error"),
    [
        ("_validate_duplicate_nodes", [A, A], ValueError),
        ("_validate_transcoded_inputs_outputs", [A, made("b@x", "c", "n")], ValueError),
        ("_validate_unique_outputs", [A, made("x", "b", "n")], OutputNotUniqueError),
        ("_validate_unique_confirms", [A._copy(confirms="q"), B._copy(confirms="q")], ConfirmNotUniqueError),
    ],
)
def test_single_checks_have_names_of_their_own(check: str, nodes: list[Node], error: type[Exception]) -> None:
    with pytest.raises(error):
        getattr(importlib.import_module("deodar.pipeline.pipeline"), check)(nodes)
