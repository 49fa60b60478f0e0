"""Nodes, previews and helpers, statement by statement. Collected under the names ``deodar`` and ``kedro``."""

from __future__ import annotations

import copy
import functools
import hashlib
import importlib
import inspect
import logging
import os
import pickle
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

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


def ident(x: Any) -> Any:
    return x


def add(a: Any, b: Any) -> Any:
    return a, b


def anything(*args: Any, **kwargs: Any) -> Any:
    return args or kwargs


def rest(first: Any, *, only: Any = 1, **kwargs: Any) -> Any:
    return first


def constant() -> int:
    return 1


class Callee:
    def __call__(self, x: Any) -> Any:
        return x

    def method(self, x: Any) -> Any:
        return x


def made(inputs: Any, outputs: Any, name: str | None = None, **options: Any) -> Any:
    return node(anything, inputs, outputs, name=name, **options)


def wrapped(func: Any) -> Any:
    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return func(*args, **kwargs)

    return wrapper


@pytest.fixture(autouse=True)
def forget_warnings() -> Iterator[None]:
    """Let each test see the warnings that come once per process, in the way that suites do it."""
    for flag in ("__dotted_dataset_name_warned__", "__preview_fn_warned__"):
        if hasattr(Node, flag):
            delattr(Node, flag)
    yield


# --- 1. modules and identity ------------------------------------------------------------------------------------


def test_star_import_gives_the_documented_names() -> None:
    assert set(pipelines.__all__) == set(
        [
            "node",
            "pipeline",
            "Node",
            "Pipeline",
            "GroupedNodes",
            "llm_context_node",
            "LLMContext",
            "LLMContextNode",
            "tool",
        ]
    )


def test_modules_lie_under_the_functions_of_their_names() -> None:
    assert pipelines.node is nodes_module.node and inspect.isfunction(pipelines.node)
    assert pipelines.pipeline is pipes_module.pipeline and inspect.isfunction(pipelines.pipeline)
    assert inspect.ismodule(sys.modules[f"{PACKAGE}.pipeline.node"])
    assert inspect.ismodule(sys.modules[f"{PACKAGE}.pipeline.pipeline"])


@pytest.mark.parametrize("error", [PipelineError, OutputNotUniqueError, ConfirmNotUniqueError, CircularDependencyError])
def test_errors_are_plain_exceptions_of_the_module_of_pipelines(error: Any) -> None:
    assert (error.__bases__, error.__module__) == ((Exception,), f"{PACKAGE}.pipeline.pipeline")
    assert not hasattr(pipelines, error.__name__)


@pytest.mark.parametrize("cls", [Node, GroupedNodes, Pipeline])
def test_classes_live_where_pickles_look_for_them(cls: Any) -> None:
    home = "pipeline" if cls is Pipeline else "node"
    assert cls.__module__ == f"{PACKAGE}.pipeline.{home}"


def test_dotted_patches_reach_the_class() -> None:
    with mock.patch(f"{PACKAGE}.pipeline.Pipeline.node_dependencies", new_callable=mock.PropertyMock) as patched:
        patched.return_value = {"fake": set()}
        assert Pipeline([node(ident, "a", "b")]).node_dependencies == {"fake": set()}


def test_the_separator_is_importable_from_both_modules() -> None:
    assert transcoding.TRANSCODING_SEPARATOR == pipes_module.TRANSCODING_SEPARATOR == "@"


# --- 2. nodes: construction -------------------------------------------------------------------------------------

FORMAT = "\nFormat should be: node(function, inputs, outputs)"


