"""From YAML's nodes to plain values: which text is a number, what an alias and ``<<`` stand for.

Everything is as OmegaConf has it: dates stay text, ``1e3`` is a number, a repeated key is an error.
"""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .._records import dataclass

if TYPE_CHECKING:
    import yaml

PLAIN_SCALARS = frozenset({str, int, float, bool, type(None), bytes})
# An escape in some releases of OmegaConf, and plain text in others.
ESCAPED_MISSING = "\\???"
PLAIN_KEYS = frozenset({str, int, float, bool, bytes})

NULL = "tag:yaml.org,2002:null"
_STR = "tag:yaml.org,2002:str"
_MAP = "tag:yaml.org,2002:map"
_SEQ = "tag:yaml.org,2002:seq"
_MERGE = "tag:yaml.org,2002:merge"
_TEXT_KEYS = frozenset({_STR, "tag:yaml.org,2002:value"})


class Builder:
    """Makes values of YAML's nodes, in a quarter of the time of its general constructor.

    An alias is built anew wherever it stands: two keys that share an anchor must not share a dictionary.
    """

    def __init__(self, loader: Any, limit: int) -> None:
        self.interpolated = False
        self.plain = True
        self._loader = loader
        self._left = limit

    def build(self, node: Any) -> Any:
        tag = node.tag
        if tag == _STR and node.id == "scalar":
            value = node.value
            if "${" in value:
                self.interpolated = True
            if value.endswith(ESCAPED_MISSING):
                self.plain = False
            return value
        if tag == _MAP and node.id == "mapping":
            return self._mapping(node)
        if tag == _SEQ and node.id == "sequence":
            self._spend(node)
            return [self.build(item) for item in node.value]
        return self._other(node)

    def _mapping(self, node: Any) -> dict[Any, Any]:
        self._spend(node)
        built = {}
        for key_node, value_node in self._pairs(node):
            is_text = key_node.tag in _TEXT_KEYS and key_node.id == "scalar"
            key = key_node.value if is_text else self._key(key_node, node)
            built[key] = self.build(value_node)
        return built

    def _pairs(self, node: Any) -> list[tuple[Any, Any]]:
        """Return keys and values, those of ``<<`` before the mapping's own, which win."""
        merged: list[tuple[Any, Any]] = []
        own = []
        seen = set()
        for pair in node.value:
            key = pair[0]
            if key.tag == _MERGE:
                for source in self._merged(pair[1], node):
                    merged += self._pairs(source)
                continue
            if key.tag == _STR:
                if key.value in seen:
                    raise _error(node, f"found duplicate key {key.value}", key)
                seen.add(key.value)
            own.append(pair)
        return merged + own if merged else own

    @staticmethod
    def _merged(value: Any, node: Any) -> list[Any]:
        # Of several the first wins, so it comes last.
        sources = list(reversed(value.value)) if value.id == "sequence" else [value]
        for source in sources:
            if source.id != "mapping":
                raise _error(node, f"expected a mapping or list of mappings for merging, but found {source.id}", source)
        return sources

    def _key(self, key_node: Any, node: Any) -> Any:
        key = self._other(key_node) if key_node.id == "scalar" else self.build(key_node)
        if type(key) not in PLAIN_KEYS:
            self.plain = False
        if isinstance(key, (dict, list, set)):
            raise _error(node, "found unhashable key", key_node)
        return key

    def _other(self, node: Any) -> Any:
        value = self._loader.construct_object(node, deep=True)
        if type(value) not in PLAIN_SCALARS:
            self.plain = False
        elif isinstance(value, str) and "${" in value:
            self.interpolated = True
        return value

    def _spend(self, node: Any) -> None:
        self._left -= len(node.value)
        if self._left < 0:
            raise _error(node, "aliases repeat too many values", node)


def _error(node: Any, problem: str, culprit: Any) -> Exception:
    import yaml

    context = f"while constructing a {node.id}"
    return yaml.constructor.ConstructorError(context, node.start_mark, problem, culprit.start_mark)


@functools.cache
def loader() -> type["yaml.SafeLoader"]:
    """Build the loader class once; it is the C one where there is one, about ten times faster."""
    import re

    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]  # the base is chosen at run time
        pass

    # What YAML 1.1 forgot: an exponent makes a number, with or without a point or a sign.
    number = re.compile(
        r"[-+]?[0-9]+(_[0-9]+)*(\.[0-9_]*)?[eE][-+]?[0-9]+"
        r"|\.[0-9]+(_[0-9]+)*([eE][-+][0-9]+)?"
        r"|[-+]?[0-9]+(_[0-9]+)*(:[0-5]?[0-9])+\.[0-9_]*"
    )
    Loader.add_implicit_resolver("tag:yaml.org,2002:float", _FullMatch(number.fullmatch), list("-+0123456789."))
    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in Loader.yaml_implicit_resolvers.items()
    }
    Loader.add_multi_constructor("tag:yaml.org,2002:python/object/apply:pathlib.", _construct_path)
    return Loader


@dataclass(frozen=True, slots=True)
class _FullMatch:
    """Stands where the YAML package expects a compiled pattern."""

    match: Callable[[str], Any]


def _construct_path(loader: Any, suffix: str, node: Any) -> Any:
    # Imported here: only a file with an explicit path tag needs it.
    import pathlib

    del suffix
    return pathlib.Path(*loader.construct_sequence(node))
