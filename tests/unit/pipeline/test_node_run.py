"""Running one node: data in by name, outputs out by name."""

import functools
import importlib
import logging
import threading
from collections import namedtuple
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from deodar.pipeline import Node

node_module = importlib.import_module("deodar.pipeline.node")


def returning(value: Any) -> Callable[..., Any]:
    def func(*args: Any, **kwargs: Any) -> Any:
        return value

    return func


@pytest.mark.parametrize(
    ("inputs", "given", "message"),
    [
        (None, {"x": 1}, r"expected no inputs, but got the following 1 input\(s\) instead: \['x'\]"),
        ("ds1", {"arg": 1}, r"expected one input named 'ds1', but got the following 1 input\(s\) instead: \['arg'\]"),
        ("ds1", None, r"expected one input named 'ds1', but got the following 0 input\(s\) instead: \[\]"),
        (["ds1", "ds2"], {"ds1": 1}, r"expected 2 input\(s\) \['ds1', 'ds2'\], but got the following 1 input"),
        ({"a": "ds2", "b": "ds1"}, {"q": 1}, r"expected 2 input\(s\) \['ds1', 'ds2'\], but got"),
    ],
)
def test_other_data_than_declared_is_refused(inputs: Any, given: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Node(returning(1), inputs, "out").run(given)


@pytest.mark.parametrize("given", [5, [], ["a"]])
def test_data_that_is_no_dict_is_refused(given: Any) -> None:
    with pytest.raises(ValueError, match=r"Node.run\(\) expects a dictionary or None, but got <class"):
        Node(returning(1), "a", "out").run(given)


def test_inputs_reach_the_function_as_declared() -> None:
    def show(*args: Any, **kwargs: Any) -> Any:
        return args, kwargs

    assert Node(show, "a", "o").run({"a": 1}) == {"o": ((1,), {})}
    assert Node(show, ["a", "a"], "o").run({"a": 1}) == {"o": ((1, 1), {})}
    assert Node(show, {"k": "a"}, "o").run({"a": 1}) == {"o": ((), {"k": 1})}
    assert Node(show, [], "o").run() == {"o": ((), {})}


def test_call_runs_the_node_with_keywords() -> None:
    assert Node(returning(3), "a", "o")(a=1) == {"o": 3}
    with pytest.raises(TypeError, match="takes 1 positional argument but 2 were given"):
        Node(returning(3), "a", "o")(1)  # type: ignore[call-arg]


Pair = namedtuple("Pair", "a b")


@pytest.mark.parametrize(
    ("outputs", "value", "expected"),
    [
        (None, None, {}),
        ([], None, {}),
        ("x", None, {"x": None}),
        ("x", [1], {"x": [1]}),
        (["x", "y"], (1, 2), {"x": 1, "y": 2}),
        (["x", "y"], Pair(1, 2), {"x": 1, "y": 2}),
        ({"k": "x", "l": "y"}, {"l": 2, "k": 1}, {"x": 1, "y": 2}),
    ],
)
def test_returned_value_is_given_to_the_outputs(outputs: Any, value: Any, expected: Any) -> None:
    assert Node(returning(value), "a", outputs).run({"a": 1}) == expected


@pytest.mark.parametrize(
    ("outputs", "value", "message"),
    [
        (["B", "C"], "X", r"contains a list of outputs \['B', 'C'\], whereas the node function returned a 'str'"),
        (["B"], None, "whereas the node function returned a 'NoneType'"),
        ([], 3, "whereas the node function returned a 'int'"),
        (["B", "C", "D"], (1, 2), r"returned 2 output\(s\), whereas the node definition contains 3 output\(s\)\."),
        ({"r": "B"}, [1], "The node output is a dictionary, whereas the function output is <class 'list'>"),
        ({"r": "B"}, {"x": 1}, "output keys {'x'} do not match with the returned output's keys {'r'}"),
    ],
)
def test_value_of_another_shape_is_refused(outputs: Any, value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        Node(returning(value), "a", outputs, name="nm").run({"a": 1})
    assert str(caught.value).startswith("Failed to save outputs of node nm: func([a]) -> ")


def test_value_of_a_node_without_outputs_warns() -> None:
    with pytest.warns(UserWarning, match="Node 'nm' returned a value of type 'int', but the node is defined with"):
        assert Node(returning(3), "a", None, name="nm", namespace="ns").run({"a": 1}) == {}


def tuples(_: Any) -> Iterator[Any]:
    yield 1, 2
    yield 3, 4
    yield (5,)


def dicts(_: Any) -> Iterator[Any]:
    yield {"k": 1, "l": 2}
    yield {"l": 4, "k": 3}


def empty(_: Any) -> Iterator[Any]:
    yield from ()


def failing(_: Any) -> Iterator[Any]:
    raise KeyError("early")
    yield


def test_generator_for_one_output_is_the_value_itself() -> None:
    assert list(Node(tuples, "a", "o").run({"a": 1})["o"]) == [(1, 2), (3, 4), (5,)]


def test_generator_of_tuples_becomes_a_stream_per_output() -> None:
    streams = Node(tuples, "a", ["x", "y"]).run({"a": 1})
    assert list(streams["y"]) == [2, 4]
    assert list(streams["x"]) == [1, 3, 5]


def test_generator_of_dicts_becomes_a_stream_per_output() -> None:
    streams = Node(dicts, "a", {"l": "y", "k": "x"}).run({"a": 1})
    assert (list(streams["x"]), list(streams["y"])) == ([1, 3], [2, 4])


@pytest.mark.parametrize("outputs", [["x", "y"], {"k": "x", "l": "y"}])
def test_empty_generator_gives_empty_streams(outputs: Any) -> None:
    streams = Node(empty, "a", outputs).run({"a": 1})
    assert {name: list(stream) for name, stream in streams.items()} == {"x": [], "y": []}


@pytest.mark.parametrize("outputs", [["x"], {"k": "x"}])
def test_generator_of_another_shape_is_refused_at_once(outputs: Any) -> None:
    def numbers(_: Any) -> Iterator[int]:
        yield 1

    with pytest.raises(ValueError, match="Failed to save outputs of node"):
        Node(numbers, "a", outputs).run({"a": 1})


def test_generator_failing_before_its_first_item_fails_the_run_of_many_outputs() -> None:
    with pytest.raises(KeyError, match="early"):
        Node(failing, "a", ["x"]).run({"a": 1})


def test_generator_failing_before_its_first_item_fails_the_reader_of_one_output() -> None:
    stream = Node(failing, "a", "x").run({"a": 1})["x"]
    with pytest.raises(KeyError, match="early"):
        next(stream)


def test_generator_is_read_no_further_than_needed() -> None:
    seen = []

    def rows(_: Any) -> Iterator[Any]:
        for number in range(3):
            seen.append(number)
            yield number, -number

    streams = Node(rows, "a", ["x", "y"]).run({"a": 1})
    assert seen == [0]
    assert next(streams["x"]) == 0 and next(streams["y"]) == 0
    assert seen == [0]


def test_streams_can_be_read_by_two_threads() -> None:
    count = 20_000

    def rows(_: Any) -> Iterator[Any]:
        for number in range(count):
            yield number, -number

    streams = Node(rows, "a", ["x", "y"]).run({"a": 1})
    results: dict[str, list[int]] = {}
    threads = [threading.Thread(target=lambda name=name: results.update({name: list(streams[name])})) for name in "xy"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert results == {"x": list(range(count)), "y": [-number for number in range(count)]}


def test_unzip_can_be_replaced_in_the_module_of_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_module, "unzip", lambda rows: [iter(["replaced"])])
    assert list(Node(tuples, "a", ["x", "y"]).run({"a": 1})["x"]) == ["replaced"]


def test_run_logs_the_node_without_markup(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="deodar.pipeline.node"):
        Node(returning(1), "a", "b", name="nm").run({"a": 1})
    (record,) = caplog.records
    assert record.getMessage() == "Running node: nm: func([a]) -> [b]"
    assert record.name == "deodar.pipeline.node" and record.markup is False


def test_failure_is_logged_and_raised_unchanged(caplog: pytest.LogCaptureFixture) -> None:
    error = RuntimeError("boom [red]x[/red]")

    def fail(_: Any) -> None:
        raise error

    with pytest.raises(RuntimeError) as caught:
        Node(fail, "a", "b", name="nm").run({"a": 1})
    assert caught.value is error
    (record,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert record.getMessage() == "Node nm: fail([a]) -> [b] failed with error: \nboom [red]x[/red]"
    assert record.markup is False


def test_bound_method_and_partial_run() -> None:
    assert Node([1, 2].count, "a", "b").run({"a": 2}) == {"b": 1}
    assert Node(functools.partial(max, 5), "a", "b", name="n").run({"a": 2}) == {"b": 5}
