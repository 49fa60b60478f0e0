"""Splitting a name into dataset and transcoding."""

import pytest

from deodar.pipeline.transcoding import _strip_transcoding, _transcode_split, base_names


@pytest.mark.parametrize(
    ("name", "parts"), [("abc", ("abc", "")), ("abc@def", ("abc", "def")), ("@x", ("", "x")), ("x@", ("x", ""))]
)
def test_name_splits_at_the_separator(name: str, parts: tuple[str, str]) -> None:
    assert _transcode_split(name) == parts and _strip_transcoding(name) == parts[0]


@pytest.mark.parametrize("name", ["a@b@c", "a@@b"])
def test_second_separator_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"Expected maximum 1 transcoding separator, found 2 instead: '{name}'."):
        _transcode_split(name)


def test_names_without_transcoding_come_back_as_they_are() -> None:
    names = ("a", "b")
    assert base_names(names) is names and base_names(("a@x", "b")) == ("a", "b")
