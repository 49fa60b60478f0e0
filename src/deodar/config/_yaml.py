"""From the bytes of a YAML or JSON file to plain Python values.

Scalars mean exactly what they mean to OmegaConf: dates stay text, ``1e3`` is a number, a repeated key is an error.
Documents are remembered by their content, never by their time stamps, so a changed file is always seen.
"""

import contextlib
import functools
import gc
import io
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .._records import dataclass
from . import _nodes
from .abstract_config import BadConfigException

if TYPE_CHECKING:
    import yaml

_REMEMBERED_DOCUMENTS = 256
_LARGE = 50_000  # bytes

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
    kind = type(tree)
    if kind is str:
        return "${" in tree, not tree.endswith(_nodes.ESCAPED_MISSING)
    if kind is dict:
        inside = [examine(item) for item in tree.values()]
        plain = _nodes.PLAIN_KEYS.issuperset(map(type, tree))
    elif kind is list:
        inside, plain = [examine(item) for item in tree], True
    else:
        return False, kind in _nodes.PLAIN_SCALARS
    return any(interpolated for interpolated, _ in inside), plain and all(is_plain for _, is_plain in inside)


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
    if _says_nothing(content):
        return Document({}, interpolated=False, plain=True)
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
    with _uninterrupted() if len(content) > _LARGE else contextlib.nullcontext():
        loader = _nodes.loader()(content.decode("utf-8-sig"))
        try:
            node = loader.get_single_node()
            if node is None or node.tag == _nodes.NULL:
                return Document({}, interpolated=False, plain=True)
            builder = _nodes.Builder(loader, limit=_VALUES_PER_BYTE * (len(content) + 100))
            return Document(builder.build(node), builder.interpolated, builder.plain)
        finally:
            loader.dispose()


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Look for no garbage meanwhile: none of the many nodes of a large file is any before all of it is read.

    Of 1.6 s for 13,000 catalog entries it would take 1.0 s, looking at the same nodes again and again.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _says_nothing(content: bytes) -> bool:
    """Tell whether a file holds comments alone, or an empty mapping besides: the parser takes 10 ms to load."""
    lines = (line.strip(b" \r") for line in content.split(b"\n"))
    return content.isascii() and [line for line in lines if line and line[:1] != b"#"] in ([], [b"{}"])


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
