"""Warnings point at the line of the user who caused them."""

import warnings
from collections.abc import Callable
from typing import Any

import pytest

from deodar.pipeline import Node, Pipeline, node, pipeline


def func(*args: Any) -> Any:
    return args


INTERRUPTED = [
    Node(func, "a", "b", name="1", namespace="x"),
    Node(func, "b", "c", name="2"),
    Node(func, "c", "d", name="3", namespace="x"),
]


@pytest.mark.parametrize(
    "cause",
    [
        lambda: Node(func, "a.b", "c"),
        lambda: node(func, "a.b", "c"),
        lambda: Pipeline(INTERRUPTED),
        lambda: pipeline(INTERRUPTED),
        lambda: Pipeline(INTERRUPTED[:2]) + Pipeline(INTERRUPTED[2:]),
        lambda: Node(func, "a", None).run({"a": 1}),
    ],
)
def test_warning_names_the_users_file(cause: Callable[[], Any]) -> None:
    if hasattr(Node, "__dotted_dataset_name_warned__"):
        delattr(Node, "__dotted_dataset_name_warned__")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        cause()
    assert [each.filename for each in caught] == [__file__]
