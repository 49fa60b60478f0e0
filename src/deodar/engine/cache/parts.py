"""One object as a fingerprint sees it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, Protocol

from ..._records import dataclass, field
from .digests import digest_text


@dataclass(slots=True)
class Part:
    """One object, described.

    Attributes:
        kind: of its leaf; empty when it only leads to others.
        name: of its leaf.
        digest: of its own content; what it reaches is not counted.
        key: equal for the same thing within one walk.
        held: the object, so that its id stays its own.
        shown: its value, for people.
        notes: what could not be tracked.
        reach: yields what it reaches, with the name that leads there.
        edges: what that is, once somebody has asked.
    """

    kind: str
    name: str
    digest: str
    key: Hashable
    held: Any = None
    shown: str = ""
    notes: list[str] = field(default_factory=list)
    reach: Callable[[], Edges] | None = None
    edges: Sequence[Edge] | None = None


Edge = tuple[str, Part]
Edges = Iterator[Edge]


class SaysModules(Protocol):
    """Somebody who says what modules are by their source."""

    def edges(self, name: str, attributes: tuple[str, ...] = ()) -> Edges:
        """Yield a module, and those of its attributes that are modules; nothing where there is no source."""
        ...


class Describes(Protocol):
    """Somebody who says what objects are."""

    @property
    def sources(self) -> SaysModules:
        """Who says what modules are by their source."""
        ...

    def describe(self, value: Any, kind: str, name: str) -> Part:
        """Describe an object; ``kind`` and ``name`` are how the one who reaches it would call it."""
        ...

    def is_project(self, module: str | None) -> bool:
        """Say whether a module is the user's own."""
        ...

    def package(self, module: str) -> Edges:
        """Yield the distributions behind a module; nothing for the standard library."""
        ...


def text_part(kind: str, name: str, text: str) -> Part:
    """Describe something by a text that says all of it."""
    digest = digest_text("text", text)
    return Part(kind, name, digest, (kind, name, digest))
