"""Dataset-name patterns, and which of many a name matches.

A pattern means what ``parse.parse`` makes of it. It is compiled once, and tried only on names that have the
text it begins and ends with, so that thousands of names against a thousand patterns stay cheap.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from itertools import chain, zip_longest
from types import MappingProxyType
from typing import Any

from .._expressions import expression

# What stands for itself in a pattern, whatever the format language may make of other characters.
_PLAIN = r"[A-Za-z0-9_.\-/:#@]"
_PLAIN_START = expression(rf"{_PLAIN}*")
_PLAIN_END = expression(rf"{_PLAIN}*\Z")
_PLAIN_RUN = expression(rf"{_PLAIN}+")
_WELL_FORMED = expression(r"(?:[^{}]|\{[^{}]*\})*\Z")
_FIELD = expression(r"\{.*?\}")
_NAMED = r"\{([A-Za-z][A-Za-z0-9_]*)\}"
_SIMPLE_FIELD = expression(_NAMED)
_SIMPLE = expression(rf"(?:{_PLAIN}|{_NAMED})*\Z")
_MEMORY_LIMIT = 65_536
_FEW = 3


@lru_cache(maxsize=16_384)
def _reader_of(pattern: str) -> Callable[[str], dict[str, Any] | None]:
    """Return what reads the fields of a pattern off a name."""
    fields = _SIMPLE_FIELD.findall(pattern)
    if _SIMPLE.match(pattern) and len(set(fields)) == len(fields):
        # The very expression that parse makes of it, at a quarter of the time for each name.
        texts = map(re.escape, _SIMPLE_FIELD.split(pattern)[::2])
        groups = [f"(?P<{field}>.+?)" for field in fields]
        whole = "".join(chain.from_iterable(zip_longest(texts, groups, fillvalue="")))
        search = re.compile(rf"{whole}\Z", re.IGNORECASE | re.DOTALL).match
        return lambda name: None if (found := search(name)) is None else found.groupdict()
    # Imported here: few patterns say more than which text is where.
    import parse

    parser = parse.compile(pattern)
    return lambda name: None if (found := parser.parse(name)) is None else found.named


@lru_cache(maxsize=4_096)
def fields_of(pattern: str, name: str) -> Mapping[str, Any] | None:
    """Return what the fields of the pattern stand for in a name that matches, else None."""
    found = _reader_of(pattern)(name)
    return None if found is None else MappingProxyType(found)


def is_match(pattern: str, name: str) -> bool:
    """Tell whether a name matches, without regard to case."""
    # Whoever asks for the match asks for its fields next.
    return fields_of(pattern, name) is not None


def specificity(pattern: str) -> int:
    """Count the characters of a pattern outside of its fields."""
    return len(_FIELD.sub("", pattern))


class PatternIndex:
    """Patterns in order of preference, and what was found among them before.

    Each pattern is filed under the text at its ends or under its longest text between two fields, whichever
    it shares with fewer others.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = tuple(patterns)
        self._found: dict[str, str | None] = {}
        self._by_ends: dict[tuple[int, int], dict[tuple[str, str], list[int]]] = {}
        self._by_middle: dict[int, dict[str, list[int]]] = {}
        ends = [_literal_ends(pattern) for pattern in self._patterns]
        middles = [_longest_middle(pattern) for pattern in self._patterns]
        sharing_ends, sharing_middle = Counter(ends), Counter(middles)
        for rank, (end, middle) in enumerate(zip(ends, middles, strict=True)):
            if middle and sharing_middle[middle] < sharing_ends[end]:
                self._by_middle.setdefault(len(middle), {}).setdefault(middle, []).append(rank)
            else:
                shape = (len(end[0]), len(end[1]))
                self._by_ends.setdefault(shape, {}).setdefault(end, []).append(rank)

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
        # Beyond ASCII, characters may match others that are not their lower case; and to try a few costs less than to
        # choose among them.
        if not name.isascii() or len(self._patterns) <= _FEW:
            return range(len(self._patterns))
        folded = name.lower()
        size = len(folded)
        ranks: set[int] = set()
        for (before, after), filed in self._by_ends.items():
            ends = (folded[:before], folded[size - after :] if after <= size else "")
            ranks.update(filed.get(ends, ()))
        for length, by_text in self._by_middle.items():
            for start in range(size - length + 1):
                ranks.update(by_text.get(folded[start : start + length], ()))
        return sorted(ranks)


def _literal_ends(pattern: str) -> tuple[str, str]:
    """Return the text that every match begins and ends with, in lower case."""
    before = _PLAIN_START.match(pattern)
    after = _PLAIN_END.search(pattern)
    if "{" not in pattern or before is None or after is None:
        return ("", "")
    return before.group().lower(), after.group().lower()


def _longest_middle(pattern: str) -> str:
    """Return the longest text between two fields, in lower case; none if the braces are out of order."""
    if not _WELL_FORMED.match(pattern):
        return ""
    runs = _PLAIN_RUN.findall(_FIELD.sub("{", pattern))
    return max(runs, key=len, default="").lower()
