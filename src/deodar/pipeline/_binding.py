"""How the inputs of a node bind to the parameters of its function.

Reading a signature is slow, binding to one already read is not: what was read is kept per function.
"""

from collections.abc import Callable
from types import BuiltinFunctionType, CodeType, FunctionType
from typing import Any
from weakref import WeakKeyDictionary

from .._records import dataclass

# Of a code object's flags, see the standard library's `inspect`.
_TAKES_ARGS = 0x04
_TAKES_KEYWORDS = 0x08


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
        return None if isinstance(func, BuiltinFunctionType) else _read_signature(func)
    # A function can be given other defaults or another signature after it was read.
    signature = func.__dict__.get("__signature__")
    source = (func.__code__, func.__defaults__, func.__kwdefaults__, signature)
    known = _read.get(func)
    if known is not None and all(ours is theirs for ours, theirs in zip(known.source, source, strict=True)):
        return known.parameters
    parameters = _read_signature(func) if signature is not None else _read_code(func)
    if parameters is not None:
        _read[func] = _Read(source, parameters)
    return parameters


def _read_code(func: FunctionType) -> Parameters:
    """Return the parameters of a function as its code has them, which is all that its signature says."""
    code: CodeType = func.__code__
    count, only_by_position = code.co_argcount, code.co_posonlyargcount
    positional = code.co_varnames[:count]
    keyword_only = code.co_varnames[count : count + code.co_kwonlyargcount]
    rest = list(code.co_varnames[count + code.co_kwonlyargcount :])
    takes_args, takes_keywords = code.co_flags & _TAKES_ARGS, code.co_flags & _TAKES_KEYWORDS
    args = [rest.pop(0)] if takes_args else []
    required = positional[: count - len(func.__defaults__ or ())]
    required_keywords = [name for name in keyword_only if name not in (func.__kwdefaults__ or ())]
    return Parameters(
        names=(*positional, *args, *keyword_only, *(rest[:1] if takes_keywords else ())),
        fewest_positional=len(required),
        most_positional=None if takes_args else count,
        by_keyword=dict.fromkeys((*positional[only_by_position:], *keyword_only)),
        required_by_keyword=frozenset((*required[only_by_position:], *required_keywords)),
        only_by_keyword=bool(required_keywords),
        only_by_position=bool(required[:only_by_position]),
        other_keywords=bool(takes_keywords),
    )


def _read_signature(func: Callable[..., Any]) -> Parameters | None:
    # Imported here: most nodes are plain functions, whose code says it all.
    import inspect

    try:
        signature = inspect.signature(func, follow_wrapped=False)
    except (ValueError, TypeError):
        # Some classes and callables written in C have no signature; nothing can be checked for them.
        return None
    every = signature.parameters.values()
    kinds = {each.kind for each in every}
    positional = [each for each in every if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    keyword_only = [each for each in every if each.kind is each.KEYWORD_ONLY]
    by_keyword = [each for each in positional if each.kind is not each.POSITIONAL_ONLY] + keyword_only
    required = {each.name for each in every if each.default is each.empty}
    return Parameters(
        names=tuple(signature.parameters),
        fewest_positional=sum(each.name in required for each in positional),
        most_positional=None if inspect.Parameter.VAR_POSITIONAL in kinds else len(positional),
        by_keyword=dict.fromkeys(each.name for each in by_keyword),
        required_by_keyword=frozenset(each.name for each in by_keyword if each.name in required),
        only_by_keyword=any(each.name in required for each in keyword_only),
        only_by_position=any(each.kind is each.POSITIONAL_ONLY and each.name in required for each in positional),
        other_keywords=inspect.Parameter.VAR_KEYWORD in kinds,
    )


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
