"""The pattern index finds what trying every pattern with ``parse`` finds."""

from __future__ import annotations

import re

import parse
from hypothesis import example, given, settings
from hypothesis import strategies as st

from deodar.io._patterns import PatternIndex, fields_of

# Few characters, so that patterns meet; among them some that match others without regard to case.
_LETTERS = "asS_.1 \u017fk\u212a"
_text = st.text(alphabet=_LETTERS, max_size=3)
_field = st.sampled_from(["{x}", "{y}", "{n:d}", "{w:w}", "{x:>}"])
_odd = st.sampled_from(["{", "}", "{{", "}}"])


@st.composite
def patterns(draw: st.DrawFn) -> str:
    parts = [draw(_text)]
    for _ in range(draw(st.integers(1, 3))):
        parts += [draw(_field), draw(_text)]
    if draw(st.integers(0, 9)) == 0:
        parts.insert(draw(st.integers(0, len(parts))), draw(_odd))
    return "".join(parts)


@st.composite
def names_like(draw: st.DrawFn, pattern: str) -> str:
    """A name that may well match: the fields filled in, the case of some letters changed."""
    filled = re.sub(r"\{.*?\}", lambda _: draw(st.text(alphabet="a1s_", min_size=1, max_size=2)), pattern)
    swaps = {"s": "S\u017f", "S": "s\u017f", "\u017f": "sS", "k": "K\u212a", "\u212a": "kK", "a": "A"}
    return "".join(draw(st.sampled_from(character + swaps.get(character, ""))) for character in filled)


def _is_valid(pattern: str) -> bool:
    try:
        parse.compile(pattern)
    except Exception:  # Whatever the library says: it is not a pattern for either side.
        return False
    return True


@given(st.data(), st.lists(patterns().filter(_is_valid), min_size=1, max_size=6, unique=True))
@settings(max_examples=400, deadline=None)
def test_the_first_match_is_the_first_that_parse_accepts(data: st.DataObject, known: list[str]) -> None:
    index = PatternIndex(known)
    for model in known:
        name = data.draw(names_like(model))
        expected = next((pattern for pattern in known if parse.parse(pattern, name) is not None), None)
        assert index.first_match(name) == expected
        assert index.first_match(name) == expected  # from memory


@given(st.data(), patterns().filter(_is_valid))
@settings(max_examples=400, deadline=None)
def test_the_fields_are_those_that_parse_finds(data: st.DataObject, pattern: str) -> None:
    name = data.draw(names_like(pattern))
    expected = parse.parse(pattern, name)
    assert fields_of(pattern, name) == (None if expected is None else expected.named)


@given(
    st.lists(patterns().filter(_is_valid), min_size=1, max_size=4, unique=True),
    st.text(alphabet=_LETTERS + "{}\n", max_size=8),
)
@example(["{x}ab", "{x}longer{y}ab"], "1ab")
@example(["ab{x}", "ab{y}longer{x}"], "ab1")
@settings(max_examples=200, deadline=None)
def test_any_name_finds_what_parse_accepts(known: list[str], name: str) -> None:
    expected = next((pattern for pattern in known if parse.parse(pattern, name) is not None), None)
    assert PatternIndex(known).first_match(name) == expected
