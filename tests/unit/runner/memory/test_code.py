"""Which modules count as the user's own."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest

from deodar.runner._memory.code import ProjectModules


@pytest.mark.parametrize("module", ["numpy.linalg", "json", "sys", "deodar.io", "click"])
def test_what_is_installed_is_not_the_projects(module: str) -> None:
    assert not ProjectModules()(module)


def test_the_projects_package_is_its_own_wherever_it_lies() -> None:
    assert ProjectModules("numpy")("numpy.linalg")


def test_a_module_beside_the_project_is_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "beside_the_project.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert ProjectModules()("beside_the_project")


def test_a_module_made_by_hand_is_the_projects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "made_by_hand", types.ModuleType("made_by_hand"))
    assert ProjectModules()("made_by_hand")
    assert ProjectModules()("found_nowhere")
