"""Pipelines, statement by statement. Collected under the names ``deodar`` and ``kedro``."""

from __future__ import annotations

import importlib
import inspect
import json
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .claims import PACKAGE, Refused, check, refusals

package = importlib.import_module(PACKAGE)
pipelines = importlib.import_module(f"{PACKAGE}.pipeline")
nodes_module = importlib.import_module(f"{PACKAGE}.pipeline.node")
pipes_module = importlib.import_module(f"{PACKAGE}.pipeline.pipeline")
transcoding = importlib.import_module(f"{PACKAGE}.pipeline.transcoding")
llm = importlib.import_module(f"{PACKAGE}.pipeline.llm_context")
previews = importlib.import_module(f"{PACKAGE}.pipeline.preview_contract")
utils = importlib.import_module(f"{PACKAGE}.utils")
Node, node, Pipeline, pipeline = pipelines.Node, pipelines.node, pipelines.Pipeline, pipelines.pipeline
GroupedNodes = pipelines.GroupedNodes
PipelineError, OutputNotUniqueError = pipes_module.PipelineError, pipes_module.OutputNotUniqueError
ConfirmNotUniqueError = pipes_module.ConfirmNotUniqueError
CircularDependencyError = pipes_module.CircularDependencyError


def anything(*args: Any, **kwargs: Any) -> Any:
    return args or kwargs


def made(inputs: Any, outputs: Any, name: str | None = None, **options: Any) -> Any:
    return node(anything, inputs, outputs, name=name, **options)


def names(pipe: Any) -> list[str]:
    return [each.name for each in pipe.nodes]


@pytest.fixture(autouse=True)
def forget_warnings() -> Iterator[None]:
    """Let each test see the warnings that come once per process, in the way that suites do it."""
    for flag in ("__dotted_dataset_name_warned__", "__preview_fn_warned__"):
        if hasattr(Node, flag):
            delattr(Node, flag)
    yield


# --- 3. pipelines: construction ---------------------------------------------------------------------------------

SAME = "Pipeline nodes must have unique names. The following node names appear more than once:\n\n"
HOW = "\n\nYou can name your nodes using the last argument of 'node()'."


def twice() -> Any:
    return made("a", "b", "one")


@refusals(
    (lambda: Pipeline(None), ValueError, "'nodes' argument of 'Pipeline' is None"),
    (lambda: Pipeline(twice()), TypeError, "'Node' object is not iterable"),
    (lambda: Pipeline(["text"]), AttributeError, "'str' object has no attribute 'nodes'"),
    (lambda: Pipeline([twice(), twice()]), ValueError, f"{SAME}Free nodes:\n  - one{HOW}"),
    (
        lambda: Pipeline([twice(), Pipeline([made("a", "c", "one")])]),
        ValueError,
        f"{SAME}Pipeline([Node(anything, 'a', 'c', 'one')]):\n  - one{HOW}",
    ),
    (
        lambda: Pipeline([made("a", "b@x", "1"), made("b", "c", "2")]),
        ValueError,
        "The following datasets are used with transcoding, but were referenced without the separator: b.",
    ),
    (
        lambda: Pipeline([made("a", ["D", "E"], "1"), made("b", ["E", "D"], "2")]),
        OutputNotUniqueError,
        "Output(s) ['D', 'E'] are returned by more than one nodes. Node outputs must be unique.",
    ),
    (
        lambda: Pipeline([made("a", "B@pandas", "1"), made("b", "B@spark", "2")]),
        OutputNotUniqueError,
        "Output(s) ['B'] are returned by more than one nodes.",
    ),
    (
        lambda: Pipeline([made("a", "b", "1", confirms=["x", "other"]), made("a", "c", "2", confirms="other")]),
        ConfirmNotUniqueError,
        "['other'] datasets are confirmed by more than one node. Node confirms must be unique.",
    ),
    (
        lambda: Pipeline([made("a", "b", "1"), made("b", "a", "2")]),
        CircularDependencyError,
        "Circular dependencies exist among the following 2 item(s): [",
    ),
    (
        lambda: Pipeline([made("a", "b", "1", confirms="x"), made("z", "b", "2", confirms="x")]),
        OutputNotUniqueError,
        "Output(s) ['b']",
    ),
    (lambda: Pipeline([made("a@x", "b", "1"), made("a", "b", "2")]), ValueError, "used with transcoding"),
)
def test_nodes_that_do_not_fit_are_refused(row: Refused) -> None:
    check(row)