@refusals(
    (
        lambda: node(1, "a", "b"),
        ValueError,
        f"Invalid Node definition: first argument must be a function, not 'int'.{FORMAT}",
    ),
    (
        lambda: node(ident, ("a",), "b"),
        ValueError,
        f"Invalid Node definition: 'inputs' type must be one of [String, List, Dict, None], not 'tuple'.{FORMAT}",
    ),
    (lambda: node(ident, {"a"}, "b"), ValueError, "'inputs' type must be one of [String, List, Dict, None], not 'set'"),
    (lambda: node(ident, 5, "b"), ValueError, "'inputs' type must be one of [String, List, Dict, None], not 'int'"),
    (
        lambda: node(ident, [1], "b"),
        ValueError,
        "names of variables used as inputs to the function must be of 'String' type, but 1 from [1] is "
        f"'<class 'int'>'.{FORMAT}",
    ),
    (
        lambda: node(ident, {"x": 1}, "b"),
        ValueError,
        "names of variables used as inputs to the function must be of 'String' type, but 1 from {'x': 1} is",
    ),
    (lambda: node(ident, "a", ("b",)), ValueError, "'outputs' type must be one of [String, List, Dict, None], not"),
    (
        lambda: node(ident, "a", ["b", None]),
        ValueError,
        "names of variables used as outputs of the function must be of 'String' type, but None from ['b', None] is",
    ),
    (
        lambda: node(constant, None, None),
        ValueError,
        f"Invalid Node definition: it must have some 'inputs' or 'outputs'.{FORMAT}",
    ),
    (lambda: node(constant, [], {}), ValueError, "it must have some 'inputs' or 'outputs'"),
    (
        lambda: node(add, "A", "B"),
        TypeError,
        "Inputs of 'add' function expected ['a', 'b'], but got A",
    ),
    (lambda: node(add, ["A", "B", "C"], "D"), TypeError, "expected ['a', 'b'], but got ['A', 'B', 'C']"),
    (lambda: node(add, {"a": "A", "c": "C"}, "D"), TypeError, "expected ['a', 'b'], but got {'a': 'A', 'c': 'C'}"),
    (lambda: node(add, None, "D"), TypeError, "Inputs of 'add' function expected ['a', 'b'], but got None"),
    (lambda: node(constant, "A", "D"), TypeError, "Inputs of 'constant' function expected [], but got A"),
    (lambda: node(rest, {"only": "A"}, "D"), TypeError, "expected ['first', 'only', 'kwargs'], but got"),
    (lambda: node(lambda x, /: x, {"x": "A"}, "D"), TypeError, "Inputs of '<lambda>' function expected ['x'], but got"),
    (
        lambda: node(functools.partial(add, 1), ["A", "B"], "D"),
        TypeError,
        "Inputs of '<partial>' function expected ['b'], but got ['A', 'B']",
    ),
    (
        lambda: node(ident, "a", "b", name="a b"),
        ValueError,
        "'a b' is not a valid node name. It must contain only letters, digits, hyphens, underscores and/or fullstops.",
    ),
    (lambda: node(ident, "a", "b", name="a/b"), ValueError, "'a/b' is not a valid node name."),
    (
        lambda: node(ident, "a", "b", tags=["ok", "no way"]),
        ValueError,
        "'no way' is not a valid node tag. It must contain only letters, digits, hyphens, underscores and/or "
        "fullstops.",
    ),
    (lambda: node(ident, "a", "b").tag("no!"), ValueError, "'no!' is not a valid node tag."),
    (
        lambda: node(ident, "a", ["A", "A"], name="n"),
        ValueError,
        "Failed to create node n: ident([a]) -> [A;A] due to duplicate output(s) {'A'}.\nNode outputs must be unique.",
    ),
    (lambda: node(ident, "a", {"x": "A", "y": "A"}), ValueError, "due to duplicate output(s) {'A'}."),
    (
        lambda: node(ident, "A", ["B", "A"]),
        ValueError,
        "Failed to create node ident([A]) -> [B;A].\n"
        "A node cannot have the same inputs and outputs even if they are transcoded: {'A'}",
    ),
    (lambda: node(ident, "A@x", "A@y"), ValueError, "the same inputs and outputs even if they are transcoded: {'A'}"),
    (
        lambda: node(ident, "a@b@c", "d"),
        ValueError,
        "Expected maximum 1 transcoding separator, found 2 instead: 'a@b@c'",
    ),
    (
        lambda: node(ident, "a", "b", preview_fn="str"),
        ValueError,
        f"Invalid Node definition: preview_fn must be a function, not 'str'.{FORMAT}",
    ),
)
def test_wrong_definition_is_refused(row: Refused) -> None:
    check(row)


@refusals(
    (lambda: node(1, ("a",), 5), ValueError, "first argument must be a function"),
    (lambda: node(ident, ("a",), 5), ValueError, "'inputs' type must be"),
    (lambda: node(add, [1], 5), ValueError, "used as inputs to the function"),
    (lambda: node(add, "a", 5), ValueError, "'outputs' type must be"),
    (lambda: node(add, "a", [5]), ValueError, "used as outputs of the function"),
    (lambda: node(add, None, None, name="a b"), ValueError, "it must have some 'inputs' or 'outputs'"),
    (lambda: node(add, "a", ["b", "b"], name="a b"), TypeError, "Inputs of 'add' function expected"),
    (lambda: node(ident, "a", ["b", "b"], name="a b", tags="t t"), ValueError, "is not a valid node name"),
    (lambda: node(ident, "a", ["b", "b"], tags="t t"), ValueError, "is not a valid node tag"),
    (lambda: node(ident, "a", ["a", "a"]), ValueError, "due to duplicate output(s)"),
    (lambda: node(ident, "a", "a", preview_fn=1), ValueError, "the same inputs and outputs"),
)
def test_the_first_of_two_mistakes_is_told(row: Refused) -> None:
    check(row)


