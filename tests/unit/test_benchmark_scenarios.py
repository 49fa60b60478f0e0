"""What the benchmarks take of this tree is there: nobody runs them all after each change."""

from __future__ import annotations

import logging
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

SCENARIOS = sorted(Path(__file__).parents[2].glob("benchmarks/scenarios/[!_]*.py"))


@pytest.fixture(autouse=True)
def loud() -> Iterator[None]:
    """Undo what scenarios do to logging when they are loaded."""
    yield
    logging.disable(logging.NOTSET)


def test_there_are_scenarios() -> None:
    assert len(SCENARIOS) > 10


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: str(path.stem))
def test_a_scenario_finds_what_it_measures(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", [str(path), "deodar", *["1"] * 8])
    monkeypatch.syspath_prepend(str(path.parent))
    runpy.run_path(str(path), run_name="scenario")
