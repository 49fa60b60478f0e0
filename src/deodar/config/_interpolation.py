"""The usual interpolations, resolved on plain dictionaries.

References by a dotted path, ``globals`` and ``runtime_params`` with their defaults, alone or inside text: that is
nearly all that catalogs hold, and OmegaConf takes milliseconds for each. Results are OmegaConf's own; whatever could
differ, errors included, is left to it by raising ``BeyondError``. A property test holds the two against each other.
"""

from collections.abc import Mapping
from typing import Any

from .._expressions import expression
from .._records import dataclass
from . import _yaml
from ._resolvers import NO_VALUE, Scope

_PATH = r"[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*"
_REFERENCE = expression(rf"\$\{{ *({_PATH}) *\}}")
_CALL = expression(rf"\$\{{ *(globals|runtime_params) *: *({_PATH}) *(,?) *")
_END = expression(r" *\}")
_LITERAL = expression(
    r"(?P<quoted>'[^'\"\\$]*'|\"[^'\"\\$]*\")"
    r"|(?P<float>-?(?:0|[1-9][0-9]*)\.[0-9]+)(?=[ }])"
    r"|(?P<int>-?(?:0|[1-9][0-9]*))(?=[ }])"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_./-]*)(?= *\})"
)
_WORDS = {"null": None, "true": True, "false": False}
# As names they are numbers or constants to the grammar.
_AMBIGUOUS = frozenset({"null", "true", "false", "inf", "nan"})
_MISSING = "???"


class BeyondError(Exception):
    """Only OmegaConf itself can say what this means."""


@dataclass(frozen=True, slots=True)
class Reference:
    """``${a.b}``: another value of the same configuration."""

    path: str


@dataclass(frozen=True, slots=True)
class Call:
    """``${globals:a.b, default}``, or the same with ``runtime_params``."""

    resolver: str
    path: str
    default: Any = NO_VALUE


Part = str | Reference | Call


class Interpolator:
    """Resolves one configuration.

    Raises:
        BeyondError: something in it is not of the usual kind, or is wrong.
    """

    def __init__(self, root: Mapping[str, Any], scope: Scope) -> None:
        self._root = root
        self._scope = scope
        self._known: dict[str, Any] = {}

    def tree(self, value: Any) -> Any:
        """Return a copy of a value in which every interpolation is resolved."""
        kind = type(value)
        if kind is dict:
            return {key: self.tree(item) for key, item in value.items()}
        if kind is list:
            return [self.tree(item) for item in value]
        return self._text(value) if kind is str and "${" in value else value

    def _text(self, text: str) -> Any:
        parts = parse(text)
        if len(parts) == 1 and not isinstance(parts[0], str):
            return self._value(parts[0])
        joined = "".join(part if isinstance(part, str) else self._as_text(self._value(part)) for part in parts)
        if joined == _MISSING:
            raise BeyondError
        return joined

    @staticmethod
    def _as_text(value: Any) -> str:
        if isinstance(value, (dict, list, bytes)):
            raise BeyondError
        return str(value)

    def _value(self, part: Any) -> Any:
        if isinstance(part, Reference):
            return self._referenced(part.path)
        if isinstance(part, Call):
            return self._called(part)
        return part

    def _referenced(self, path: str) -> Any:
        if path in self._known:
            value = self._known[path]
            if value is NO_VALUE:
                # It refers to itself.
                raise BeyondError
            return _yaml.copy_tree(value)
        self._known[path] = NO_VALUE
        node: Any = self._root
        for step in path.split("."):
            if isinstance(node, str) and "${" in node:
                node = self._text(node)
            node = _child(node, step)
        value = self._known[path] = _accepted(self.tree(node))
        return _yaml.copy_tree(value)

    def _called(self, call: Call) -> Any:
        # Defaults are resolved even when nobody needs them: OmegaConf does, and an error in one is an error.
        default = self._value(call.default)
        values: Any = self._scope.runtime_params if call.resolver == "runtime_params" else self._scope.global_values
        if values is None or (call.resolver == "globals" and call.path.startswith("_")):
            raise BeyondError
        found = _select(values, call.path)
        if found is NO_VALUE:
            if default is NO_VALUE:
                raise BeyondError
            return _accepted(default)
        interpolated, plain = _yaml.examine(found)
        if interpolated or not plain:
            raise BeyondError
        if call.resolver == "runtime_params":
            self._scope.used.append(found)
        return _yaml.copy_tree(_accepted(found))


def parse(text: str) -> list[Part]:
    """Split text into what stands there and what is to be put there."""
    if "\\" in text:
        # Escapes have rules of their own.
        raise BeyondError
    parts: list[Part] = []
    position = 0
    while (start := text.find("${", position)) >= 0:
        if start > position:
            parts.append(text[position:start])
        part, position = _interpolation(text, start)
        parts.append(part)
    if position < len(text):
        parts.append(text[position:])
    return parts


def _interpolation(text: str, start: int) -> tuple[Reference | Call, int]:
    if match := _REFERENCE.match(text, start):
        return Reference(_unambiguous(match[1])), match.end()
    match = _CALL.match(text, start)
    if match is None:
        raise BeyondError
    default, position = _argument(text, match.end()) if match[3] else (NO_VALUE, match.end())
    end = _END.match(text, position)
    if end is None:
        raise BeyondError
    return Call(match[1], _unambiguous(match[2]), default), end.end()


def _argument(text: str, start: int) -> tuple[Any, int]:
    if text.startswith("${", start):
        return _interpolation(text, start)
    match = _LITERAL.match(text, start)
    if match is None:
        raise BeyondError
    written = match[0]
    value: Any
    match match.lastgroup:
        case "quoted":
            value = written[1:-1]
        case "float":
            value = float(written)
        case "int":
            value = int(written)
        case _:
            value = _WORDS[written.lower()] if written.lower() in _WORDS else _unambiguous(written)
    return value, match.end()


def _unambiguous(name: str) -> str:
    if name.lower() in _AMBIGUOUS:
        raise BeyondError
    return name


def _child(node: Any, step: str) -> Any:
    if isinstance(node, dict) and step in node:
        return node[step]
    if isinstance(node, list) and step.isdigit() and int(step) < len(node):
        return node[int(step)]
    raise BeyondError


def _select(values: Any, path: str) -> Any:
    for step in path.split("."):
        if isinstance(values, list):
            raise BeyondError
        if not isinstance(values, Mapping) or step not in values:
            return NO_VALUE
        values = values[step]
    return values


def _accepted(value: Any) -> Any:
    if isinstance(value, str) and value == _MISSING:
        raise BeyondError
    return value
