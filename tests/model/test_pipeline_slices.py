"""Random pipelines against answers found the slow way: order, slices, operators, names."""

import inspect
import random
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deodar.pipeline import Node, Pipeline
from deodar.pipeline._binding import bind
from deodar.pipeline.pipeline import CircularDependencyError, OutputNotUniqueError

pytestmark = pytest.mark.filterwarnings("ignore")

# No deadline: the machine that runs these may be busy.
quick = settings(max_examples=60, deadline=None)


def func(*args: Any, **kwargs: Any) -> Any:
    return args or kwargs


NAMES = ["a", "b", "B", "_c", "é", "1", "10", "z.y", "x", "d"]


@st.composite
def node_lists(draw: st.DrawFn) -> list[Node]:
    """Return nodes of an acyclic pipeline in no order; node i writes ``o{i}`` and reads earlier outputs."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=len(NAMES)))
    nodes = []
    for number, name in enumerate(names):
        sources = sorted(draw(st.sets(st.integers(0, number - 1), max_size=3))) if number else []
        suffix = draw(st.sampled_from(["", "@p", "@q"])) if not sources else ""
        inputs = [f"o{source}" for source in sources] + draw(st.sampled_from([[], ["f1"], ["f2", "params:p"]]))
        tags = draw(st.sets(st.sampled_from(["t", "u"])))
        namespace = draw(st.sampled_from([None, "n", "n.m", "nn"]))
        outputs = [f"o{number}"] if not suffix else [f"o{number}", f"side{number}{suffix}"]
        nodes.append(Node(func, inputs, outputs, name=name, tags=tags, namespace=namespace))
    return draw(st.permutations(nodes))


def parents(nodes: list[Node]) -> dict[str, set[str]]:
    return {node.name: {other.name for other in nodes if set(other.outputs) & set(node.inputs)} for node in nodes}


def above(direct: dict[str, set[str]], start: set[str]) -> set[str]:
    while True:
        more = start.union(*(direct[name] for name in start))
        if more == start:
            return start
        start = more


def below(direct: dict[str, set[str]], start: set[str]) -> set[str]:
    while True:
        more = start | {name for name, sources in direct.items() if sources & start}
        if more == start:
            return start
        start = more


def selected(pipeline: Pipeline) -> set[str]:
    return {node.name for node in pipeline.nodes}


@quick
@given(node_lists())
def test_order_is_kahns_layers_sorted_by_name(nodes: list[Node]) -> None:
    direct = parents(nodes)
    expected: list[list[str]] = []
    placed: set[str] = set()
    while len(placed) < len(nodes):
        layer = sorted(name for name in direct if name not in placed and direct[name] <= placed)
        expected.append(layer)
        placed.update(layer)
    pipeline = Pipeline(nodes)
    assert [[node.name for node in layer] for layer in pipeline.grouped_nodes] == expected
    found = {node.name: {each.name for each in sources} for node, sources in pipeline.node_dependencies.items()}
    assert found == direct


@quick
@given(node_lists())
def test_view_agrees_with_the_pipeline(nodes: list[Node]) -> None:
    pipeline = Pipeline(nodes)
    view = pipeline._graph_view()
    assert view.nodes == pipeline.nodes
    direct = parents(nodes)
    for number, node in enumerate(view.nodes):
        assert {view.nodes[each].name for each in view.parents[number]} == direct[node.name]
        assert all(number in view.parents[child] for child in view.children[number])
        assert all(each < number for each in view.parents[number])
        assert all(number in view.consumers[name] for name in node.inputs)
    assert sum(map(len, view.parents)) == sum(map(len, view.children))


@quick
@given(node_lists(), st.data())
def test_slices_select_what_reach_says(nodes: list[Node], data: st.DataObject) -> None:
    pipeline, direct = Pipeline(nodes), parents(nodes)
    names = data.draw(st.lists(st.sampled_from(sorted(direct)), max_size=3)) if nodes else []
    assert selected(pipeline.only_nodes(*names)) == set(names)
    assert selected(pipeline.from_nodes(*names)) == below(direct, set(names))
    assert selected(pipeline.to_nodes(*names)) == above(direct, set(names))
    datasets = data.draw(st.lists(st.sampled_from(sorted(pipeline.datasets())), max_size=3)) if nodes else []
    readers = {node.name for node in nodes if set(node.inputs) & set(datasets)}
    writers = {node.name for node in nodes if set(node.outputs) & set(datasets)}
    assert selected(pipeline.only_nodes_with_inputs(*datasets)) == readers
    assert selected(pipeline.from_inputs(*datasets)) == below(direct, readers)
    assert selected(pipeline.only_nodes_with_outputs(*datasets)) == writers
    assert selected(pipeline.to_outputs(*datasets)) == above(direct, writers)


@quick
@given(node_lists(), st.data())
def test_filter_is_the_intersection_of_its_criteria(nodes: list[Node], data: st.DataObject) -> None:
    if not nodes:
        return
    pipeline, direct = Pipeline(nodes), parents(nodes)

    def some(values: set[str]) -> list[str]:
        return data.draw(st.lists(st.sampled_from(sorted(values)), max_size=2))

    criteria = {
        "tags": some({"t", "u"}),
        "from_nodes": some(set(direct)),
        "to_nodes": some(set(direct)),
        "node_names": some(set(direct)),
        "from_inputs": some(pipeline.datasets()),
        "to_outputs": some(pipeline.datasets()),
    }
    parts = {
        "tags": lambda names: pipeline.only_nodes_with_tags(*names),
        "from_nodes": lambda names: pipeline.from_nodes(*names),
        "to_nodes": lambda names: pipeline.to_nodes(*names),
        "node_names": lambda names: pipeline.only_nodes(*names),
        "from_inputs": lambda names: pipeline.from_inputs(*names),
        "to_outputs": lambda names: pipeline.to_outputs(*names),
    }
    expected = set(direct)
    for criterion, names in criteria.items():
        if names:
            expected &= selected(parts[criterion](names))
    if expected:
        assert selected(pipeline.filter(**criteria)) == expected
    else:
        with pytest.raises(ValueError, match="contains no nodes"):
            pipeline.filter(**criteria)


@quick
@given(node_lists(), st.data())
def test_operators_agree_with_building_anew(nodes: list[Node], data: st.DataObject) -> None:
    halves = [data.draw(st.sets(st.sampled_from(nodes))) if nodes else set() for _ in range(2)]
    left, right = (Pipeline([node for node in nodes if node in half]) for half in halves)
    for result, expected in [
        (left + right, halves[0] | halves[1]),
        (left | right, halves[0] | halves[1]),
        (left - right, halves[0] - halves[1]),
        (left & right, halves[0] & halves[1]),
    ]:
        anew = Pipeline(expected)
        assert [node.name for node in result.nodes] == [node.name for node in anew.nodes]
        assert (result.inputs(), result.outputs()) == (anew.inputs(), anew.outputs())
        assert result._nodes_by_input == anew._nodes_by_input and result._nodes_by_output == anew._nodes_by_output
        assert result.node_dependencies == anew.node_dependencies


@quick
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=8), st.randoms(use_true_random=False))
def test_sum_refuses_exactly_what_building_anew_refuses(edges: list[tuple[int, int]], rng: random.Random) -> None:
    nodes = [
        Node(func, f"d{source}", f"d{target}", name=f"n{number}")
        for number, (source, target) in enumerate(edges)
        if source != target
    ]

    def outcome(make: Callable[[], Pipeline]) -> object:
        try:
            return [node.name for node in make().nodes]
        except (CircularDependencyError, OutputNotUniqueError) as error:
            return type(error)

    parts = [[node for node in nodes if rng.random() < 0.5] for _ in range(1)]
    parts.append([node for node in nodes if node not in parts[0]])
    if all(isinstance(outcome(lambda part=part: Pipeline(part)), list) for part in parts):
        assert outcome(lambda: Pipeline(parts[0]) + Pipeline(parts[1])) == outcome(lambda: Pipeline(nodes))


@quick
@given(node_lists())
def test_sum_warns_exactly_as_building_anew(nodes: list[Node]) -> None:
    def messages(make: Callable[[], Pipeline]) -> list[str]:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            make()
        return sorted(str(each.message) for each in caught)

    middle = len(nodes) // 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        left, right = Pipeline(nodes[:middle]), Pipeline(nodes[middle:])
    assert messages(lambda: left + right) == messages(lambda: Pipeline([*left._nodes, *right._nodes]))


@quick
@given(node_lists())
def test_namespace_warnings_are_exactly_for_paths_that_come_back(nodes: list[Node]) -> None:
    direct = parents(nodes)
    spaces = {node.name: node.namespace_prefixes for node in nodes}
    interrupted = {
        prefix
        for prefix in {each for every in spaces.values() for each in every}
        for name, inner in spaces.items()
        if prefix in inner
        for outside in direct[name]
        if prefix not in spaces[outside] and any(prefix in spaces[each] for each in above(direct, {outside}))
    }
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Pipeline(nodes)
    warned = {str(each.message).split("'")[1] for each in caught}
    # A node that enters an outer namespace again is not blamed for the inner ones as well.
    assert warned <= interrupted
    assert all(any(f"{each}.".startswith(f"{prefix}.") for prefix in warned) for each in interrupted)


@quick
@given(node_lists(), st.sampled_from(["N", "N.M"]))
def test_namespace_can_be_taken_off_again(nodes: list[Node], namespace: str) -> None:
    pipeline = Pipeline(nodes)
    inside = Pipeline(pipeline, namespace=namespace)

    def bare(name: str) -> str:
        return name.replace(f"{namespace}.", "", 1)

    assert {bare(name) for name in inside.datasets()} == pipeline.datasets()
    assert [bare(node.name) for node in inside.nodes] == [node.name for node in pipeline.nodes]
    assert [list(map(bare, node.inputs)) for node in inside.nodes] == [node.inputs for node in pipeline.nodes]


@quick
@given(node_lists(), st.data())
def test_renamed_pipeline_has_the_same_shape(nodes: list[Node], data: st.DataObject) -> None:
    pipeline = Pipeline(nodes)
    free = sorted(name for name in pipeline.inputs() if not name.startswith("params:"))
    made = sorted(name for name in pipeline.all_outputs() if "@" not in name)
    inputs = {name: f"new_{name}" for name in free if data.draw(st.booleans())}
    outputs = {name: f"new_{name}" for name in made if data.draw(st.booleans())}
    renamed = Pipeline(pipeline, inputs=inputs, outputs=outputs)
    new = {**inputs, **outputs}
    assert renamed.datasets() == {new.get(name, name) for name in pipeline.datasets()}
    assert [node.name for node in renamed.nodes] == [node.name for node in pipeline.nodes]
    back = Pipeline(
        renamed,
        inputs={value: key for key, value in inputs.items()},
        outputs={value: key for key, value in outputs.items()},
    )
    assert back.nodes == pipeline.nodes


def plain(a: Any, b: Any) -> None: ...
def defaulted(a: Any, b: Any = 1, *, c: Any = 2) -> None: ...
def required_keyword(a: Any = 0, *, c: Any) -> None: ...
def positional(a: Any, /, b: Any = 1) -> None: ...
def optional_positional(q: Any = 1, /, **others: Any) -> None: ...
def variadic(a: Any, *others: Any, c: Any = 1, **more: Any) -> None: ...


FUNCTIONS = [plain, defaulted, required_keyword, positional, optional_positional, variadic, func]


@quick
@given(
    st.sampled_from(FUNCTIONS),
    st.one_of(
        st.lists(st.sampled_from("xyz"), max_size=3),
        st.dictionaries(st.sampled_from(["a", "b", "c", "d", "params:e"]), st.sampled_from("xyz")),
        st.sampled_from(["x", None]),
    ),
)
def test_binding_agrees_with_the_signatures_own(function: Callable[..., Any], inputs: Any) -> None:
    args: list[str] = [inputs] if isinstance(inputs, str) else list(inputs) if isinstance(inputs, list) else []
    kwargs = inputs if isinstance(inputs, dict) else {}
    try:
        bound = inspect.signature(function).bind(*args, **kwargs)
        expected = (*bound.args, *bound.kwargs.values())
    except TypeError:
        expected = None
    assert bind(function, inputs) == expected
