"""What a task is made of, leaf by leaf, and which leaf changed first."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..._records import dataclass
from .digests import NotPlainError, digest_plain, digest_text, shown
from .secrets import hidden, is_secret

# In the order in which a change is named: what explains the most comes first.
KINDS = ("python", "function", "helper", "class", "constant", "parameter", "config", "package", "value", "wiring")

_SHORT = (bool, int, float, str)
_SHORT_LENGTH = 40


@dataclass(frozen=True, slots=True)
class Leaf:
    """One thing that a task depends on.

    Attributes:
        kind: one of ``KINDS``.
        name: as a user would say it.
        digest: of its content alone, so that it may move without changing.
        shown: its value, for people; empty when there is none worth showing.
    """

    kind: str
    name: str
    digest: str
    shown: str = ""


class Fingerprint:
    """All that a task depends on, but for the data it reads. Not to be changed.

    Args:
        root: equal roots mean that nothing changed.
        leaves: what it is made of, or how to find out: most fingerprints have not changed, and nobody asks.
        notes: what could not be tracked, in words.
    """

    __slots__ = ("_leaves", "notes", "root")

    def __init__(
        self, root: str, leaves: tuple[Leaf, ...] | Callable[[], tuple[Leaf, ...]] = (), notes: tuple[str, ...] = ()
    ) -> None:
        self.root = root
        self.notes = notes
        self._leaves = leaves

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """What it is made of."""
        if callable(self._leaves):
            self._leaves = self._leaves()
        return self._leaves

    def dumps(self) -> str:
        """Return the leaves as text."""
        return json.dumps([[leaf.kind, leaf.name, leaf.digest, leaf.shown] for leaf in self.leaves])


def load_leaves(text: str) -> tuple[Leaf, ...]:
    """Return the leaves that ``Fingerprint.dumps`` wrote."""
    return tuple(Leaf(*entry) for entry in json.loads(text))


def join(parts: Iterable[Fingerprint]) -> Fingerprint:
    """Return one fingerprint of several, in their order."""
    parts = list(parts)

    def leaves() -> tuple[Leaf, ...]:
        return tuple(dict.fromkeys(leaf for part in parts for leaf in part.leaves))

    # Few have any, and thousands are joined.
    noted = [part.notes for part in parts if part.notes]
    notes = tuple(dict.fromkeys([note for found in noted for note in found])) if noted else ()
    return Fingerprint(digest_text(*[part.root for part in parts]), leaves, notes)


def of_tree(kind: str, name: str, value: Any) -> Fingerprint:
    """Fingerprint nested dictionaries by their leaves: a parameter, the configuration of a dataset.

    A dictionary whose keys only changed their order is different, since code may iterate over it.
    """
    found: list[tuple[str, str, Any]] = []
    notes: list[str] = []
    _flatten(name, value, found, notes)

    def leaves() -> tuple[Leaf, ...]:
        return tuple(Leaf(kind, part, digest, shown(hidden(part, content))) for part, digest, content in found)

    root = digest_text(kind, *[text for part, digest, _ in found for text in (part, digest)])
    return Fingerprint(root, leaves, tuple(notes))


def _flatten(name: str, value: Any, found: list[tuple[str, str, Any]], notes: list[str]) -> None:
    """Note the parts of a tree: how each is called, its digest, and the part itself."""
    if type(value) is dict and value and all([type(key) is str for key in value]):
        before = f"{name}." if name else ""
        for key, part in value.items():
            if part is None:
                # Most arguments of datasets are left out.
                found.append((before + key, "None", None))
            else:
                _flatten(before + key, part, found, notes)
        return
    found.append((name, _digest_any(name, value, notes), value))


def _digest_any(name: str, value: Any, notes: list[str]) -> str:
    is_short = value is None or (type(value) in _SHORT and len(text := repr(value)) <= _SHORT_LENGTH)
    if is_short and not is_secret(name, value):
        # It says as much as its digest would, and costs nothing: most of a configuration is of this kind.
        return "None" if value is None else f"{type(value).__name__}:{text}"
    try:
        return digest_plain(value)
    except NotPlainError:
        # Not at the top: the leaf modules must stay importable without it.
        from .memory import identify

        identity = identify(value)
        if identity is None:
            notes.append(f"{name} cannot be tracked: a {type(value).__name__} has no stable content.")
            return digest_text("untracked", type(value).__module__, type(value).__qualname__)
        return identity


def first_change(old: Sequence[Leaf], new: Sequence[Leaf]) -> str | None:
    """Say in one line which leaf changed first, or None when the leaves are the same."""
    changes = list_changes(old, new)
    return changes[0] if changes else None


def list_changes(old: Sequence[Leaf], new: Sequence[Leaf]) -> list[str]:
    """Say of every leaf that changed what happened to it, the most telling first."""
    before, after = _by_name(old), _by_name(new)
    # What only moved has kept its digest under another name.
    kept = {(leaf.kind, leaf.digest) for leaf in old} & {(leaf.kind, leaf.digest) for leaf in new}
    found: list[tuple[int, int, str]] = []
    for place, (key, leaf) in enumerate(after.items()):
        if leaf.kind == "wiring":
            continue
        was = before.get(key)
        if was is not None and was.digest != leaf.digest:
            found.append((_rank(leaf.kind), place, _changed(was, leaf)))
        elif was is None and (leaf.kind, leaf.digest) not in kept:
            found.append((_rank(leaf.kind), place, _appeared(leaf)))
    for place, (key, leaf) in enumerate(before.items()):
        if key not in after and (leaf.kind, leaf.digest) not in kept:
            found.append((_rank(leaf.kind) + len(KINDS), place, _vanished(leaf)))
    if not found:
        # Nothing changed on its own: then it is which name leads where.
        found.extend((0, 0, _changed(leaf, leaf)) for leaf in new if leaf.kind == "wiring" and leaf not in old)
    if not found and [leaf.name for leaf in old] != [leaf.name for leaf in new]:
        found.append((0, 0, "the order of its parameters or configuration changed"))
    return [sentence for _, _, sentence in sorted(found)]


def _by_name(leaves: Sequence[Leaf]) -> Mapping[tuple[str, str], Leaf]:
    return {(leaf.kind, leaf.name): leaf for leaf in leaves}


def _rank(kind: str) -> int:
    return KINDS.index(kind) if kind in KINDS else len(KINDS)


def _quoted(leaf: Leaf) -> str:
    match leaf.kind:
        case "python":
            return "Python"
        case "package":
            return f"package {leaf.name}"
        case "wiring":
            return leaf.name
    return f"{leaf.kind} `{leaf.name}`"


def _changed(old: Leaf, new: Leaf) -> str:
    if new.kind in ("python", "package"):
        return f"{_quoted(new)} {old.shown} → {new.shown}"
    if old.shown and new.shown and old.shown != new.shown:
        return f"{_quoted(new)}: {old.shown} → {new.shown}"
    return f"{_quoted(new)} changed"


def _appeared(leaf: Leaf) -> str:
    value = f" ({leaf.shown})" if leaf.shown else ""
    return f"{_quoted(leaf)} is new{value}"


def _vanished(leaf: Leaf) -> str:
    return f"{_quoted(leaf)} is gone" if leaf.kind in ("parameter", "config") else f"{_quoted(leaf)} is no longer used"
