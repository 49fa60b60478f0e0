"""Claims of a contract as rows of a table, and the package that they are about.

That is ``deodar``, by a drop-in ``kedro``, or, to see that the claims are right, a real Kedro.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

PACKAGE = os.environ.get("DEODAR_TEST_PACKAGE", "deodar")
IS_REAL_KEDRO = importlib.util.find_spec("deodar") is None


def part(name: str) -> Any:
    """Import a module of the package."""
    return importlib.import_module(f"{PACKAGE}.{name}")


def better(test: Any) -> Any:
    """Mark a test of something that Kedro does worse; on Kedro itself it is no test."""
    return None if IS_REAL_KEDRO else test


def since(version: str) -> Callable[[Any], Any]:
    """Mark a test of something that older releases of Kedro do otherwise."""
    if not IS_REAL_KEDRO:
        return lambda test: test
    running = importlib.import_module("kedro").__version__
    is_older = [int(number) for number in running.split(".")[:2]] < [int(number) for number in version.split(".")]
    return lambda test: None if is_older else test


class Refused(NamedTuple):
    """A call that must fail."""

    make: Callable[[], Any]
    error: type[BaseException]
    says: str


def refusals(*rows: tuple[Callable[[], Any], type[BaseException], str]) -> Any:
    """Parametrize a test with calls that must fail, each with exactly this error and this in its message."""
    return pytest.mark.parametrize("row", [Refused(*row) for row in rows], ids=[row[2][:50] for row in rows])


def check(row: Refused) -> None:
    """Make the call and look at how it fails."""
    with pytest.raises(row.error) as caught:
        row.make()
    assert caught.type is row.error
    assert row.says in str(caught.value)


@pytest.fixture(autouse=True)
def plain_logs() -> Iterator[None]:
    """Have the package log as if nobody had set up logging; serves the tests of each module that imports it."""
    # Another test may have set up logging for the package.
    package = logging.getLogger(PACKAGE)
    before = package.level, package.propagate
    package.setLevel(logging.NOTSET)
    package.propagate = True
    yield
    package.setLevel(before[0])
    package.propagate = before[1]


def run_as_kedro(*files: str) -> None:
    """Run files of this folder as tests in a process in which the package is ``kedro``."""
    command = [sys.executable, "-m", "deodar.compat", "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist"]
    result = subprocess.run(
        [*command, *(str(Path(__file__).parent / name) for name in files)],
        capture_output=True,
        text=True,
        timeout=240,
        env={**os.environ, "DEODAR_TEST_PACKAGE": "kedro"},
    )
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-2000:]
    assert " passed" in result.stdout
