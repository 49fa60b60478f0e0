"""Calling a node's function with data by the names of the node's inputs."""

from collections.abc import Callable
from typing import Any

from ._definition import Names, in_a_row


def call(node: object, func: Callable[..., Any], declared: Names, data: dict[str, Any]) -> Any:
    """Return what the function returns.

    Args:
        node: its text goes into the error.
        func: the function.
        declared: the node's inputs.
        data: by name of the dataset.

    Raises:
        ValueError: the names of the data are others than declared.
    """
    if data.keys() != set(in_a_row(declared)):
        raise ValueError(
            f"Node {node} expected {_expected(declared)}, "
            f"but got the following {len(data)} input(s) instead: {sorted(data)}."
        )
    if not declared:
        return func()
    if isinstance(declared, str):
        return func(data[declared])
    if isinstance(declared, dict):
        return func(**{parameter: data[name] for parameter, name in declared.items()})
    return func(*(data[name] for name in declared))


def _expected(declared: Names) -> str:
    """Return the words for what a node must be run with."""
    if not declared:
        return "no inputs"
    if isinstance(declared, str):
        return f"one input named '{declared}'"
    names = sorted(set(declared.values())) if isinstance(declared, dict) else declared
    return f"{len(names)} input(s) {names}"
