"""The handler of the built-in logging configuration."""

from __future__ import annotations

import io
import logging
import subprocess
import sys

import pytest

from deodar._terminal_log import TerminalHandler


@pytest.fixture
def logger() -> logging.Logger:
    made = logging.getLogger("terminal-log-test")
    made.handlers, made.propagate = [TerminalHandler()], False
    made.setLevel(logging.INFO)
    return made


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_elsewhere_than_on_a_terminal_lines_are_plain_and_whole(
    logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = io.StringIO()
    monkeypatch.setattr(sys, "stdout", output)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    logger.info("a line %s", "x" * 300)
    (line,) = output.getvalue().splitlines()
    assert line.endswith("INFO     a line " + "x" * 300)


def test_output_that_was_redirected_later_is_written_to(
    logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    first, second = io.StringIO(), io.StringIO()
    for output in (first, second):
        monkeypatch.setattr(sys, "stdout", output)
        logger.info("here")
    assert "here" in first.getvalue() and "here" in second.getvalue()


def test_on_a_terminal_rich_writes(logger: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    logger.info("here")
    handler = logger.handlers[0]
    assert isinstance(handler, TerminalHandler)
    assert type(handler._suitable()).__name__ == "RichHandler"


def test_rich_is_not_loaded_before_there_is_something_to_write() -> None:
    code = (
        "import sys; from deodar._terminal_log import TerminalHandler; TerminalHandler(); print('rich' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"
