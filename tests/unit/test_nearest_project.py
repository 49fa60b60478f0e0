"""Whose project a folder is in."""

from __future__ import annotations

from pathlib import Path

import pytest

from deodar._nearest_project import nearest_project


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        ("[tool.kedro]\n", "kedro"),
        ("[tool.deodar]\n", "deodar"),
        ("[tool.kedro]\n[tool.deodar]\n", "deodar"),
        ("[tool.ruff]\n", None),
    ],
)
def test_the_table_tells_whose_project_it_is(tmp_path: Path, text: str, owner: str | None) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert nearest_project(str(tmp_path)) == owner
    assert nearest_project(str(below)) == owner


def test_the_nearest_project_counts(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.kedro]\n")
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "pyproject.toml").write_text("[tool.deodar]\n")
    assert nearest_project(str(inner)) == "deodar"


def test_a_file_that_is_no_text_is_nobodys_project(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"\xff\xfe[tool.kedro]")
    assert nearest_project(str(tmp_path)) is None