@pytest.mark.parametrize(
    "collect", [list, set, tuple, iter, dict.fromkeys, lambda x: Pipeline(x), lambda x: [Pipeline(x)]]
)
def test_any_iterable_makes_a_pipeline(collect: Callable[[Any], Any]) -> None:
    assert names(Pipeline(collect([made("b", "c", "2"), made("a", "b", "1")]))) == ["1", "2"]


def test_a_pipeline_of_a_pipeline_is_a_new_object() -> None:
    one = Pipeline([twice()])
    for make in (Pipeline, pipeline):
        assert make(one) is not one
        assert make(one).nodes == one.nodes
    assert type(pipeline([])) is Pipeline
    assert pipeline(one, tags="t").nodes[0].tags == {"t"} and one.nodes[0].tags == set()


def test_the_constructor_has_the_documented_signature() -> None:
    expected = ["nodes", "inputs", "outputs", "parameters", "tags", "namespace", "prefix_datasets_with_namespace"]
    for make in (Pipeline, pipeline):
        parameters = inspect.signature(make).parameters
        assert list(parameters) == expected
        assert all(parameters[name].kind is inspect.Parameter.KEYWORD_ONLY for name in expected[1:])


def test_a_subclass_may_hand_arguments_on() -> None:
    class Own(Pipeline):  # type: ignore[misc,valid-type]
        def __init__(self, nodes: Any, *args: Any, tags: Any = None, extra: Any = None) -> None:
            super().__init__(nodes, *args, tags=tags)
            self.extra = extra

    own = Own([twice()], tags="t", extra=1)
    assert own.extra == 1
    for result in (
        own.tag("u"),
        own + own,
        own & own,
        own | own,
        own - own,
        own.filter(tags="t"),
        own.only_nodes("one"),
    ):
        assert type(result) is Pipeline


# --- 3.2 and 3.3 order and queries ------------------------------------------------------------------------------


def zigzag() -> Any:
    return Pipeline([made(["c", "d"], "e", "w"), made("a", "d", "x"), made("b", "c", "y"), made("a", "b", "z")])


def diamond() -> Any:
    return Pipeline(
        [
            made(["a", "params:p"], ["b", "c"], "split", tags="t"),
            made("b", "d@one", "left", namespace="ns"),
            made({"x": "c", "y": "parameters"}, "e", "right", tags=["t", "u"]),
            made(["d@two", "e"], "f", "join"),
            made("e", None, "sink"),
        ]
    )


def test_order_is_that_of_layers_sorted_by_name() -> None:
    assert names(zigzag()) == ["x", "z", "y", "w"]
    assert [[each.name for each in layer] for layer in zigzag().grouped_nodes] == [["x", "z"], ["y"], ["w"]]
    mixed = [
        made(None, f"o{i}", n, namespace=s)
        for i, (n, s) in enumerate([("é", None), ("a", None), ("B", None), ("z", "A"), ("1", None)])
    ]
    assert names(Pipeline(mixed)) == ["1", "A.z", "B", "a", "é"]


def test_parameters_that_are_outputs_make_edges() -> None:
    assert names(Pipeline([made("params:p", "b", "a"), made("x", "params:p", "z")])) == ["z", "a"]


def test_dependencies_are_direct_parents() -> None:
    pipe = zigzag()
    assert {n.name: sorted(p.name for p in parents) for n, parents in pipe.node_dependencies.items()} == {
        "w": ["x", "y"],
        "x": [],
        "y": ["z"],
        "z": [],
    }
    assert {n.name: sorted(c.name for c in children) for n, children in pipe._node_children.items()} == {
        "w": [],
        "x": ["w"],
        "y": ["w"],
        "z": ["y"],
    }