@pytest.mark.parametrize(
    "make",
    [
        lambda: node(constant, [], "b"),
        lambda: node(constant, {}, "b"),
        lambda: node(constant, "", "b"),
        lambda: node(ident, "a", ""),
        lambda: node(ident, "a", "b", name=""),
        lambda: node(ident, "a", "b", name="abc\n"),
        lambda: node(ident, "a", "b", name="número-1._"),
        lambda: node(ident, "a", "b", namespace="bad ns"),
        lambda: node(ident, "a", "b", namespace=""),
        lambda: node(ident, "a", ["b@x", "b@y"]),
        lambda: node(wrapped(add), ["a", "b", "c"], "d"),
        lambda: node(wrapped(add), {"q": "b"}, "d"),
        lambda: node(len, ["a", "b", "c"], "d"),
        lambda: node(sum, "a", "d"),
        lambda: node(str, "a", "d"),
        lambda: node(dict, {"x": "a"}, "d"),
        lambda: node(anything, {"params:p": "params:p"}, "d"),
        lambda: node(rest, "a", "d"),
        lambda: node(rest, {"first": "a", "other": "c"}, "d"),
        lambda: node(Callee(), "a", "b", name="n"),
        lambda: node(Callee().method, "a", "b"),
        lambda: node(functools.partial(add, b=1), "a", "c", name="p"),
        lambda: node(ident, "a", "b", confirms=["neither", "nor"]),
    ],
)
def test_unusual_definition_is_accepted(make: Callable[[], Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert isinstance(make(), Node)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (None, set()),
        ("one", {"one"}),
        (("a", "b"), {"a", "b"}),
        ({"a"}, {"a"}),
        ({"k": "v"}, {"v"}),
        ((t for t in "ab"), {"a", "b"}),
    ],
)
def test_tags_may_be_any_iterable(tags: Any, expected: set[str]) -> None:
    assert node(ident, "a", "b", tags=tags).tags == expected


def test_everything_after_outputs_is_given_by_keyword() -> None:
    for make in (node, Node):
        parameters = inspect.signature(make).parameters
        assert [n for n, p in parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD] == ["func", "inputs", "outputs"]
        assert [n for n, p in parameters.items() if p.kind is p.KEYWORD_ONLY] == (
            ["name", "tags", "confirms", "namespace", "preview_fn"]
        )


@pytest.mark.parametrize(
    ("name", "namespace", "warns"),
    [
        ("a.b", None, True),
        ("params:a.b", None, False),
        ("plain", None, False),
        ("ns.x", "ns", False),
        ("ns.q.x", "ns", False),
        ("nsother.x", "ns", False),
        ("other.x", "ns", True),
        ("ns.x", "ns.inner", False),
        ("a.b", "", True),
        ("table.x@pandas", None, True),
    ],
)
def test_dotted_names_warn_where_no_namespace_explains_them(name: str, namespace: str | None, warns: bool) -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        node(ident, name, "out", namespace=namespace)
    assert [w.category for w in seen] == ([UserWarning] if warns else [])
    assert all("One or more dataset names contain '.' characters" in str(w.message) for w in seen)


def test_dotted_names_warn_once_per_process() -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        node(ident, "a.b", "c.d")
        node(ident, "e.f", "g.h")
    assert len(seen) == 1
    assert Node.__dotted_dataset_name_warned__ is True


# --- 2.3 nodes: properties --------------------------------------------------------------------------------------


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:8]


def named_here(func: Any, shown: str) -> str:
    return f"{func.__name__}__{digest(f'{__name__}.{func.__name__}|{shown}')}"


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: node(ident, "a", "b"), named_here(ident, "['a']|['b']")),
        (lambda: node(ident, ["a"], ["b"]), named_here(ident, "['a']|['b']")),
        (lambda: node(ident, {"x": "a"}, {"k": "b"}), named_here(ident, "['a']|['b']")),
        (lambda: node(add, {"b": "B", "a": "A"}, "b"), named_here(add, "['A', 'B']|['b']")),
        (lambda: node(constant, None, "b"), named_here(constant, "[]|['b']")),
        (lambda: node(ident, "a", None, namespace="n.s"), "n.s." + named_here(ident, "['a']|[]")),
        (lambda: node(wrapped(add), ["a", "c"], "b"), named_here(add, "['a', 'c']|['b']")),
        (
            lambda: node(functools.partial(add, 1), "a", "b"),
            f"partial(add)__{digest('partial(add)|' + str(['a']) + '|' + str(['b']))}",
        ),
        (lambda: node(len, "a", "b"), "len__" + digest("builtins.len|['a']|['b']")),
        (lambda: node(Callee().method, "a", "b"), "method__" + digest(f"{__name__}.method|['a']|['b']")),
        (lambda: node(ident, "a", "b", name="given", namespace="n"), "n.given"),
        (lambda: node(ident, "a", "b", name="given", namespace=""), "given"),
    ],
)
def test_a_nodes_name_is_the_contracts(make: Callable[[], Any], name: str) -> None:
    assert make().name == name


def test_a_lambda_is_named_after_what_it_is() -> None:
    assert node(lambda x: x, "a", "b").name.startswith("<lambda>__")


@pytest.mark.parametrize(
    ("make", "short"),
    [
        (lambda: node(ident, "a", "b"), "Ident"),
        (lambda: node(named_with_underscores, "a", "b", namespace="n"), "Named With Underscores"),
        (lambda: node(ident, "a", "b", name="as_given", namespace="n"), "as_given"),
        (lambda: node(lambda x: x, "a", "b"), "<Lambda>"),
    ],
)
def test_a_nodes_short_name_is_for_people(make: Callable[[], Any], short: str) -> None:
    assert make().short_name == short


