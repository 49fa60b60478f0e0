"""Modules in a process that outlives runs."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deodar.engine.executors.cluster.modules import LoadedModules

NAMES = ["edited_helper", "edited_nodes"]


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoadedModules]:
    """Return what knows of two modules that were loaded for a first run, one of which uses the other."""
    monkeypatch.syspath_prepend(str(tmp_path))
    known = LoadedModules()
    known.renew()
    (tmp_path / "edited_helper.py").write_text("ANSWER = 1\n")
    (tmp_path / "edited_nodes.py").write_text("from edited_helper import ANSWER\n")
    for path in tmp_path.iterdir():
        os.utime(path, (1e9, 1e9))
    importlib.import_module("edited_nodes")
    yield known
    for name in NAMES:
        sys.modules.pop(name, None)


def edit(path: Path, source: str) -> None:
    path.write_text(source)
    # However it was stamped: tools that copy files keep the time of the original.
    os.utime(path, (1e9 + 60, 1e9 + 60))


def answer() -> Any:
    return importlib.import_module("edited_nodes").ANSWER


def test_what_was_not_changed_stays(loaded: LoadedModules) -> None:
    assert loaded.renew() == []
    assert loaded.renew() == []


def test_when_one_was_edited_those_that_use_it_are_loaded_anew_too(loaded: LoadedModules, tmp_path: Path) -> None:
    loaded.renew()
    edit(tmp_path / "edited_helper.py", "ANSWER = 23\n")
    assert loaded.renew() == NAMES
    assert answer() == 23


def test_what_was_edited_soon_after_it_was_loaded_is_loaded_anew(loaded: LoadedModules, tmp_path: Path) -> None:
    (tmp_path / "edited_helper.py").write_text("ANSWER = 23\n")
    assert loaded.renew() == NAMES


def test_what_is_gone_is_forgotten(loaded: LoadedModules, tmp_path: Path) -> None:
    loaded.renew()
    (tmp_path / "edited_helper.py").unlink()
    assert loaded.renew() == NAMES


def test_what_was_there_before_the_first_run_stays_unless_it_was_edited(loaded: LoadedModules, tmp_path: Path) -> None:
    later = LoadedModules()
    later.renew()
    assert later.renew(all_of_them=True) == []
    edit(tmp_path / "edited_helper.py", "ANSWER = 23\n")
    assert later.renew() == ["edited_helper"]


def test_for_another_place_all_that_came_with_runs_is_forgotten(loaded: LoadedModules) -> None:
    assert loaded.renew(all_of_them=True) == NAMES
