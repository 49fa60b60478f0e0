"""The YAML that most configuration is written in, read without the parser: keys, texts and numbers, one a line.

The parser takes longer to load than a small run does, so a file that needs none is read by hand. Whatever is not
certain to mean the same to both, a list, a long text, an anchor, a mistake, is left to the parser.
"""

from typing import Any

from .._expressions import expression

_TEXT = r"[A-Za-z/_][A-Za-z0-9_./-]*(?:://[A-Za-z0-9_./-]+)?"
_NUMBER = r"(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,17})?"
_QUOTED = r'"[^"\\]*"'
_SCALAR = rf"{_QUOTED}|{_TEXT}|{_NUMBER}"
_KEY = rf"{_QUOTED}|[A-Za-z_][A-Za-z0-9_.-]*"
_PAIR = rf"(?:{_KEY}): +(?:{_SCALAR})"
_LINE = expression(
    rf"( *)({_KEY}):(?: +(?:({_SCALAR})|(\{{ *(?:{_PAIR}(?: *, *{_PAIR})*)? *\}})|(\[ *\])))? *(?: #.*)?"
)
_PAIRS = expression(rf"({_KEY}): +({_SCALAR})")

# What the parser takes for something else than text, in any spelling.
_WORDS = frozenset({"yes", "no", "on", "off", "true", "false", "null"})
_MEANT: dict[str, Any] = {"true": True, "false": False, "null": None}
# The parser wants a key to end within 1,024 characters of its line.
_LONGEST_LINE = 1_000


class _NotPlainError(Exception):
    """Only the parser can tell."""


def read(content: bytes) -> dict[str, Any] | None:
    """Return the mapping that a file holds, or None if it takes the parser to know."""
    try:
        text = content.decode("utf-8-sig")
        return _read(text.split("\n"))
    except (UnicodeDecodeError, _NotPlainError):
        return None


def _read(lines: list[str]) -> dict[str, Any]:
    match = _LINE.fullmatch
    # The mappings that the next line may go on with, the innermost last, by how far they are indented.
    open_maps: list[tuple[int, dict[str, Any]]] = [(0, {})]
    # The key of the line before, if it may be the beginning of a mapping.
    pending: str | None = None
    for line in lines:
        if not line.isprintable() or len(line) > _LONGEST_LINE:
            raise _NotPlainError
        bare = line.lstrip(" ")
        if not bare or bare[0] == "#":
            continue
        found = match(line)
        if found is None:
            raise _NotPlainError
        spaces, key, scalar, flow, empty_list = found.groups()
        indent = len(spaces)
        if indent > open_maps[-1][0]:
            if pending is None:
                raise _NotPlainError
            inner: dict[str, Any] = {}
            open_maps[-1][1][pending] = inner
            open_maps.append((indent, inner))
        while indent < open_maps[-1][0]:
            open_maps.pop()
        if indent != open_maps[-1][0]:
            raise _NotPlainError
        name = _put(open_maps[-1][1], key, _value(scalar, flow, empty_list))
        pending = name if scalar is flow is empty_list is None else None
    if not open_maps[0][1]:
        raise _NotPlainError
    return open_maps[0][1]


def _put(mapping: dict[str, Any], key: str, value: Any) -> str:
    name = key[1:-1] if key[0] == '"' else key
    if name in mapping or (key[0] != '"' and key.lower() in _WORDS):
        raise _NotPlainError
    mapping[name] = value
    return name


def _value(scalar: str | None, flow: str | None, empty_list: str | None) -> Any:
    if scalar is not None:
        return _scalar(scalar)
    if flow is not None:
        mapping: dict[str, Any] = {}
        for key, inside in _PAIRS.findall(flow):
            _put(mapping, key, _scalar(inside))
        return mapping
    return [] if empty_list is not None else None


def _scalar(text: str) -> Any:
    first = text[0]
    if first == '"':
        return text[1:-1]
    if first.isdigit():
        return float(text) if "." in text else int(text)
    if text.lower() not in _WORDS:
        return text
    if text not in _MEANT:
        raise _NotPlainError
    return _MEANT[text]