def named_with_underscores(x: Any) -> Any:
    return x


def test_a_bare_partial_warns_when_it_is_shown() -> None:
    bare = node(functools.partial(add, 1), "a", "b", name="n")
    with pytest.warns(UserWarning, match="made from a 'partial' function"):
        assert bare._func_name == "<partial>"
    with pytest.warns(UserWarning, match="made from a 'partial' function"):
        assert str(bare) == "n: <partial>([a]) -> [b]"


def test_a_partial_that_was_given_a_name_keeps_it() -> None:
    bare = functools.update_wrapper(functools.partial(add, 1), add)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert str(node(bare, "a", "b")) == "add([a]) -> [b]"


@pytest.mark.parametrize(("namespace", "prefixes"), [("a.b.c", ["a", "a.b", "a.b.c"]), ("a", ["a"])])
def test_prefixes_of_a_namespace_start_outermost(namespace: str, prefixes: list[str]) -> None:
    assert node(ident, "a", "b", namespace=namespace).namespace_prefixes == prefixes


@pytest.mark.parametrize(
    ("func", "inputs", "expected"),
    [
        (ident, "a", ["a"]),
        (constant, None, []),
        (add, ["A", "A"], ["A", "A"]),
        (add, {"b": "B", "a": "A"}, ["A", "B"]),
        (rest, {"z": "Z", "only": "O", "y": "Y", "first": "F"}, ["F", "O", "Z", "Y"]),
        (anything, {"z": "Z", "y": "Y"}, ["Z", "Y"]),
        (functools.partial(add, b=1), {"a": "A"}, ["A"]),
    ],
)
def test_inputs_come_in_the_order_of_the_function(func: Any, inputs: Any, expected: list[str]) -> None:
    assert node(func, inputs, "out", name="n").inputs == expected


@pytest.mark.parametrize(
    ("outputs", "expected"), [("a", ["a"]), (["b", "a"], ["b", "a"]), ({"z": "Z", "y": "Y"}, ["Z", "Y"]), (None, [])]
)
def test_outputs_come_in_the_order_given(outputs: Any, expected: list[str]) -> None:
    assert node(ident, "in", outputs).outputs == expected


@pytest.mark.parametrize(("confirms", "expected"), [(None, []), ("a", ["a"]), (["a", "b"], ["a", "b"])])
def test_confirms_become_a_list(confirms: Any, expected: list[str]) -> None:
    assert node(ident, "in", "out", confirms=confirms).confirms == expected


def test_raw_parts_keep_the_shape_they_were_given_in() -> None:
    def show() -> Any:
        return None

    full = node(add, {"a": "A", "b": "B"}, ["c"], name="n", tags="t", confirms="A", namespace="s", preview_fn=show)
    assert (full._func, full._inputs, full._outputs, full._name) == (add, {"a": "A", "b": "B"}, ["c"], "n")
    assert (full._namespace, full._tags, full._confirms, full._preview_fn) == ("s", {"t"}, "A", show)
    plain = node(ident, "a", "b")
    assert (plain._name, plain._namespace, plain._confirms, plain._preview_fn) == (None, None, None, None)
    assert plain.namespace is None


def test_tags_are_a_copy() -> None:
    tagged = node(ident, "a", "b", tags="t")
    tagged.tags.add("other")
    assert tagged.tags == {"t"}
    assert tagged.tag(None).tags == {"t"}
    assert tagged.tag(["u", "v"]).tags == {"t", "u", "v"}
    assert tagged.tags == {"t"}


def test_the_function_can_be_replaced_again_and_again() -> None:
    changed = node(ident, "a", "b", name="n")
    changed.func = constant_of(1)
    changed.func = constant_of(2)
    assert (changed.func(0), changed.run({"a": 0})) == (2, {"b": 2})


def constant_of(value: Any) -> Any:
    return lambda x: value


def test_a_copy_is_a_plain_node_with_parts_replaced() -> None:
    class Special(Node):  # type: ignore[misc,valid-type]
        pass

    copied = Special(ident, "a", "b", name="n", tags="t")._copy(outputs="c", confirms=["a"])
    assert type(copied) is Node
    assert (copied._outputs, copied._confirms, copied._name, copied.tags) == ("c", ["a"], "n", {"t"})
    assert type(Special(ident, "a", "b").tag("t")) is Node
    with pytest.raises(TypeError, match="Inputs of 'ident'"):
        copied._copy(inputs=["a", "x"])