def test_layers_are_a_real_list_each_time_the_same() -> None:
    pipe = zigzag()
    assert pipe.grouped_nodes is pipe.grouped_nodes
    assert pipe.grouped_nodes[0].pop().name == "z"
    assert [each.name for each in pipe.grouped_nodes[0]] == ["x"]


@pytest.mark.parametrize(
    ("ask", "expected"),
    [
        (Pipeline.all_inputs, {"a", "params:p", "b", "c", "parameters", "d@two", "e"}),
        (Pipeline.all_outputs, {"b", "c", "d@one", "e", "f"}),
        (Pipeline.inputs, {"a", "params:p", "parameters"}),
        (Pipeline.outputs, {"f"}),
        (Pipeline.datasets, {"a", "params:p", "b", "c", "parameters", "d@one", "d@two", "e", "f"}),
        (lambda p: Pipeline([made("B@pandas", "C@x", "n")]).inputs(), {"B@pandas"}),
        (lambda p: Pipeline([made("B@pandas", "C@x", "n")]).outputs(), {"C@x"}),
        (lambda p: set(p._nodes_by_name), {"split", "ns.left", "right", "join", "sink"}),
        (
            lambda p: {k: v.name for k, v in p._nodes_by_output.items()},
            {"b": "split", "c": "split", "d": "ns.left", "e": "right", "f": "join"},
        ),
        (lambda p: {each.name for each in p._nodes_by_input["e"]}, {"join", "sink"}),
        (lambda p: {each.name for each in p._nodes}, {"split", "ns.left", "right", "join", "sink"}),
    ],
)
def test_queries_know_the_datasets(ask: Callable[[Any], Any], expected: Any) -> None:
    assert ask(diamond()) == expected


def test_a_pipeline_is_no_container_and_always_true() -> None:
    assert bool(Pipeline([])) is True
    for ask in (len, iter):
        with pytest.raises(TypeError):
            ask(Pipeline([]))
    assert Pipeline([twice()]) != Pipeline([twice()])


@pytest.mark.parametrize(
    ("make", "names_only", "text"),
    [
        (
            zigzag,
            True,
            "#### Pipeline execution order ####\nInputs: a\n\nx\nz\ny\nw\n\nOutputs: e\n"
            "##################################",
        ),
        (
            lambda: Pipeline([made("b", None, "n", namespace="s")]),
            False,
            "#### Pipeline execution order ####\nInputs: b\n\nn: anything([b]) -> None\n\nOutputs: None\n"
            "##################################",
        ),
        (
            lambda: Pipeline([]),
            True,
            "#### Pipeline execution order ####\nInputs: None\n\n\n\nOutputs: None\n##################################",
        ),
    ],
)
def test_description_is_the_contracts(make: Callable[[], Any], names_only: bool, text: str) -> None:
    assert make().describe(names_only) == text


def test_json_is_the_contracts() -> None:
    pipe = Pipeline([made("b", ["c"], "2", tags="t"), made({"x": "a"}, "b", "1", namespace="s")])
    assert json.loads(pipe.to_json()) == {
        "kedro_version": package.__version__,
        "pipeline": [
            {"name": "2", "inputs": ["b"], "outputs": ["c"], "tags": ["t"]},
            {"name": "s.1", "inputs": ["a"], "outputs": ["b"], "tags": []},
        ],
    }


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "Pipeline([])"),
        (1, "Pipeline([\nNode(anything, 'i', 'o00', 'n00')\n])"),
        (10, "Pipeline([\n" + ",\n".join(f"Node(anything, 'i', 'o{n:02}', 'n{n:02}')" for n in range(10)) + "\n])"),
        (
            11,
            "Pipeline([\n" + ",\n".join(f"Node(anything, 'i', 'o{n:02}', 'n{n:02}')" for n in range(10)) + ",\n...\n])",
        ),
    ],
)
def test_repr_shows_ten_nodes(count: int, shown: str) -> None:
    assert repr(Pipeline([made("i", f"o{n:02}", f"n{n:02}") for n in range(count)])) == shown


