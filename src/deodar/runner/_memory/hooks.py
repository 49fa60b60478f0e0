"""Hooks that are part of what a node is made of: those that may change what it is given."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from typing import Any


def hooks_that_change_inputs(manager: Any) -> list[Callable[..., Any]]:
    """Return the code behind ``before_node_run`` hooks that may return other inputs, in the order of their names.

    For a method that is its class: it may lean on all of it. What an object of it holds does not count, as hooks
    note times and handles there.
    """
    if manager is None:
        return []
    found = [hook.function for hook in manager.hook.before_node_run.get_hookimpls() if _may_return(hook.function)]
    code = [type(hook.__self__) if isinstance(hook, types.MethodType) else hook for hook in found]
    return sorted(code, key=lambda each: f"{each.__module__}.{each.__qualname__}")


def _may_return(function: Any) -> bool:
    """Say whether a function may return anything but None: most hooks only look on."""
    inner = getattr(function, "__func__", function)
    code = getattr(inner, "__code__", None)
    return code is None or "__wrapped__" in vars(inner) or any(value is not None for value in _returned(code))


def _returned(code: types.CodeType) -> Iterator[object]:
    """Yield what a piece of code returns: constants, and otherwise anything but None."""
    # Imported here: it is for those who have such hooks.
    import dis

    before = None
    for instruction in dis.get_instructions(code):
        if instruction.opname == "RETURN_CONST":
            yield instruction.argval
        elif instruction.opname == "RETURN_VALUE":
            yield before.argval if before is not None and before.opname == "LOAD_CONST" else Ellipsis
        before = instruction
