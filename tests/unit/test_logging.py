from __future__ import annotations

import io
import logging
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import rich.pretty
import rich.traceback
from rich.console import Console

from deodar.logging import RichHandler


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, list[dict[str, Any]]]]:
    """Note what is installed into the interpreter, in place of doing it."""
    calls: dict[str, list[dict[str, Any]]] = {"traceback": [], "pretty": []}
    monkeypatch.setattr(rich.traceback, "install", lambda **kwargs: calls["traceback"].append(kwargs))
    monkeypatch.setattr(rich.pretty, "install", lambda **kwargs: calls["pretty"].append(kwargs))
    monkeypatch.delenv("DATABRICKS_RUNTIME_VERSION", raising=False)
    yield calls
    logging.captureWarnings(False)


@pytest.fixture
def written(installed: Any) -> Iterator[Callable[..., str]]:
    """Return a function that logs and returns what two handlers, Rich's and a plain one, have written."""
    rich_text, plain_text = io.StringIO(), io.StringIO()
    logger = logging.getLogger("some.logger")
    handlers = [
        RichHandler(console=Console(file=rich_text, width=200, force_terminal=True, color_system="truecolor")),
        logging.StreamHandler(plain_text),
    ]
    logger.propagate = False
    for handler in handlers:
        logger.addHandler(handler)

    def log(*args: Any, **kwargs: Any) -> tuple[str, str]:
        logger.warning(*args, **kwargs)
        return rich_text.getvalue(), plain_text.getvalue()

    yield log
    logger.propagate = True
    for handler in handlers:
        logger.removeHandler(handler)


def test_handler_is_richs_with_markup(installed: Any) -> None:
    handler = RichHandler()
    assert isinstance(handler, rich.logging.RichHandler) and handler.markup
    assert not RichHandler(markup=False).markup


def test_making_one_captures_warnings_and_prints_prettily(installed: Any) -> None:
    import warnings

    shown = warnings.showwarning
    RichHandler()
    assert warnings.showwarning is not shown
    assert installed == {"traceback": [], "pretty": [{}]}


def test_tracebacks_are_formatted_without_the_command_lines_own_frames(installed: Any) -> None:
    RichHandler(rich_tracebacks=True)
    assert installed["traceback"] == [{"suppress": [click, str(Path(sys.executable).parent)]}]


def test_options_of_tracebacks_hold_for_uncaught_errors(installed: Any) -> None:
    RichHandler(rich_tracebacks=True, tracebacks_show_locals=True, tracebacks_suppress=["mine"])
    assert installed["traceback"] == [
        {"show_locals": True, "suppress": [click, str(Path(sys.executable).parent), "mine"]}
    ]


def test_tracebacks_are_left_alone_on_databricks(installed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", "1")
    RichHandler(rich_tracebacks=True)
    assert not installed["traceback"]


def test_arguments_get_the_styles_asked_for_in_this_handler_alone(written: Any) -> None:
    rich_text, plain_text = written("loading %s as %s", "cars", "csv", extra={"rich_format": ["red"]})
    assert "\x1b[31mcars\x1b[0m" in rich_text
    assert "csv" in rich_text
    assert plain_text == "loading cars as csv\n"


def test_more_styles_than_arguments_are_no_error(written: Any) -> None:
    assert "loading cars" in written("loading %s", "cars", extra={"rich_format": ["red", "blue"]})[1]


@pytest.mark.parametrize("styles", [[], "red", {"a": 1}, None])
def test_styles_must_be_a_list_with_something_in_it(written: Any, styles: Any) -> None:
    with pytest.raises(TypeError, match="rich_format only accept non-empty list as an argument"):
        written("loading %s", "cars", extra={"rich_format": styles})


def test_styles_do_not_matter_without_arguments(written: Any) -> None:
    assert "nothing here" in written("nothing here", extra={"rich_format": []})[1]


def test_square_brackets_are_shown_where_a_record_has_no_markup(written: Any) -> None:
    text = written("Running %s", "f([cars]) -> [out]", extra={"markup": False})[0]
    assert "f([cars]) -> [out]" in re.sub(r"\x1b\[[0-9;]*m", "", text)