# --- 3.4 operators and slices -----------------------------------------------------------------------------------

ONE, TWO, THREE = made("a", "b", "1"), made("b", "c", "2"), made("c", "d", "3")


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (lambda: Pipeline([ONE, TWO]) + Pipeline([TWO, THREE]), ["1", "2", "3"]),
        (lambda: Pipeline([ONE, TWO]) | Pipeline([TWO, THREE]), ["1", "2", "3"]),
        (lambda: Pipeline([ONE, TWO]) - Pipeline([TWO, THREE]), ["1"]),
        (lambda: Pipeline([ONE, TWO]) & Pipeline([TWO, THREE]), ["2"]),
        (lambda: sum([Pipeline([ONE]), Pipeline([TWO])]), ["1", "2"]),
        (lambda: Pipeline([]) + Pipeline([]), []),
    ],
)
def test_operators_work_on_sets_of_nodes(result: Callable[[], Any], expected: list[str]) -> None:
    assert names(result()) == expected


def test_zero_and_a_pipeline_are_the_pipeline_itself() -> None:
    one = Pipeline([ONE])
    assert 0 + one is one
    augmented = one
    augmented += Pipeline([TWO])
    assert names(augmented) == ["1", "2"] and names(one) == ["1"]


@refusals(
    (lambda: Pipeline([ONE]) - "x", TypeError, "unsupported operand type(s) for -: 'Pipeline' and 'str'"),
    (lambda: Pipeline([ONE]) + "x", TypeError, "unsupported operand type(s) for +: 'Pipeline' and 'str'"),
    (lambda: Pipeline([ONE]) & [ONE], TypeError, "unsupported operand type(s) for &: 'Pipeline' and 'list'"),
    (lambda: Pipeline([ONE]) | None, TypeError, "unsupported operand type(s) for |: 'Pipeline' and 'NoneType'"),
    (lambda: 1 + Pipeline([ONE]), TypeError, "unsupported operand type(s) for +: 'int' and 'Pipeline'"),
    (lambda: "x" + Pipeline([ONE]), TypeError, ""),
    (lambda: Pipeline([ONE]) + Pipeline([made("q", "r", "1")]), ValueError, f"{SAME}Free nodes:\n  - 1{HOW}"),
)
def test_operators_refuse_what_does_not_fit(row: Refused) -> None:
    check(row)


def test_a_sum_keeps_the_left_one_of_equal_nodes() -> None:
    left = Pipeline([made("a", "b", "1", tags="left")])
    assert (left + Pipeline([made("a", "b", "1", tags="right")])).nodes[0].tags == {"left"}


