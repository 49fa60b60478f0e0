from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deodar import _version
from deodar.framework import project as state
from deodar.framework.startup import (
    ProjectMetadata,
    _add_src_to_path,
    _get_project_metadata,
    _validate_source_path,
    bootstrap_project,
)

COMPLETE = {"package_name": "shop", "project_name": "Shop", "kedro_init_version": "1.1.1"}


def write(folder: Path, table: dict[str, Any], name: str = "kedro") -> Path:
    lines = [f"{key} = {value!r}" for key, value in table.items()]
    (folder / "pyproject.toml").write_text("\n".join([f"[tool.{name}]", *lines]).replace("'", '"'))
    return folder


def test_metadata_has_the_fields_of_the_contract_in_order(tmp_path: Path) -> None:
    assert _get_project_metadata(write(tmp_path, COMPLETE)) == ProjectMetadata(
        tmp_path / "pyproject.toml", "shop", "Shop", tmp_path, tmp_path / "src", "1.1.1", None, None
    )
    assert ProjectMetadata._fields == (
        "config_file",
        "package_name",
        "project_name",
        "project_path",
        "source_dir",
        "kedro_init_version",
        "tools",
        "example_pipeline",
    )


def test_optional_keys_are_read(tmp_path: Path) -> None:
    table = {**COMPLETE, "source_dir": "code", "tools": "Linting", "example_pipeline": "False"}
    metadata = _get_project_metadata(write(tmp_path, table))
    assert (metadata.source_dir, metadata.tools, metadata.example_pipeline) == (tmp_path / "code", "Linting", "False")


@pytest.mark.parametrize("source_dir", ["", "."])
def test_sources_may_lie_in_the_project_folder_itself(tmp_path: Path, source_dir: str) -> None:
    metadata = _get_project_metadata(write(tmp_path, {**COMPLETE, "source_dir": source_dir}))
    assert metadata.source_dir == tmp_path
    _validate_source_path(metadata.source_dir, metadata.project_path)


@pytest.mark.parametrize("key", ["kedro_init_version", "deodar_init_version"])
def test_native_table_takes_either_name_of_the_version(tmp_path: Path, key: str) -> None:
    version = {"kedro_init_version": "1.9.0", "deodar_init_version": _version.__version__}[key]
    table = {"package_name": "shop", "project_name": "Shop", key: version}
    assert _get_project_metadata(write(tmp_path, table, "deodar")).kedro_init_version == version


def test_native_table_goes_before_kedros(tmp_path: Path) -> None:
    write(tmp_path, COMPLETE)
    text = (tmp_path / "pyproject.toml").read_text()
    (tmp_path / "pyproject.toml").write_text(text + "\n" + text.replace("kedro]", "deodar]").replace("shop", "native"))
    assert _get_project_metadata(tmp_path).package_name == "native"


def test_folder_without_pyproject_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(
        RuntimeError, match=f"Could not find the project configuration file 'pyproject.toml' in {tmp_path}"
    ):
        bootstrap_project(tmp_path)


def test_the_table_of_the_running_name_is_read_where_there_are_both(tmp_path: Path) -> None:
    other = write(tmp_path, {**COMPLETE, "package_name": "other"}).joinpath("pyproject.toml").read_text()
    own = write(tmp_path, COMPLETE, "deodar").joinpath("pyproject.toml").read_text()
    (tmp_path / "pyproject.toml").write_text(f"{other}\n{own}")
    assert _get_project_metadata(tmp_path).package_name == "shop"


def test_broken_toml_is_reported(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool")
    with pytest.raises(RuntimeError, match=r"Failed to parse 'pyproject\.toml' file"):
        bootstrap_project(tmp_path)


def test_missing_table_is_reported(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.black]\n")
    with pytest.raises(RuntimeError, match=r"There's no '\[tool\.deodar\]' section in the 'pyproject\.toml'\."):
        bootstrap_project(tmp_path)


def test_missing_keys_are_reported_before_unexpected_ones(tmp_path: Path) -> None:
    write(tmp_path, {"kedro_init_version": "1.1.1", "unexpected": 1})
    with pytest.raises(RuntimeError, match=r"Missing required keys \['package_name', 'project_name'\] from"):
        bootstrap_project(tmp_path)


def test_unexpected_keys_are_reported_with_those_that_are_known(tmp_path: Path) -> None:
    write(tmp_path, {**COMPLETE, "unexpected": 1})
    expected = (
        r"Found unexpected keys in 'pyproject\.toml'\. Make sure it only contains the following keys: "
        r"\['package_name', 'project_name', 'kedro_init_version', 'source_dir', 'tools', 'example_pipeline'\]\."
    )
    with pytest.raises(RuntimeError, match=expected):
        bootstrap_project(tmp_path)


@pytest.mark.parametrize("version", ["0.19.2", "2.0.0", "-0", "nonsense"])
def test_project_of_another_major_release_is_refused(tmp_path: Path, version: str) -> None:
    write(tmp_path, {**COMPLETE, "kedro_init_version": version})
    with pytest.raises(
        ValueError, match=f"Your Deodar project version {version} does not match Deodar package version"
    ):
        bootstrap_project(tmp_path)


@pytest.mark.parametrize("version", ["1.0.0", "1.99.3", "1"])
def test_project_of_another_minor_release_is_welcome(tmp_path: Path, version: str) -> None:
    _get_project_metadata(write(tmp_path, {**COMPLETE, "kedro_init_version": version}))


@pytest.mark.parametrize("source_dir", ["..", "../elsewhere", "/elsewhere"])
def test_sources_outside_of_the_project_are_refused(tmp_path: Path, source_dir: str) -> None:
    write(tmp_path, {**COMPLETE, "source_dir": source_dir})
    with pytest.raises(ValueError, match=r"Source path '.*' has to be relative to your project root"):
        bootstrap_project(tmp_path)


def test_sources_may_be_a_link_that_leads_out_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "project").mkdir()
    (tmp_path / "project/src").symlink_to(tmp_path / "elsewhere")
    metadata = _get_project_metadata(write(tmp_path / "project", COMPLETE))
    _validate_source_path(metadata.source_dir, metadata.project_path)
    assert metadata.source_dir == tmp_path / "project/src"


def test_missing_sources_are_reported(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError, match=f"Source path '{tmp_path / 'src'}' cannot be found"):
        bootstrap_project(write(tmp_path, COMPLETE))


def test_bootstrapping_makes_the_project_importable_here_and_in_children(project: Any) -> None:
    metadata = bootstrap_project(str(project.path))
    assert sys.path[0] == str(project.source)
    assert state.PACKAGE_NAME == metadata.package_name == project.package
    command = [sys.executable, "-c", f"import {project.package}.settings"]
    assert subprocess.run(command, timeout=60, check=False).returncode == 0


def test_import_path_of_children_is_set_to_the_sources_alone_if_it_was_unset(
    process: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH")
    _add_src_to_path(tmp_path, tmp_path)
    assert os.environ["PYTHONPATH"] == str(tmp_path)


def test_import_path_gets_the_sources_once_and_in_front(
    process: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A longer path that begins alike is another folder.
    other = f"{tmp_path}_other"
    monkeypatch.setenv("PYTHONPATH", other)
    for _ in range(2):
        _add_src_to_path(tmp_path, tmp_path)
    assert os.environ["PYTHONPATH"] == os.pathsep.join([str(tmp_path), other])
    assert sys.path.count(str(tmp_path)) == 1


def test_reading_metadata_touches_nothing(project: Any) -> None:
    before = list(sys.path)
    _get_project_metadata(project.path)
    assert sys.path == before
    assert state.PACKAGE_NAME is None
