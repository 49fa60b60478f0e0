from __future__ import annotations

import pytest

from deodar import _environment


def test_either_spelling_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEDRO_SOME_THING", "old")
    assert _environment.read("SOME_THING") == "old"


def test_spelling_of_the_running_package_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEDRO_SOME_THING", "old")
    monkeypatch.setenv("DEODAR_SOME_THING", "new")
    assert _environment.read("SOME_THING") == "new"


def test_empty_variable_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEODAR_SOME_THING", "")
    assert _environment.read("SOME_THING") is None