def wide() -> Any:
    """Two namespaces, one of them nested, transcoding, tags and a node on its own."""
    return Pipeline(
        [
            made("raw", "H@node4", "first", namespace="ns1", tags="t1"),
            made("H@node2", "mid", "second", namespace="ns1.s", tags=["t1", "t2"]),
            made("H@node3", "other", "third", namespace="ns10"),
            made(["mid", "params:q"], "end", "last"),
            made("solo", None, "lonely", tags="t3"),
        ]
    )


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        (lambda p: p.only_nodes("ns1.first", "last"), "last ns1.first"),
        (lambda p: p.only_nodes(), ""),
        (lambda p: p.only_nodes_with_namespaces(["ns1"]), "ns1.first ns1.s.second"),
        (lambda p: p.only_nodes_with_namespaces(["ns1.s", "ns10"]), "ns1.s.second ns10.third"),
        (lambda p: p.only_nodes_with_namespaces(["ns1", "ns1.s"]), "ns1.first ns1.s.second"),
        (lambda p: p.only_nodes_with_inputs("H"), "ns1.s.second ns10.third"),
        (lambda p: p.only_nodes_with_inputs("H@node2"), "ns1.s.second"),
        (lambda p: p.only_nodes_with_inputs("params:q"), "last"),
        (lambda p: p.only_nodes_with_inputs("end"), ""),
        (lambda p: p.from_inputs("H"), "ns1.s.second ns10.third last"),
        (lambda p: p.from_inputs("H@node2"), "ns1.s.second last"),
        (lambda p: p.from_inputs("end"), ""),
        (lambda p: p.from_inputs("raw"), "ns1.first ns1.s.second ns10.third last"),
        (lambda p: p.only_nodes_with_outputs("H"), "ns1.first"),
        (lambda p: p.only_nodes_with_outputs("H@node4"), "ns1.first"),
        (lambda p: p.only_nodes_with_outputs("H@node2"), ""),
        (lambda p: p.only_nodes_with_outputs("raw"), ""),
        (lambda p: p.to_outputs("end"), "ns1.first ns1.s.second last"),
        (lambda p: p.to_outputs("H@node2"), ""),
        (lambda p: p.to_outputs("H@node2", "H@node4"), "ns1.first"),
        (lambda p: p.to_outputs("raw"), ""),
        (lambda p: p.from_nodes("ns1.s.second"), "ns1.s.second last"),
        (lambda p: p.from_nodes(), ""),
        (lambda p: p.to_nodes("ns1.s.second"), "ns1.first ns1.s.second"),
        (lambda p: p.to_nodes(), ""),
        (lambda p: p.only_nodes_with_tags("t2", "t3"), "lonely ns1.s.second"),
        (lambda p: p.only_nodes_with_tags(), ""),
        (lambda p: p.only_nodes_with_tags("absent"), ""),
        (lambda p: p.filter(), "lonely ns1.first ns1.s.second ns10.third last"),
        (lambda p: p.filter(tags=[], node_names=(), from_nodes=None), "lonely ns1.first ns1.s.second ns10.third last"),
        (lambda p: p.filter(tags=["t1", "t3"], node_namespaces=["ns1"]), "ns1.first ns1.s.second"),
        (lambda p: p.filter(from_nodes=["ns1.first"], to_nodes=["last"]), "ns1.first ns1.s.second last"),
        (lambda p: p.filter(from_inputs=["H"], to_outputs=["end"]), "ns1.s.second last"),
        (lambda p: p.filter(tags=["t2"], from_nodes=["ns1.first"]), "ns1.s.second"),
        (lambda p: p.filter(["t1"], ["ns1.s.second"]), "ns1.s.second"),
        (lambda p: p.tag("new").only_nodes_with_tags("new"), "lonely ns1.first ns1.s.second ns10.third last"),
    ],
)
def test_slice_selects(select: Callable[[Any], Any], expected: str) -> None:
    assert names(select(wide())) == expected.split()


def test_criteria_of_a_filter_see_the_whole_pipeline() -> None:
    # Chained, the second would find no path through what the first left out.
    pipe = Pipeline([made("a", "b", "1", tags="t"), made("b", "c", "2"), made("c", "d", "3", tags="t")])
    assert names(pipe.filter(tags=["t"], from_nodes=["1"])) == ["1", "3"]


