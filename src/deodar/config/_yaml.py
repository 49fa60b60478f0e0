"""From the bytes of a YAML or JSON file to plain Python values.

Scalars mean exactly what they mean to OmegaConf: dates stay text, ``1e3`` is a number, a repeated key is an error.
Documents are remembered by their content, never by their time stamps, so a changed file is always seen.
"""

import functools
import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .abstract_config import BadConfigException

if TYPE_CHECKING:
    import yaml

_SCALARS = frozenset({str, int, float, bool, type(None), bytes})
_KEYS = frozenset({str, int, float, bool, bytes})
_REMEMBERED_DOCUMENTS = 256

# An alias costs two bytes and may stand for a whole branch; no honest file repeats itself this much.
_VALUES_PER_BYTE = 100


@dataclass(frozen=True, slots=True)
class Document:
    """One parsed file.

    Attributes:
        tree: its content, a dictionary for every file that can be used.
        interpolated: whether some text in it holds ``${``.
        plain: whether it holds nothing but the scalars, lists and dictionaries that OmegaConf would accept as well.
    """

    tree: Any
    interpolated: bool
    plain: bool


def parse(content: bytes, path: str, *, text_keys: bool) -> Document:
    """Parse one file.

    The tree is shared with other callers: take a ``copy_tree`` before changing it.

    Args:
        content: what the file holds.
        path: its name, for messages.
        text_keys: refuse a document one of whose top-level keys is not text.

    Raises:
        yaml.YAMLError: the file is not valid YAML or JSON.
        UnicodeDecodeError: it is not UTF-8.
        BadConfigException: it is valid, but no mapping with usable keys.
    """
    document = _instrumented(content) or _parsed(content, path)
    tree = document.tree
    if not isinstance(tree, dict):
        raise BadConfigException(
            f"{path} holds {_a(tree)} where configuration needs a mapping. "
            "Write its content as 'key: value' lines, or move the file to where no pattern matches it."
        )
    if text_keys and (odd := next((key for key in tree if not isinstance(key, str)), None)) is not None:
        raise BadConfigException(
            f"The top-level key {odd!r} in {path} is read as {_a(odd)}, not as text. Put quotes around it."
        )
    return document


def copy_tree(value: Any) -> Any:
    """Copy dictionaries and lists all the way down; share everything else."""
    if type(value) is dict:
        return {key: copy_tree(item) if type(item) in (dict, list) else item for key, item in value.items()}
    if type(value) is list:
        return [copy_tree(item) if type(item) in (dict, list) else item for item in value]
    return value


def examine(tree: Any) -> tuple[bool, bool]:
    """Tell whether text in the tree holds ``${``, and whether everything in it is plain."""
    survey = _Survey(limit=sys.maxsize)
    survey.copy(tree)
    return survey.interpolated, survey.plain


def _instrumented(content: bytes) -> Document | None:
    # Tracers and tests replace OmegaConf.load to see which files are read. Whoever did so is heard.
    omegaconf = sys.modules.get("omegaconf")
    load = getattr(getattr(omegaconf, "OmegaConf", None), "load", None)
    if load is None or (load.__module__ == "omegaconf.omegaconf" and not hasattr(load, "mock")):
        return None
    config = load(io.StringIO(content.decode("utf-8-sig")))
    tree = omegaconf.OmegaConf.to_container(config) if hasattr(config, "_metadata") else config  # type: ignore[union-attr]
    return Document(tree, *examine(tree))


def _parsed(content: bytes, path: str) -> Document:
    # Imported here: a program that reads no configuration need not pay for a YAML parser.
    import yaml

    try:
        return _document(content)
    except (yaml.parser.ParserError, yaml.scanner.ScannerError) as exc:
        raise yaml.parser.ParserError(_syntax_message(exc, path)) from exc
    except yaml.MarkedYAMLError as exc:
        for name in ("context_mark", "problem_mark"):
            setattr(exc, name, _in_file(getattr(exc, name), path))
        raise
    except yaml.reader.ReaderError as exc:
        exc.name = path
        raise
    except UnicodeDecodeError as exc:
        line = content.count(b"\n", 0, exc.start) + 1
        exc.reason = f"{exc.reason}, in line {line} of {path}; save the file as UTF-8"
        raise
    except RecursionError as exc:
        raise BadConfigException(f"{path} is nested too deeply, or an alias in it refers to itself.") from exc


@functools.lru_cache(maxsize=_REMEMBERED_DOCUMENTS)
def _document(content: bytes) -> Document:
    import yaml

    tree = yaml.load(content.decode("utf-8-sig"), Loader=_loader())
    if tree is None:
        return Document({}, interpolated=False, plain=True)
    survey = _Survey(limit=_VALUES_PER_BYTE * (len(content) + 100))
    # The copy undoes aliases: two keys that share an anchor must not share a dictionary.
    return Document(survey.copy(tree), survey.interpolated, survey.plain)


class _Survey:
    """Copies a tree and notes what it meets on the way."""

    def __init__(self, limit: int) -> None:
        self.interpolated = False
        self.plain = True
        self._left = limit

    def copy(self, value: Any) -> Any:
        kind = type(value)
        if kind is str:
            if "${" in value:
                self.interpolated = True
        elif kind is dict:
            self._spend(len(value))
            if not _KEYS.issuperset(map(type, value)):
                self.plain = False
            return {key: self.copy(item) for key, item in value.items()}
        elif kind is list:
            self._spend(len(value))
            return [self.copy(item) for item in value]
        elif kind not in _SCALARS:
            self.plain = False
        return value

    def _spend(self, values: int) -> None:
        self._left -= values
        if self._left < 0:
            import yaml

            raise yaml.constructor.ConstructorError(None, None, "aliases repeat too many values", None)


@functools.cache
def _loader() -> type["yaml.SafeLoader"]:
    """Build the loader class once; it is the C one where there is one, about ten times faster."""
    import re

    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]  # the base is chosen at run time
        def flatten_mapping(self, node: Any) -> None:
            _refuse_repeated_keys(node)
            super().flatten_mapping(node)

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


def _refuse_repeated_keys(node: Any) -> None:
    import yaml

    seen = set()
    for key, _ in node.value:
        if key.tag != "tag:yaml.org,2002:str":
            continue
        if key.value in seen:
            raise yaml.constructor.ConstructorError(
                "while constructing a mapping", node.start_mark, f"found duplicate key {key.value}", key.start_mark
            )
        seen.add(key.value)


def _syntax_message(exc: "yaml.MarkedYAMLError", path: str) -> str:
    mark = exc.problem_mark or exc.context_mark
    if mark is None:
        return f"Invalid YAML or JSON file {path}: {exc}"
    return (
        f"Invalid YAML or JSON file {path}, unable to read line {mark.line}, position {mark.column}. "
        f"Counted from one, that is line {mark.line + 1}, column {mark.column + 1}: {exc.problem or exc.context}."
    )


def _in_file(mark: Any, path: str) -> Any:
    import yaml

    return mark and yaml.Mark(path, mark.index, mark.line, mark.column, None, 0)


def _a(value: Any) -> str:
    names = {list: "a list", str: "text", int: "a number", float: "a number", bool: "a yes-or-no value"}
    return names.get(type(value), f"a value of type {type(value).__name__}")
