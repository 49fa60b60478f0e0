"""How the inputs of a node bind to the parameters of its function.

Reading a signature is slow, binding to one already read is not: what was read is kept per function.
"""

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any
from weakref import WeakKeyDictionary

from .._records import dataclass

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a function can be called with."""

    names: tuple[str, ...]
    fewest_positional: int
    most_positional: int | None
    """None where the function takes ``*args``."""
    by_keyword: dict[str, None]
    """Names that can be given by keyword, in the order of the signature."""
    required_by_keyword: frozenset[str]
    only_by_keyword: bool
    """Some parameter must be given by keyword."""
    only_by_position: bool
    """Some parameter must be given by position."""
    other_keywords: bool

    def accepts_positional(self, count: int) -> bool:
        """Tell whether a call with so many positional arguments is complete."""
        if self.only_by_keyword or count < self.fewest_positional:
            return False
        return self.most_positional is None or count <= self.most_positional

    def accepts_keywords(self, names: dict[str, str]) -> bool:
        """Tell whether a call with these keyword arguments is complete."""
        if self.only_by_position or not self.required_by_keyword <= names.keys():
            return False
        return self.other_keywords or names.keys() <= self.by_keyword.keys()


@dataclass(frozen=True, slots=True)
class _Read:
    """A signature as read, and what it was read from."""

    source: tuple[object, ...]
    parameters: Parameters


# Plain functions alone: they compare by identity, accept weak references and live as long as their nodes.
_read: "WeakKeyDictionary[FunctionType, _Read]" = WeakKeyDictionary()


def parameters_of(func: Callable[..., Any]) -> Parameters | None:
    """Return the parameters of a function's own signature, not that of what it wraps; None if it has none."""
    if not isinstance(func, FunctionType):
        return None if inspect.isbuiltin(func) else _read_parameters(func)
    # A function can be given other defaults or another signature after it was read.
    signature = func.__dict__.get("__signature__")
    source = (func.__code__, func.__defaults__, func.__kwdefaults__, signature)
    known = _read.get(func)
    if known is not None and all(ours is theirs for ours, theirs in zip(known.source, source, strict=True)):
        return known.parameters
    parameters = _read_parameters(func)
    if parameters is not None:
        _read[func] = _Read(source, parameters)
    return parameters


def _read_parameters(func: Callable[..., Any]) -> Parameters | None:
    try:
        signature = inspect.signature(func, follow_wrapped=False)
    except (ValueError, TypeError):
        # Some classes and callables written in C have no signature; nothing can be checked for them.
        return None
    every = signature.parameters.values()
    positional = [each for each in every if each.kind in _POSITIONAL]
    keyword_only = [each for each in every if each.kind is each.KEYWORD_ONLY]
    by_keyword = [each for each in positional if each.kind is not each.POSITIONAL_ONLY] + keyword_only
    kinds = {each.kind for each in every}
    return Parameters(
        names=tuple(signature.parameters),
        fewest_positional=sum(_is_required(each) for each in positional),
        most_positional=None if inspect.Parameter.VAR_POSITIONAL in kinds else len(positional),
        by_keyword=dict.fromkeys(each.name for each in by_keyword),
        required_by_keyword=frozenset(each.name for each in by_keyword if _is_required(each)),
        only_by_keyword=any(_is_required(each) for each in keyword_only),
        only_by_position=any(each.kind is each.POSITIONAL_ONLY and _is_required(each) for each in positional),
        other_keywords=inspect.Parameter.VAR_KEYWORD in kinds,
    )


def _is_required(parameter: inspect.Parameter) -> bool:
    return parameter.default is parameter.empty


def bind(func: Callable[..., Any], inputs: str | list[str] | dict[str, str] | None) -> tuple[str, ...] | None:
    """Return the names of a node's inputs in the order in which its function takes them.

    Returns:
        None when the function cannot be called with these inputs.
    """
    parameters = parameters_of(func)
    if not inputs:
        accepted = parameters is None or parameters.accepts_positional(0)
        return () if accepted else None
    if isinstance(inputs, str):
        accepted = parameters is None or parameters.accepts_positional(1)
        return (inputs,) if accepted else None
    if isinstance(inputs, list):
        accepted = parameters is None or parameters.accepts_positional(len(inputs))
        return tuple(inputs) if accepted else None
    if parameters is None:
        return tuple(inputs.values())
    if not parameters.accepts_keywords(inputs):
        return None
    declared = parameters.by_keyword
    named = [inputs[name] for name in declared if name in inputs]
    return (*named, *(value for name, value in inputs.items() if name not in declared))
