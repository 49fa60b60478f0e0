"""What a node may be, what it is called, and what it compares equal to."""

import copy
import functools
import pickle
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from deodar.pipeline import Node, node
from deodar.pipeline import node as node_function


def identity(value: Any) -> Any:
    return value


def add(a: Any, b: Any) -> Any:
    return a + b


def anything(*args: Any, **kwargs: Any) -> Any:
    return args or kwargs


class Callee:
    def __call__(self, value: Any) -> Any:
        return value


@pytest.fixture(autouse=True)
def _no_dots_seen() -> Iterator[None]:
    for flag in ("__dotted_dataset_name_warned__", "__preview_fn_warned__"):
        if hasattr(Node, flag):
            delattr(Node, flag)
    yield


@pytest.mark.parametrize(
    ("func", "inputs", "outputs", "message"),
    [
        (1, "a", "b", "first argument must be a function, not 'int'"),
        (identity, ("a",), "b", "'inputs' type must be one of [String, List, Dict, None], not 'tuple'"),
        (identity, 0, "b", "'inputs' type must be one of"),
        (identity, [1], "b", "names of variables used as inputs to the function must be of 'String' type"),
        (identity, {"value": 1}, "b", "names of variables used as inputs to the function must be"),
        (identity, "a", {"b"}, "'outputs' type must be one of [String, List, Dict, None], not 'set'"),
        (identity, "a", [1], "names of variables used as outputs of the function must be of 'String' type"),
        (identity, None, None, "it must have some 'inputs' or 'outputs'"),
        (identity, [], {}, "it must have some 'inputs' or 'outputs'"),
    ],
)
def test_definition_of_the_wrong_type_is_refused(func: Any, inputs: Any, outputs: Any, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        Node(func, inputs, outputs)
    assert message in str(caught.value)
    assert str(caught.value).startswith("Invalid Node definition: ")
    assert str(caught.value).endswith("\nFormat should be: node(function, inputs, outputs)")


@pytest.mark.parametrize("inputs", ["a", ["a"], {"a": "x"}, {"a": "x", "c": "y"}, None])
def test_inputs_that_do_not_fit_the_function_are_refused(inputs: Any) -> None:
    with pytest.raises(TypeError) as caught:
        Node(add, inputs, "out")
    assert str(caught.value) == f"Inputs of 'add' function expected ['a', 'b'], but got {inputs}"


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"name": "a b"}, "'a b' is not a valid node name. It must contain only letters, digits"),
        ({"tags": "a b"}, "'a b' is not a valid node tag. It must contain only letters, digits"),
        ({"tags": ["ok", ""]}, "'' is not a valid node tag"),
        ({"preview_fn": "x"}, "preview_fn must be a function, not 'str'"),
    ],
)
def test_invalid_labels_are_refused(kwargs: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Node(identity, "a", "b", **kwargs)


def test_repeated_output_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Failed to create node identity.* due to duplicate output\(s\) \{'B'\}"):
        Node(identity, "a", ["B", "B", "C"])


def test_two_transcodings_of_one_output_are_left_to_the_pipeline() -> None:
    assert Node(identity, "a", ["b@x", "b@y"]).outputs == ["b@x", "b@y"]


@pytest.mark.parametrize(("inputs", "outputs"), [("A", "A"), ("A@x", "A@y"), ("A", "A@y")])
def test_dataset_on_both_sides_is_refused(inputs: str, outputs: str) -> None:
    with pytest.raises(ValueError, match=r"same inputs and outputs even if they are transcoded: \{'A'\}"):
        Node(identity, inputs, outputs)


def test_name_is_checked_before_the_sides() -> None:
    with pytest.raises(ValueError, match="not a valid node name"):
        Node(identity, "A", "A", name="a b")


def test_dotted_name_warns_once_per_process() -> None:
    with pytest.warns(UserWarning, match=r"One or more dataset names contain '\.' characters, such as 'a\.b'"):
        Node(identity, "a.b", "c")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Node(identity, "d.e", "f")


@pytest.mark.parametrize(
    ("name", "namespace"),
    [("params:a.b", None), ("ns.x", "ns"), ("ns.q.x", "ns"), ("nsother.x", "ns"), ("ns.x", "ns.inner")],
)
def test_dots_of_a_namespace_or_parameter_are_fine(name: str, namespace: str | None) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Node(identity, name, "out", namespace=namespace)


@pytest.mark.parametrize("func", [str, int, len, dict, max])
def test_function_without_a_signature_takes_anything(func: Callable[..., Any]) -> None:
    assert Node(func, ["a"], "b").inputs == ["a"]


def test_wrapper_is_bound_by_its_own_signature() -> None:
    @functools.wraps(add)
    def wrapper(*args: Any) -> Any:
        return add(*args, 0)

    assert Node(wrapper, ["only_one"], "b").name.startswith("add__")


def test_keyword_inputs_are_ordered_as_the_function_takes_them() -> None:
    def func(a: int, b: int = 2, *args: int, c: int, **others: int) -> None: ...

    declared = {"z": "1", "c": "2", "b": "3", "a": "4", "y": "5"}
    assert Node(func, declared, None).inputs == ["4", "3", "2", "1", "5"]


def test_function_is_read_again_when_its_defaults_change() -> None:
    def func(a: int, b: int) -> None: ...

    with pytest.raises(TypeError):
        Node(func, "a", None)
    func.__defaults__ = (1,)
    assert Node(func, "a", None).inputs == ["a"]


def test_default_name_is_function_and_digest() -> None:
    def ident(value: Any) -> Any: ...

    ident.__module__ = "__main__"
    assert Node(ident, "a", "b").name == "ident__d1817adb"
    assert Node(ident, ["a"], "b").name == "ident__d1817adb"


def test_default_name_of_a_partial_says_so() -> None:
    assert Node(functools.partial(add, 1), "a", "b").name.startswith("partial(add)__")


def test_object_that_can_be_called_is_named_by_its_class() -> None:
    assert Node(Callee(), "a", "b").name.startswith("Callee__")


def test_partial_without_a_name_warns_when_shown() -> None:
    with pytest.warns(UserWarning, match="made from a 'partial' function"):
        assert str(Node(functools.partial(add, 1), "a", "b")) == "<partial>([a]) -> [b]"


def test_namespace_goes_before_the_name_but_not_the_short_name() -> None:
    made = Node(identity, "a", "b", name="n_m", namespace="x.y")
    assert (made.name, made.short_name) == ("x.y.n_m", "n_m")
    assert made.namespace_prefixes == ["x", "x.y"]


def test_node_without_namespace_has_no_prefixes() -> None:
    assert Node(identity, "a", "b", namespace="").namespace_prefixes == []


def test_short_name_of_an_unnamed_node_is_its_function_in_words() -> None:
    assert Node(identity, "a", "b").short_name == "Identity"


def test_text_shows_name_function_and_datasets() -> None:
    assert str(Node(add, ["A", "B"], ["c", "d"], name="nm", namespace="x")) == "nm: add([A;B]) -> [c;d]"
    assert str(Node(identity, "a", None)) == "identity([a]) -> None"


def test_repr_shows_the_definition_as_given() -> None:
    assert repr(Node(add, {"a": "A", "b": "B"}, "c", name="nm")) == "Node(add, {'a': 'A', 'b': 'B'}, 'c', 'nm')"


def test_tags_of_any_shape_become_a_set() -> None:
    assert Node(identity, "a", "b", tags="one").tags == {"one"}
    assert Node(identity, "a", "b", tags={"k": "v"}).tags == {"v"}


@pytest.mark.parametrize("attribute", ["inputs", "outputs", "confirms"])
def test_lists_handed_out_are_the_callers_own(attribute: str) -> None:
    made = Node(identity, ["a"], ["b"], confirms=["c"])
    getattr(made, attribute).clear()
    assert getattr(made, attribute)


def test_tags_handed_out_are_the_callers_own() -> None:
    made = Node(identity, "a", "b", tags="t")
    made.tags.clear()
    assert made.tags == {"t"}


def test_tagging_makes_a_new_node_that_is_equal() -> None:
    made = Node(identity, "a", "b", tags="t")
    tagged = made.tag(["u"])
    assert (tagged.tags, made.tags) == ({"t", "u"}, {"t"})
    assert tagged == made and tagged.tag(None).tags == {"t", "u"}


def test_tagging_checks_the_tag() -> None:
    with pytest.raises(ValueError, match="not a valid node tag"):
        Node(identity, "a", "b").tag("a b")


def test_equality_ignores_function_tags_and_confirms() -> None:
    first = Node(identity, "a", "b", name="n", tags="t", confirms="a")
    assert first == Node(Callee(), "a", "b", name="n")
    assert hash(first) == hash(Node(Callee(), "a", "b", name="n"))


@pytest.mark.parametrize(
    ("first", "second", "equal"),
    [
        (["a", "b"], ["b", "a"], False),
        ({"a": "x", "b": "y"}, {"b": "y", "a": "x"}, True),
        (["x"], "x", False),
    ],
)
def test_equality_looks_at_the_shape_of_inputs(first: Any, second: Any, equal: bool) -> None:
    assert (Node(anything, first, "o", name="n") == Node(anything, second, "o", name="n")) is equal


def test_namespace_is_a_part_of_the_name_in_comparisons() -> None:
    assert Node(identity, "a", "b", name="n", namespace="q") == Node(identity, "a", "b", name="q.n")


def test_node_never_equals_something_else() -> None:
    assert Node(identity, "a", "b") != "identity"


def test_nodes_sort_by_name() -> None:
    names = ["é", "a", "B", "1", "A.z"]
    nodes = [Node(identity, "a", "b", name=name) for name in names]
    assert [each.name for each in sorted(nodes)] == ["1", "A.z", "B", "a", "é"]


def test_node_does_not_sort_among_other_things() -> None:
    with pytest.raises(TypeError, match="'<' not supported between instances of 'Node' and 'str'"):
        _ = Node(identity, "a", "b") < "s"


def test_replaced_function_runs_and_rebinds_keyword_inputs() -> None:
    made = Node(add, {"a": "x", "b": "y"}, "o", name="n")
    key = hash(made)
    made.func = lambda b, a: (b, a)
    assert made.inputs == ["y", "x"]
    assert made.run({"x": 1, "y": 2}) == {"o": (2, 1)}
    assert hash(made) == key


def test_function_can_be_replaced_twice_in_a_row() -> None:
    made = Node(identity, "a", "b")
    made.func = anything
    made.func = Callee()
    assert made.inputs == ["a"]


def test_copy_is_a_plain_node_checked_again() -> None:
    class Special(Node):
        pass

    made = Special(identity, "a", "b", name="n", tags="t", confirms="a", namespace="q")
    twin = made._copy(name="m")
    assert type(twin) is Node and twin.name == "q.m" and twin._confirms == "a"
    with pytest.raises(ValueError):
        made._copy(name="not valid")


def test_subclass_that_copies_itself_keeps_its_class_when_tagged() -> None:
    class Special(Node):
        def _copy(self, **over: Any) -> "Special":
            definition = {"name": self._name, "tags": self.tags, "namespace": self._namespace}
            inputs, outputs = over.pop("inputs", self._inputs), over.pop("outputs", self._outputs)
            over.pop("confirms", None)
            return Special(self.func, inputs, outputs, **{**definition, **over})

    assert type(Special(identity, "a", "b", name="n").tag("t")) is Special


def test_node_function_makes_a_node() -> None:
    assert node_function is node
    assert node(identity, "a", "b", name="n", namespace="q") == Node(identity, "a", "b", name="q.n")


def test_node_goes_through_pickle_and_deepcopy() -> None:
    made = Node(add, {"b": "x", "a": "y"}, ["o@p"], name="n", tags="t", confirms="x", namespace="q")
    for twin in (pickle.loads(pickle.dumps(made)), copy.deepcopy(made)):
        assert twin == made and twin.inputs == made.inputs and twin.tags == made.tags
        assert twin._confirms == "x" and twin.base_names == made.base_names


def test_state_of_another_implementation_unpickles() -> None:
    state = {
        "_func": add,
        "_inputs": {"b": "x", "a": "y"},
        "_outputs": "o",
        "_name": None,
        "_namespace": "q",
        "_tags": {"t"},
        "_confirms": None,
        "inputs": ["y", "x"],
        "_unique_key": ("q.other", (), ""),
        "namespace_prefixes": ["q"],
    }
    made = object.__new__(Node)
    made.__setstate__(state)
    assert made == Node(add, {"b": "x", "a": "y"}, "o", namespace="q")
    assert made.inputs == ["y", "x"] and made.preview() is None and made.namespace_prefixes == ["q"]