@pytest.mark.parametrize(
    ("make", "text", "shown"),
    [
        (
            lambda: node(add, ["A", "B"], ["c", "d"], name="nm"),
            "nm: add([A;B]) -> [c;d]",
            "Node(add, ['A', 'B'], ['c', 'd'], 'nm')",
        ),
        (lambda: node(ident, "A", "c"), "ident([A]) -> [c]", "Node(ident, 'A', 'c', None)"),
        (
            lambda: node(constant, None, "c", name="n", namespace="s"),
            "n: constant(None) -> [c]",
            "Node(constant, None, 'c', 'n')",
        ),
        (lambda: node(ident, "A", None), "ident([A]) -> None", "Node(ident, 'A', None, None)"),
        (
            lambda: node(add, {"b": "B", "a": "A"}, {"k": "c"}),
            "add([A;B]) -> [c]",
            "Node(add, {'b': 'B', 'a': 'A'}, {'k': 'c'}, None)",
        ),
        (lambda: node(lambda x: x, "A", "c"), "<lambda>([A]) -> [c]", "Node(<lambda>, 'A', 'c', None)"),
    ],
)
def test_text_and_repr_are_the_contracts(make: Callable[[], Any], text: str, shown: str) -> None:
    assert (str(make()), repr(make())) == (text, shown)


N = functools.partial(node, name="n")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (N(ident, "a", "b"), N(anything, "a", "b"), True),
        (N(ident, "a", "b"), N(ident, "a", "b", tags="t", confirms="a"), True),
        (N(ident, "a", "b"), N(ident, ["a"], "b"), False),
        (N(ident, "a", "b"), N(ident, {"x": "a"}, "b"), False),
        (N(add, ["a", "c"], "b"), N(add, ["c", "a"], "b"), False),
        (N(add, {"a": "x", "b": "y"}, "z"), N(add, {"b": "y", "a": "x"}, "z"), True),
        (N(ident, "a", "b", namespace="q"), node(ident, "a", "b", name="q.n"), True),
        (N(ident, "a", "b"), node(ident, "a", "b", name="m"), False),
        (N(ident, "a", "b"), "n", False),
        (node(ident, "a", "b"), node(ident, "a", "b"), True),
        (node(ident, "a", "b"), node(anything, "a", "b"), False),
    ],
)
def test_nodes_are_equal_by_name_inputs_and_outputs(one: Any, other: Any, same: bool) -> None:
    assert (one == other, one != other) == (same, not same)
    assert not same or hash(one) == hash(other)


def test_nodes_sort_by_their_full_names_first() -> None:
    mixed = [
        made("a", f"o{i}", n, namespace=s)
        for i, (n, s) in enumerate([("é", None), ("a", None), ("B", None), ("z", "A"), ("1", None)])
    ]
    assert [each.name for each in sorted(mixed)] == ["1", "A.z", "B", "a", "é"]


@refusals(
    (lambda: N(ident, "a", "b") < "x", TypeError, "'<' not supported between instances of 'Node' and 'str'"),
    (lambda: N(constant, None, "b") < N(ident, "a", "b"), TypeError, "not supported between instances of"),
    (lambda: N(ident, "a", "b")(1), TypeError, "__call__() takes 1 positional argument but 2 were given"),
)
def test_what_cannot_be_compared_or_called_is_a_type_error(row: Refused) -> None:
    check(row)


@pytest.mark.parametrize("through", [lambda n: pickle.loads(pickle.dumps(n)), copy.deepcopy, copy.copy])
def test_nodes_survive_pickle_and_copies(through: Callable[[Any], Any]) -> None:
    original = node(add, {"b": "B", "a": "A"}, ["c"], name="n", tags=["t"], confirms="A", namespace="s")
    assert hash(original) and original.inputs
    again = through(original)
    assert (again, repr(again), again.tags, again.confirms) == (original, repr(original), {"t"}, ["A"])


# --- 2.4 nodes: run ---------------------------------------------------------------------------------------------


@refusals(
    (
        lambda: N(ident, "a", "b").run("x"),
        ValueError,
        "Node.run() expects a dictionary or None, but got <class 'str'> instead",
    ),
    (
        lambda: N(constant, None, "b").run({"x": 1}),
        ValueError,
        "Node n: constant(None) -> [b] expected no inputs, but got the following 1 input(s) instead: ['x'].",
    ),
    (
        lambda: N(ident, "ds1", "b").run({"arg": 1}),
        ValueError,
        "expected one input named 'ds1', but got the following 1 input(s) instead: ['arg'].",
    ),
    (
        lambda: N(ident, "ds1", "b").run(),
        ValueError,
        "expected one input named 'ds1', but got the following 0 input(s)",
    ),
    (
        lambda: N(add, ["ds1", "ds2"], "b").run({"ds2": 1, "c": 2, "b": 3}),
        ValueError,
        "expected 2 input(s) ['ds1', 'ds2'], but got the following 3 input(s) instead: ['b', 'c', 'ds2'].",
    ),
    (
        lambda: N(add, {"b": "y", "a": "x"}, "b").run({}),
        ValueError,
        "expected 2 input(s) ['x', 'y'], but got the following 0 input(s) instead: [].",
    ),
    (
        lambda: N(ident, "a", ["B", "C"]).run({"a": "text"}),
        ValueError,
        "Failed to save outputs of node n: ident([a]) -> [B;C].\n"
        "The node definition contains a list of outputs ['B', 'C'], whereas the node function returned a 'str'.",
    ),
    (
        lambda: N(ident, "a", ["B", "C"]).run({"a": None}),
        ValueError,
        "whereas the node function returned a 'NoneType'.",
    ),
    (
        lambda: N(ident, "a", ["A", "B", "C"]).run({"a": (1, 2)}),
        ValueError,
        "The node function returned 2 output(s), whereas the node definition contains 3 output(s).",
    ),
    (
        lambda: N(ident, "a", {"k": "B"}).run({"a": [1]}),
        ValueError,
        "Failed to save outputs of node n: ident([a]) -> [B].\n"
        "The node output is a dictionary, whereas the function output is <class 'list'>.",
    ),
    (
        lambda: N(ident, "a", {"k": "B"}).run({"a": {"ret": 1}}),
        ValueError,
        "The node's output keys {'ret'} do not match with the returned output's keys {'k'}.",
    ),
)
def test_run_refuses_what_was_not_declared(row: Refused) -> None:
    check(row)


