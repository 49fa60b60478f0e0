"""Hooks on ``before_node_run`` count for a node's fingerprint if they may change what it is given."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

from deodar.framework.hooks import _create_hook_manager, hook_impl
from deodar.framework.hooks.manager import _register_hooks
from deodar.runner._memory.hooks import hooks_that_change_inputs


class Silent:
    @hook_impl
    def before_node_run(self, inputs: dict[str, Any]) -> None:
        if not inputs:
            return
        self.seen = list(inputs)


class Explicit:
    @hook_impl
    def before_node_run(self, inputs: dict[str, Any]) -> None:
        self.seen = list(inputs)
        return None  # As people write it.


class Changing:
    @hook_impl
    def before_node_run(self, node: Any) -> dict[str, Any] | None:
        if node.name == "a":
            return {"x": 1}
        return None


class Handing:
    @hook_impl
    def before_node_run(self, node: Any) -> Any:
        found = self.made(node)
        return found

    def made(self, node: Any) -> Any:
        return None


def noted(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> None:
        function(*args, **kwargs)

    return wrapper


class Wrapped:
    @hook_impl
    @noted
    def before_node_run(self, node: Any) -> dict[str, Any]:
        return {}


class Elsewhere:
    @hook_impl
    def after_node_run(self, outputs: dict[str, Any]) -> dict[str, Any]:
        return outputs


@pytest.mark.parametrize("cls", [Silent, Explicit, Elsewhere])
def test_a_hook_that_only_looks_on_does_not_count(cls: type) -> None:
    manager = _create_hook_manager()
    _register_hooks(manager, (cls(),))
    assert hooks_that_change_inputs(manager) == []


def test_hooks_that_may_return_inputs_count_by_their_classes_whatever_their_order() -> None:
    for order in ((Changing(), Silent(), Handing(), Wrapped()), (Wrapped(), Handing(), Changing())):
        manager = _create_hook_manager()
        _register_hooks(manager, order)
        assert hooks_that_change_inputs(manager) == [Changing, Handing, Wrapped]


def test_without_hooks_there_are_none() -> None:
    assert hooks_that_change_inputs(None) == []