@refusals(
    (
        lambda: wide().only_nodes("second"),
        ValueError,
        "Pipeline does not contain nodes named ['second']. Did you mean: ['ns1.s.second']?",
    ),
    (lambda: wide().only_nodes("absent"), ValueError, "Pipeline does not contain nodes named ['absent']."),
    (lambda: wide().from_nodes("absent"), ValueError, "Pipeline does not contain nodes named ['absent']."),
    (lambda: wide().to_nodes("last", "absent"), ValueError, "Pipeline does not contain nodes named ['absent']."),
    (
        lambda: wide().only_nodes_with_namespaces(["ns1", "bad", "ns"]),
        ValueError,
        "Pipeline does not contain nodes with the following namespaces: ['bad', 'ns']",
    ),
    (
        lambda: wide().only_nodes_with_inputs("Z", "W", "raw"),
        ValueError,
        "Pipeline does not contain datasets named ['W', 'Z']",
    ),
    (lambda: wide().from_inputs("Z"), ValueError, "Pipeline does not contain datasets named ['Z']"),
    (lambda: wide().only_nodes_with_outputs("Z"), ValueError, "Pipeline does not contain datasets named ['Z']"),
    (lambda: wide().to_outputs("H@no"), ValueError, "Pipeline does not contain datasets named ['H@no']"),
    (
        lambda: wide().filter(tags=["absent"]),
        ValueError,
        "Pipeline contains no nodes after applying all provided filters.",
    ),
    (lambda: Pipeline([]).filter(), ValueError, "Pipeline contains no nodes after applying all provided filters."),
    (lambda: wide().filter(node_names="zy"), ValueError, "Pipeline does not contain nodes named ['z', 'y']"),
    (lambda: wide().filter(node_names=["absent"]), ValueError, "Pipeline does not contain nodes named ['absent']"),
)
def test_slice_of_what_is_not_there_is_refused(row: Refused) -> None:
    check(row)


# --- 3.5 interruptions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "messages"),
    [
        (
            [
                ("a", "b", "node1", "ns1"),
                ("b", "c", "node2", None),
                ("c", "d", "node3", "ns1.ns2"),
                ("d", "e", "node4", "ns1"),
            ],
            ["Namespace 'ns1' is interrupted by nodes ['node2'] and thus invalid."],
        ),
        ([("a", "b", "1", "ns1"), ("b", "c", "2", "ns1.child"), ("c", "d", "3", "ns1")], []),
        ([("a", "b", "1", "common"), ("b", "c", "2", "ns1"), ("b", "d", "3", "ns2")], []),
        (
            [
                ("a", "b", "node1", "ns1.child.grandchild"),
                ("b", "c", "node2", "ns2"),
                ("c", "d", "node3", "ns1.child"),
                ("d", "e", "node4", "ns1"),
            ],
            ["Namespace 'ns1' is interrupted by nodes ['ns2.node2'] and thus invalid."],
        ),
        ([("a", "b", "1", "ns"), ("b", "c", "2", None), ("c", "d", "3", None)], []),
    ],
)
def test_a_namespace_entered_again_warns(rows: list[tuple[Any, ...]], messages: list[str]) -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        Pipeline([made(i, o, n, namespace=s) for i, o, n, s in rows])
    assert [str(w.message) for w in seen] == messages


# --- 3.6 groups -------------------------------------------------------------------------------------------------


def grouping() -> Any:
    return Pipeline(
        [
            made("a", "b", "n1", namespace="g1"),
            made("b", "c", "n2", namespace="g1.inner"),
            made(["c", "a"], "d", "free"),
            made(["d", "b"], "e", "n4", namespace="g2"),
        ]
    )


@pytest.mark.parametrize("group_by", ["namespace", "NameSpace"])
def test_groups_by_namespace_are_deployable_units(group_by: str) -> None:
    assert grouping().group_nodes_by(group_by) == [
        GroupedNodes("g1", "namespace", ["g1.n1", "g1.inner.n2"], []),
        GroupedNodes(name="free", type="nodes", nodes=["free"], dependencies=["g1"]),
        GroupedNodes("g2", "namespace", ["g2.n4"], ["free", "g1"]),
    ]


@pytest.mark.parametrize("group_by", [None, "none", "None"])
def test_groups_by_none_are_single_nodes(group_by: Any) -> None:
    assert grouping().group_nodes_by(group_by) == [
        GroupedNodes("g1.n1", "nodes", ["g1.n1"], []),
        GroupedNodes("g1.inner.n2", "nodes", ["g1.inner.n2"], ["g1.n1"]),
        GroupedNodes("free", "nodes", ["free"], ["g1.inner.n2"]),
        GroupedNodes("g2.n4", "nodes", ["g2.n4"], ["free", "g1.n1"]),
    ]


