"""Digests of plain values: the alphabet that every fingerprint is spelled in.

Equal digests mean equal values, of equal types, in equal order. Every digest carries the number of the format, so a
change of the format can never make an old digest look equal, and an upgrade that keeps it invalidates nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hashlib import blake2b
else:
    try:
        # The very class of hashlib, which loads OpenSSL before it gives it out: 3 ms in every run.
        from _blake2 import blake2b
    except ImportError:
        from hashlib import blake2b

FORMAT = 1

_PERSON = f"deodar-{FORMAT}".encode()
_SIZE = 16

# Their repr says all of them, and nothing about where they live in memory.
_BY_REPR = frozenset(
    {
        ("datetime", "datetime"),
        ("datetime", "date"),
        ("datetime", "time"),
        ("datetime", "timedelta"),
        ("datetime", "timezone"),
        ("decimal", "Decimal"),
        ("fractions", "Fraction"),
        ("uuid", "UUID"),
        ("pathlib", "PosixPath"),
        ("pathlib", "PurePosixPath"),
        ("pathlib", "WindowsPath"),
        ("pathlib", "PureWindowsPath"),
        ("pathlib._local", "PosixPath"),
        ("pathlib._local", "PurePosixPath"),
        ("pathlib._local", "WindowsPath"),
        ("pathlib._local", "PureWindowsPath"),
        ("builtins", "range"),
        ("builtins", "complex"),
    }
)


class NotPlainError(TypeError):
    """A value is not made of plain parts alone."""


def new_hash() -> blake2b:
    """Return an empty hash of our kind."""
    return blake2b(digest_size=_SIZE, person=_PERSON)


def digest_bytes(*parts: bytes) -> str:
    """Digest byte strings; where one ends and the next begins counts."""
    # One update for all: with two for each part, a thousand no-op nodes took 60 ms longer.
    state = new_hash()
    state.update(b"".join([b"%d:%b" % (len(part), part) for part in parts]))
    return state.hexdigest()


def digest_text(*parts: str) -> str:
    """Digest strings; where one ends and the next begins counts."""
    # Encoded once, not each: every fingerprint has dozens of parts.
    text = "".join([f"{len(part)}:{part}" for part in parts])
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_SIZE, person=_PERSON).hexdigest()


def digest_plain(value: Any) -> str:
    """Digest a value made of plain parts.

    Raises:
        NotPlainError: if some part is neither a scalar nor a built-in container.
    """
    parts: list[bytes] = []
    _encode(value, parts.append, [])
    return digest_bytes(*parts)


def is_told_by_repr(value: Any) -> bool:
    """Say whether ``repr`` of a value of this type is all there is to it."""
    kind = type(value)
    return (kind.__module__, kind.__qualname__) in _BY_REPR


def shown(value: Any, limit: int = 60) -> str:
    """Return a value as people should see it: one short line."""
    try:
        text = repr(value)
    except Exception as error:
        # A user's own __repr__ may fail; what is shown must not end a run.
        text = f"<{type(value).__name__}, repr failed: {type(error).__name__}>"
    return clipped(text, limit)


def clipped(text: str, limit: int = 60) -> str:
    """Return a text on one short line."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _encode(value: Any, put: Callable[[bytes], None], above: list[int]) -> None:
    kind = type(value)
    if value is None or value is Ellipsis or value is NotImplemented or kind in (bool, int, float):
        put(f"{kind.__name__}:{value!r}".encode())
    elif kind is str:
        put(b"str")
        put(value.encode("utf-8", "surrogatepass"))
    elif kind in (bytes, bytearray):
        put(kind.__name__.encode())
        put(bytes(value))
    elif kind in (list, tuple, dict, set, frozenset):
        _encode_container(value, kind, put, above)
    elif kind is slice:
        put(b"slice")
        _encode((value.start, value.stop, value.step), put, above)
    elif kind is re.Pattern:
        put(f"re.Pattern:{value.flags}".encode())
        _encode(value.pattern, put, above)
    elif is_told_by_repr(value):
        put(f"{kind.__module__}.{kind.__qualname__}:{value!r}".encode())
    else:
        raise NotPlainError(f"Values of type {kind.__module__}.{kind.__qualname__} are not plain.")


def _encode_container(value: Any, kind: type, put: Callable[[bytes], None], above: list[int]) -> None:
    if id(value) in above:
        raise NotPlainError("A container that holds itself is not plain.")
    above.append(id(value))
    put(f"{kind.__name__}[{len(value)}".encode())
    if kind in (set, frozenset):
        # Sorted, as the order of a set differs from process to process.
        for digest in sorted(map(digest_plain, value)):
            put(digest.encode())
    else:
        for part in _parts(value):
            _encode(part, put, above)
    above.pop()


def _parts(value: Any) -> Iterable[Any]:
    if type(value) is dict:
        for pair in value.items():
            yield from pair
    else:
        yield from value
