"""The pattern index finds what trying every pattern with ``parse`` finds."""

from __future__ import annotations

import parse
from hypothesis import given, settings
from hypothesis import strategies as st

from deodar.io._patterns import PatternIndex

_text = st.text(alphabet="abAB_.-1 #é\u017fk\u212a", max_size=4)
_field = st.sampled_from(["{x}", "{y}", "{ns}", "{n:d}", "{w:w}", "{x:>}"])
_odd = st.sampled_from(["{", "}", "{{", "}}"])


@st.composite
def patterns(draw: st.DrawFn) -> str:
    parts = [draw(_text)]
    for _ in range(draw(st.integers(1, 3))):
        parts += [draw(_field), draw(_text)]
    if draw(st.integers(0, 9)) == 0:
        parts.insert(draw(st.integers(0, len(parts))), draw(_odd))
    return "".join(parts)


def _is_valid(pattern: str) -> bool:
    try:
        parse.compile(pattern)
    except Exception:  # Whatever the library says: it is not a pattern for either side.
        return False
    return True


@given(
    st.lists(patterns().filter(_is_valid), min_size=1, max_size=6, unique=True),
    st.lists(st.text(alphabet="abAB_.-1 #éſskK\u212a{}\n", max_size=10), min_size=1, max_size=6),
)
@settings(max_examples=300, deadline=None)
def test_the_first_match_is_the_first_that_parse_accepts(known: list[str], names: list[str]) -> None:
    index = PatternIndex(known)
    for name in names:
        expected = next((pattern for pattern in known if parse.parse(pattern, name) is not None), None)
        assert index.first_match(name) == expected
        assert index.first_match(name) == expected  # from memory


@given(patterns().filter(_is_valid), st.lists(st.sampled_from("abAB_1"), min_size=9, max_size=9))
@settings(max_examples=300, deadline=None)
def test_a_name_made_from_a_pattern_matches_it_as_parse_says(pattern: str, letters: list[str]) -> None:
    supply = iter(letters)
    name = "".join(
        next(supply) if part.startswith("{") and part.endswith("}") else part
        for part in pattern.replace("{", "\0{").replace("}", "}\0").split("\0")
    )
    expected = pattern if parse.parse(pattern, name) is not None else None
    assert PatternIndex([pattern]).first_match(name) == expected