def test_groups_are_mutable_records_with_defaults() -> None:
    group = GroupedNodes("n", "nodes")
    group.nodes.append("x")
    assert group == GroupedNodes("n", "nodes", ["x"], [])
    with pytest.raises(ValueError, match="Unsupported group_by strategy: x"):
        grouping().group_nodes_by("x")


# --- 4. mapping -------------------------------------------------------------------------------------------------


def modular() -> Any:
    return Pipeline(
        [
            made(["A", "params:p"], "B", "n1", confirms="A", tags="t"),
            made({"a": "B", "b": "parameters"}, {"k": "C@pd"}, "n2"),
            made("C@sp", None, "n3"),
        ]
    )


def definition(pipe: Any) -> list[tuple[Any, ...]]:
    return [(each.name, each._inputs, each._outputs) for each in pipe.nodes]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            {"namespace": "N"},
            [
                ("N.n1", ["N.A", "params:N.p"], "N.B"),
                ("N.n2", {"a": "N.B", "b": "parameters"}, {"k": "N.C@pd"}),
                ("N.n3", "N.C@sp", None),
            ],
        ),
        (
            {"inputs": "A", "parameters": "p"},
            [
                ("n1", ["A", "params:p"], "B"),
                ("n2", {"a": "B", "b": "parameters"}, {"k": "C@pd"}),
                ("n3", "C@sp", None),
            ],
        ),
        (
            {"inputs": {"A": "X"}, "outputs": {"B": "Y"}, "parameters": {"p": "q"}, "namespace": "N"},
            [
                ("N.n1", ["X", "params:q"], "Y"),
                ("N.n2", {"a": "Y", "b": "parameters"}, {"k": "N.C@pd"}),
                ("N.n3", "N.C@sp", None),
            ],
        ),
        (
            {"outputs": {"C": "Z"}, "parameters": {"params:p": "params:q", "parameters": "no"}},
            [
                ("n1", ["A", "params:q"], "B"),
                ("n2", {"a": "B", "b": "parameters"}, {"k": "Z@pd"}),
                ("n3", "Z@sp", None),
            ],
        ),
        (
            {"namespace": "N", "prefix_datasets_with_namespace": False, "inputs": {"A": "X"}},
            [
                ("N.n1", ["X", "params:p"], "B"),
                ("N.n2", {"a": "B", "b": "parameters"}, {"k": "C@pd"}),
                ("N.n3", "C@sp", None),
            ],
        ),
        (
            {"namespace": "N", "outputs": {"C@pd": "Alpha"}, "inputs": {"A"}, "parameters": ["params:p"]},
            [
                ("N.n1", ["A", "params:p"], "N.B"),
                ("N.n2", {"a": "N.B", "b": "parameters"}, {"k": "Alpha"}),
                ("N.n3", "N.C@sp", None),
            ],
        ),
    ],
)
def test_names_are_mapped_by_the_contracts_rules(options: Any, expected: list[tuple[Any, ...]]) -> None:
    found = definition(pipeline(modular(), **options))
    assert sorted(found) == sorted(expected)


def test_mapping_keeps_everything_else() -> None:
    first = pipeline(modular(), namespace="N").nodes[0]
    assert (first.tags, first.func, first._name, first.namespace, first.confirms) == (
        {"t"},
        anything,
        "n1",
        "N",
        ["N.A"],
    )
    nested = pipeline(pipeline(modular(), namespace="N"), namespace="M").nodes[0]
    assert (nested.name, nested._inputs) == ("M.N.n1", ["M.N.A", "params:M.N.p"])


FAILED = "Failed to map datasets and/or parameters onto the nodes provided: "


