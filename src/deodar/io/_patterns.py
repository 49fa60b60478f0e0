"""Dataset-name patterns, and which of many a name matches.

A pattern means what ``parse.parse`` makes of it. It is compiled once, and tried only on names that have the
text it begins and ends with, so that thousands of names against a thousand patterns stay cheap.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

# What stands for itself in a pattern, whatever the format language may make of other characters.
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/:#@")
_FIELD = re.compile(r"\{.*?\}")
_MEMORY_LIMIT = 65_536


@lru_cache(maxsize=16_384)
def compiled(pattern: str) -> Any:
    """Return the parser of a pattern."""
    # Imported here: most catalogs have no pattern.
    import parse

    return parse.compile(pattern)


def fields_of(pattern: str, name: str) -> Mapping[str, Any] | None:
    """Return what the fields of the pattern stand for in a name that matches, else None."""
    match = compiled(pattern).parse(name)
    return None if match is None else match.named


def is_match(pattern: str, name: str) -> bool:
    """Tell whether a name matches, without regard to case."""
    return compiled(pattern).parse(name) is not None


def specificity(pattern: str) -> int:
    """Count the characters of a pattern outside of its fields."""
    return len(_FIELD.sub("", pattern))


class PatternIndex:
    """Patterns in order of preference, and what was found among them before."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = tuple(patterns)
        self._found: dict[str, str | None] = {}
        self._shapes: dict[tuple[int, int], dict[tuple[str, str], list[int]]] = {}
        for rank, pattern in enumerate(self._patterns):
            ends = _literal_ends(pattern)
            shape = (len(ends[0]), len(ends[1]))
            self._shapes.setdefault(shape, {}).setdefault(ends, []).append(rank)

    def first_match(self, name: str) -> str | None:
        """Return the best pattern that a name matches, or None."""
        try:
            return self._found[name]
        except KeyError:
            pass
        found = next(
            (self._patterns[rank] for rank in self._candidates(name) if is_match(self._patterns[rank], name)),
            None,
        )
        if len(self._found) >= _MEMORY_LIMIT:
            self._found.clear()
        self._found[name] = found
        return found

    def _candidates(self, name: str) -> Iterable[int]:
        # Beyond ASCII, characters may match others that are not their lower case.
        if not name.isascii():
            return range(len(self._patterns))
        folded = name.lower()
        ranks: list[int] = []
        for (before, after), by_ends in self._shapes.items():
            ends = (folded[:before], folded[len(folded) - after :] if after <= len(folded) else "")
            ranks.extend(by_ends.get(ends, ()))
        return sorted(ranks)


def _literal_ends(pattern: str) -> tuple[str, str]:
    """Return the text that every match begins and ends with, in lower case."""
    if "{" not in pattern:
        return ("", "")
    before, after = [], []
    for character in pattern:
        if character not in _PLAIN:
            break
        before.append(character)
    for character in reversed(pattern):
        if character not in _PLAIN:
            break
        after.append(character)
    return "".join(before).lower(), "".join(reversed(after)).lower()