def three(*_: Any) -> Any:
    yield from ((1, "a"), (2, "b"), (3, "c"))


def three_dicts(*_: Any) -> Any:
    yield from ({"x": 1, "y": 4}, {"x": 2, "y": 5})


def ragged(*_: Any) -> Any:
    yield from ((1, 2), (3,))


def silent(*_: Any) -> Any:
    yield from ()


@pytest.mark.parametrize(
    ("func", "inputs", "outputs", "data", "expected"),
    [
        (constant, None, "b", None, {"b": 1}),
        (constant, [], "b", {}, {"b": 1}),
        (ident, "a", "b", {"a": None}, {"b": None}),
        (add, ["a", "a"], "b", {"a": 1}, {"b": (1, 1)}),
        (add, {"b": "y", "a": "x"}, "o", {"x": 1, "y": 2}, {"o": (1, 2)}),
        (add, ["x", "y"], ["l", "r"], {"x": 1, "y": 2}, {"l": 1, "r": 2}),
        (ident, "a", ["l"], {"a": [5]}, {"l": 5}),
        (ident, "a", {"k": "K", "j": "J"}, {"a": {"j": 2, "k": 1}}, {"K": 1, "J": 2}),
        (ident, "a", None, {"a": None}, {}),
        (three, None, ["n", "l"], None, {"n": [1, 2, 3], "l": ["a", "b", "c"]}),
        (three_dicts, None, {"y": "Y", "x": "X"}, None, {"X": [1, 2], "Y": [4, 5]}),
        (ragged, None, ["l", "r"], None, {"l": [1, 3], "r": [2]}),
        (silent, None, ["l", "r"], None, {"l": [], "r": []}),
    ],
)
def test_run_gives_each_output_its_value(func: Any, inputs: Any, outputs: Any, data: Any, expected: Any) -> None:
    found = node(func, inputs, outputs, name="n").run(data)
    plain = {name: list(v) if isinstance(v, Iterator) else v for name, v in found.items()}
    assert plain == expected


def test_a_generator_for_one_output_is_the_value() -> None:
    assert inspect.isgenerator(node(three, None, "b").run()["b"])


@pytest.mark.parametrize("outputs", [["l", "r"], {"a": "l"}])
def test_an_error_before_the_first_chunk_surfaces_where_chunks_are_split(outputs: Any) -> None:
    def broken(*_: Any) -> Any:
        raise KeyError("early")
        yield 1

    with pytest.raises(KeyError, match="early"):
        node(broken, None, outputs, name="n").run()
    assert inspect.isgenerator(node(broken, None, "one", name="n").run()["one"])


def test_an_ignored_value_warns() -> None:
    with pytest.warns(
        UserWarning, match="Node 'n' returned a value of type 'int', but the node is defined with outputs=None"
    ):
        assert N(ident, "a", None).run({"a": 1}) == {}
    with pytest.warns(UserWarning, match="Node 'ident' returned a value of type 'str'"):
        node(ident, "a", None, namespace="s").run({"a": "x"})


def test_a_node_is_called_with_its_datasets_as_keywords() -> None:
    assert node(add, ["x", "y"], "z")(x=1, y=2) == {"z": (1, 2)}


def test_run_logs_the_node_and_its_failure(caplog: pytest.LogCaptureFixture) -> None:
    error = ValueError("[bold] luck")

    def fails(x: Any) -> Any:
        raise error

    logger = f"{PACKAGE}.pipeline.node"
    with caplog.at_level(logging.INFO, logger=logger), pytest.raises(ValueError) as caught:
        N(fails, "a", "b").run({"a": 1})
    assert caught.value is error
    assert [(r.name, r.levelname, r.getMessage()) for r in caplog.records] == [
        (logger, "INFO", "Running node: n: fails([a]) -> [b]"),
        (logger, "ERROR", "Node n: fails([a]) -> [b] failed with error: \n[bold] luck"),
    ]
    assert all(record.markup is False for record in caplog.records)  # type: ignore[attr-defined]


