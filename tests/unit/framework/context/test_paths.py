from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import pytest

from deodar.framework.context.context import (
    _convert_paths_to_absolute_posix,
    _expand_full_path,
    _is_relative_path,
)

PROJECT = PurePosixPath("/home/me/project")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("data/cars.csv", True),
        ("./cars.csv", True),
        ("", True),
        ("logs\\error.txt", True),
        ("/data/cars.csv", False),
        ("C:\\data\\cars.csv", False),
        ("C:/data/cars.csv", False),
        ("\\\\server\\share\\cars.csv", False),
        ("s3://bucket/cars.csv", False),
        ("dbfs:/cars.csv", False),
        ("http://host/cars.csv", False),
        ("a:b", False),
    ],
)
def test_relative_is_what_is_neither_absolute_nor_a_url(path: str, expected: bool) -> None:
    assert _is_relative_path(path) is expected


@pytest.mark.parametrize("key", ["filename", "filepath", "path"])
def test_relative_paths_start_at_the_project(key: str) -> None:
    config: dict[str, Any] = {"cars": {"nested": {key: "data/cars.csv"}}}
    assert _convert_paths_to_absolute_posix(PROJECT, config) is config
    assert config == {"cars": {"nested": {key: "/home/me/project/data/cars.csv"}}}


@pytest.mark.parametrize(
    "config",
    [
        {"filepath": "s3://bucket/cars.csv"},
        {"filepath": "/data/cars.csv"},
        {"other": "data/cars.csv"},
        {"filepath": 3, "path": None, "filename": ["a"]},
        {"several": [{"filepath": "a"}]},
    ],
)
def test_everything_else_is_left_alone(config: dict[str, Any]) -> None:
    before = repr(config)
    assert repr(_convert_paths_to_absolute_posix(PROJECT, config)) == before


def test_windows_paths_get_slashes() -> None:
    config = {"filepath": "C:\\data\\cars.csv", "path": "data/x.csv"}
    expected = {"filepath": "C:/data/cars.csv", "path": "D:/project/data/x.csv"}
    assert _convert_paths_to_absolute_posix(PureWindowsPath("D:\\project"), config) == expected


def test_home_folder_is_not_looked_for_in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    converted = _convert_paths_to_absolute_posix(PROJECT, {"filepath": "~/cars.csv"})
    assert converted == {"filepath": "/home/me/cars.csv"}


def test_path_of_the_project_must_be_absolute() -> None:
    with pytest.raises(ValueError, match=r"project_path must be an absolute path\. Received: project"):
        _convert_paths_to_absolute_posix(PurePosixPath("project"), {})


def test_full_path_is_resolved(tmp_path: Path) -> None:
    assert _expand_full_path(f"{tmp_path}/a/..") == tmp_path