@refusals(
    (lambda: pipeline(modular(), inputs="A", outputs="Z"), PipelineError, f"{FAILED}Z does not exist in the pipeline."),
    (
        lambda: pipeline(modular(), inputs={"q", "r"}, parameters="s"),
        PipelineError,
        f"{FAILED}The following datasets and/or parameters do not exist in the pipeline: params:s, q, r.",
    ),
    (
        lambda: pipeline([made("alpha", "beta", "n")], inputs="alfa"),
        PipelineError,
        f"{FAILED}alfa does not exist in the pipeline. - did you mean one of these instead: alpha",
    ),
    (
        lambda: pipeline(modular(), inputs="params:p"),
        PipelineError,
        "Parameters should be specified in the 'parameters' argument",
    ),
    (
        lambda: pipeline(modular(), inputs="parameters"),
        PipelineError,
        "Parameters should be specified in the 'parameters' argument",
    ),
    (
        lambda: pipeline(modular(), inputs="B"),
        PipelineError,
        "Inputs must not be outputs from another node in the same pipeline",
    ),
    (
        lambda: pipeline(modular(), outputs="A"),
        PipelineError,
        "All outputs must be generated by some node within the pipeline",
    ),
    (lambda: pipeline(modular(), inputs={"A": "B"}), ValueError, "A node cannot have the same inputs and outputs"),
    (lambda: pipeline(modular(), outputs={"B": "C"}), ValueError, ""),
    (
        lambda: pipeline([made("a", "b", "1"), made("a", "c", "2")], outputs={"b": "x", "c": "x"}),
        OutputNotUniqueError,
        "Output(s) ['x']",
    ),
    (
        lambda: pipeline([made("a", "b", "1"), made("b", "c", "2"), made("z", None, "3")], inputs={"a": "c"}),
        CircularDependencyError,
        "Circular dependencies exist",
    ),
    (lambda: pipeline(None, namespace="N"), ValueError, "'nodes' argument of 'Pipeline' is None"),
    (lambda: pipeline([twice(), twice()], inputs="nope"), ValueError, SAME),
)
def test_names_that_cannot_be_mapped_are_refused(row: Refused) -> None:
    check(row)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: pipes_module._match_namespaces("x.a", "x"), True),
        (lambda: pipes_module._match_namespaces("xx", "x"), False),
        (lambda: pipes_module._match_namespaces("x", "x.a"), False),
        (lambda: pipes_module._is_parameter("params:a"), True),
        (lambda: pipes_module._is_parameter("parameters"), True),
        (lambda: pipes_module._is_parameter("param"), False),
        (lambda: pipes_module._is_single_parameter("parameters"), False),
        (lambda: pipes_module._is_all_parameters("parameters"), True),
        (lambda: pipes_module._normalize_param_name("a"), "params:a"),
        (lambda: pipes_module._normalize_param_name("params:a"), "params:a"),
        (lambda: pipes_module._get_dataset_names_mapping("a"), {"a": "a"}),
        (lambda: pipes_module._get_dataset_names_mapping({"a"}), {"a": "a"}),
        (lambda: pipes_module._get_dataset_names_mapping({"a": "b"}), {"a": "b"}),
        (lambda: pipes_module._get_dataset_names_mapping(), {}),
        (
            lambda: pipes_module._get_param_names_mapping(["a", "params:b"]),
            {"params:a": "params:a", "params:b": "params:b"},
        ),
        (lambda: pipes_module._get_param_names_mapping({"a": "params:b"}), {"params:a": "params:b"}),
        (lambda: pipes_module._get_param_names_mapping("parameters"), {"parameters": "parameters"}),
        (lambda: transcoding._transcode_split("abc"), ("abc", "")),
        (lambda: transcoding._transcode_split("abc@def"), ("abc", "def")),
        (lambda: transcoding._strip_transcoding("abc@def"), "abc"),
        (lambda: type(Pipeline([])._map_nodes(nodes=modular(), namespace="ds")), list),
        (lambda: modular()._map_nodes(nodes=modular(), namespace="ds")[0].name, "ds.n1"),
    ],
)
def test_private_helper_gives(call: Callable[[], Any], expected: Any) -> None:
    assert call() == expected