def test_unzip_can_be_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes_module, "unzip", lambda rows: (iter("x"), iter("y")))
    assert {k: list(v) for k, v in node(three, None, ["l", "r"]).run().items()} == {"l": ["x"], "r": ["y"]}


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: nodes_module._to_list({"a": "b"}), ["b"]),
        (lambda: nodes_module._to_list(None), []),
        (lambda: nodes_module._to_list("a"), ["a"]),
        (lambda: nodes_module._dict_inputs_to_list(add, {"b": "B", "a": "A"}), ["A", "B"]),
        (lambda: nodes_module._get_readable_func_name(functools.partial(add)), "<partial>"),
        (lambda: nodes_module._node_error_message("m"), f"Invalid Node definition: m{FORMAT}"),
    ],
)
def test_private_helper_of_nodes_gives(call: Callable[[], Any], expected: Any) -> None:
    assert call() == expected


# --- 6. previews and 7. contexts for language models ------------------------------------------------------------


def test_a_preview_function_warns_once_and_gives_the_preview() -> None:
    def show() -> Any:
        return previews.TextPreview("hello")

    with pytest.warns(utils.KedroExperimentalWarning, match="preview_fn") as seen:
        shown = node(ident, "a", "b", preview_fn=show)
        shown.tag("t")
        pipeline([shown], namespace="n")
    assert len(seen) == 1
    assert shown.preview().to_dict() == {"content": "hello", "kind": "text", "meta": None}
    assert shown._copy()._preview_fn is show and shown._copy(preview_fn=constant)._preview_fn is constant
    assert node(ident, "a", "b").preview() is None


@refusals(
    (
        lambda: node(ident, "a", "b", preview_fn=lambda: "text").preview(),
        ValueError,
        "but got 'str' instead.",
    ),
    (lambda: previews.TextPreview(1), TypeError, "TextPreview.content must be str, got int"),
    (lambda: previews.MermaidPreview(None), TypeError, "MermaidPreview.content must be str, got NoneType"),
    (lambda: previews.ImagePreview(b""), TypeError, "ImagePreview.content must be str, got bytes"),
    (lambda: previews.CustomPreview("", {}), TypeError, "CustomPreview.renderer_key must be a non-empty str"),
    (lambda: previews.CustomPreview("k", []), TypeError, "CustomPreview.content must be dict"),
    (lambda: previews.CustomPreview("k", {"a": object()}), TypeError, "value is not JSON-serializable"),
    (lambda: previews.TextPreview("t", meta={"a": object()}).to_dict(), TypeError, "value is not JSON-serializable"),
    (lambda: previews.TextPreview.to_dict(previews.TextPreview), TypeError, "Not JSON-serializable"),
    (lambda: previews.assert_json_value({1: 2}), TypeError, "$: object keys must be str, got int"),
    (lambda: previews.assert_json_value(object()), TypeError, "$: value is not JSON-serializable, got object"),
)
def test_a_preview_that_is_none_is_refused(row: Refused) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(row)


def test_previews_are_frozen_records() -> None:
    preview = previews.CustomPreview("key", {"a": [1]}, meta={"m": 1})
    assert preview.to_dict() == {"renderer_key": "key", "content": {"a": [1]}, "kind": "custom", "meta": {"m": 1}}
    with pytest.raises(AttributeError):
        preview.kind = "x"
    with pytest.raises(TypeError):
        previews.TextPreview("t", "text")
    previews.assert_json_value({"a": {1: float("nan")}})


def test_a_context_node_builds_its_context() -> None:
    def lookup(index: Any, depth: Any) -> Any:
        def search() -> Any:
            return index, depth

        return search

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        config = pipelines.tool(lookup, "index", "params:depth")
        context = pipelines.llm_context_node(outputs="ctx", llm="model", prompts=["p1"], tools=[config], name="n")
    assert (config.func, config.inputs) == (lookup, ["index", "params:depth"])
    assert isinstance(context, pipelines.LLMContextNode) and isinstance(context, Node)
    assert context._inputs == {"llm": "model", "p1": "p1", "index": "index", "params:depth": "params:depth"}
    assert context._func_name == "construct_context"
    result = context.run({"model": "M", "p1": "hi", "index": 1, "params:depth": 2})["ctx"]
    assert (result.context_id, result.llm, result.prompts) == ("n", "M", {"p1": "hi"})
    assert {name: each() for name, each in result.tools.items()} == {"search": (1, 2)}
    inner = pipeline([context], namespace="s").nodes[0]
    assert (
        type(inner),
        inner._inputs["p1"],
        inner.run({"s.model": 1, "s.p1": 2, "s.index": 3, "params:s.depth": 4})["s.ctx"].prompts,
    ) == (Node, "s.p1", {"p1": 2})


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: llm._get_tool_name(ident), "ident"),
        (lambda: llm._get_tool_name(types.SimpleNamespace(name="x")), "x"),
        (lambda: llm._get_tool_name(Callee()), "Callee"),
        (lambda: llm._normalize_outputs("a"), "a"),
        (lambda: llm._normalize_outputs(["a", "b"]), "a__b"),
        (lambda: llm._normalize_outputs({"k": "a", "j": "b"}), "a__b"),
    ],
)
def test_contexts_name_things(call: Callable[[], Any], expected: Any) -> None:
    assert call() == expected


