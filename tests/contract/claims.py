"""Claims of a contract as rows of a table: what must be refused, with which error, saying what."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

PACKAGE = os.environ.get("DEODAR_TEST_PACKAGE", "deodar")


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
