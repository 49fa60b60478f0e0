"""Random files in pieces of YAML: what is read without the parser, the parser reads alike."""

from __future__ import annotations

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from deodar.config import _plain_yaml, _yaml

PIECES = (
    *(
        "a",
        "b",
        "c.d",
        "on",
        "null",
        "true",
        "No",
        "x-y",
        "_t",
        "0",
        "1",
        "10",
        "1.5",
        "0.0",
        "01",
        "1e3",
        "-1",
        "2020-01-01",
    ),
    *(
        ": ",
        ":",
        " ",
        "  ",
        "    ",
        "\n",
        "\n  ",
        "\n    ",
        "\n",
        "\n",
        "- ",
        "{",
        "}",
        "[",
        "]",
        ", ",
        ",",
        "# ",
        " #",
        "#",
    ),
    *('"', '"q"', '"a: b"', '"${x}"', "'s'", "\\", "|", ">", "&x", "*x", "!", "%", "<<", "~", "=", "?", "@", "`"),
    *("://", "/", "é", "\t", "\r", "\x85", "\ufeff", "---", "..."),
)


@settings(max_examples=3000)
@given(st.lists(st.sampled_from(PIECES), max_size=24).map("".join))
@example("a:\n  b: c\n  # x\n d: e\n")
def test_what_is_read_without_the_parser_the_parser_reads_alike(text: str) -> None:
    found = _plain_yaml.read(text.encode())
    if found is not None:
        document = _yaml._document(text.encode())
        assert repr(found) == repr(document.tree)
        assert _yaml.examine(found) == (document.interpolated, document.plain)


LINES = st.lists(
    st.tuples(
        st.sampled_from(("", "  ", "    ", "   ")),
        st.sampled_from(("a", "b", "c", '"d e"', "off", "# a", "")),
        st.sampled_from((":", ": x", ": 1", ': "y"', ": {a: 1, b: c}", ": {}", ": x # z", ": s3://b/c", ": x y", "")),
    ).map("".join),
    max_size=8,
)


@settings(max_examples=3000)
@given(LINES.map("\n".join))
def test_mappings_in_mappings_are_read_alike(text: str) -> None:
    found = _plain_yaml.read(text.encode())
    if found is not None:
        assert repr(found) == repr(_yaml._document(text.encode()).tree)


def test_the_parser_is_the_one_that_configuration_is_read_with() -> None:
    assert issubclass(_yaml._nodes.loader(), yaml.CSafeLoader)