# --- 8. kedro.utils ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("data/x.csv", {"protocol": "file", "path": "data/x.csv"}),
        ("C:\\x.csv", {"protocol": "file", "path": "C:\\x.csv"}),
        ("file:///tmp/x", {"protocol": "file", "path": "/tmp/x"}),
        ("file:///C:/x", {"protocol": "file", "path": "C:/x"}),
        ("https://host/x?q#f", {"protocol": "https", "path": "https://host/x?q#f"}),
        ("s3://bucket/key", {"protocol": "s3", "path": "bucket/key"}),
        ("s3://user:pw@bucket/key", {"protocol": "s3", "path": "bucket/key"}),
        ("gs://bucket/a?b#c", {"protocol": "gs", "path": "bucket/a?b#c"}),
        ("abfss://box@account.dfs/x", {"protocol": "abfss", "path": "box@account.dfs/x"}),
        ("abfs://box@account.dfs/x", {"protocol": "abfs", "path": "account.dfs/x"}),
        ("oci://bucket@space/x", {"protocol": "oci", "path": "bucket@space/x"}),
        ("hdfs://h:8020/p", {"protocol": "hdfs", "path": "/p"}),
        ("memory://a/b", {"protocol": "memory", "path": "/b"}),
    ],
)
def test_paths_are_parsed_into_protocol_and_path(path: str, expected: dict[str, str]) -> None:
    assert utils._parse_filepath(path) == expected


@refusals(
    (lambda: utils.load_obj("os.nope"), AttributeError, "nope"),
    (lambda: utils.load_obj("no_such_module.x"), ModuleNotFoundError, "no_such_module"),
    (lambda: utils.load_obj("x"), ValueError, "Empty module name"),
)
def test_what_cannot_be_loaded_by_its_path_is_an_error(row: Refused) -> None:
    check(row)


def test_objects_load_by_their_path() -> None:
    runners = importlib.import_module(f"{PACKAGE}.runner")
    assert utils.load_obj("SequentialRunner", f"{PACKAGE}.runner") is runners.SequentialRunner
    assert utils.load_obj("os.path.join") is os.path.join


def test_experimental_marks_functions_and_classes() -> None:
    @utils.experimental
    def thing() -> int:
        """Do it."""
        return 1

    @utils.experimental
    class Klass:
        pass

    with pytest.warns(utils.KedroExperimentalWarning, match="thing is experimental and may change in future"):
        assert thing() == 1
    with pytest.warns(utils.KedroExperimentalWarning, match="Klass is experimental"):
        first = Klass()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert thing() == 1 and isinstance(Klass(), type(first))
    assert thing.__kedro_experimental__ is True and thing.__wrapped__() == 1
    assert Klass.__kedro_experimental__ is True and Klass.__init__.__wrapped__
    assert '!!! warning "Experimental"' in thing.__doc__
    assert utils.experimental(5) == 5


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: utils._is_unsafe_version(""), True),
        (lambda: utils._is_unsafe_version("a/b"), True),
        (lambda: utils._is_unsafe_version("a\\b"), True),
        (lambda: utils._is_unsafe_version(".."), True),
        (lambda: utils._is_unsafe_version("2020-01-01T00.00.00.000Z"), False),
        (lambda: utils._is_module_allowed("a.b.c", ["a.b"]), True),
        (lambda: utils._is_module_allowed("a.bc", ["a.b", None]), False),
        (lambda: utils.get_close_matches("alfa", ["alpha", "beta"]), ["alpha"]),
        (lambda: len(utils.get_close_matches(["aaa", "aab"], iter(["aaa", "aab", "aac", "aad"]))), 3),
        (lambda: utils._format_rich("v", "m"), "[m]v[/m]"),
    ],
)
def test_helper_of_utils_gives(call: Callable[[], Any], expected: Any) -> None:
    assert call() == expected


def test_projects_are_found_by_their_file(tmp_path: Any) -> None:
    inner = tmp_path / "src" / "deep"
    inner.mkdir(parents=True)
    assert utils.find_kedro_project(inner) is None
    (tmp_path / "pyproject.toml").write_text("[tool.kedro]\n")
    assert utils.find_kedro_project(inner) == tmp_path
    assert utils.is_kedro_project(tmp_path) and not utils.is_kedro_project(inner)


def test_config_files_are_found_by_their_stem(tmp_path: Any) -> None:
    (tmp_path / "no.yaml").write_text("")
    assert utils.find_config_file(tmp_path / "no.pe") == tmp_path / "no.yaml"
    assert utils.find_config_file(tmp_path / "absent") is None
    assert utils._CONFIG_EXTENSIONS == (".yml", ".yaml")
