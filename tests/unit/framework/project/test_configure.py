from __future__ import annotations

import logging
import subprocess
import sys
from typing import Any

import pytest

from deodar.framework import project as state
from deodar.framework.project import configure_project, pipelines, settings, validate_settings


def test_importing_touches_nothing_and_loads_little() -> None:
    code = """
import logging, os, sys, warnings
before = logging.getLogger().handlers[:], sys.path[:], dict(os.environ), warnings.filters[:], sys.excepthook
import deodar.framework.session, deodar.framework.startup, deodar.framework.context
after = logging.getLogger().handlers[:], sys.path[:], dict(os.environ), warnings.filters[:], sys.excepthook
assert before == after
heavy = ("omegaconf", "multiprocessing", "rich", "pandas", "numpy", "fsspec", "click", "psutil", "cloudpickle",
         "importlib.metadata", "asyncio", "sqlite3", "yaml", "logging.config", "pydantic")
print([name for name in heavy if name in sys.modules])
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert found.stdout.strip() == "[]"


def test_configuring_sets_the_package_and_loads_no_pipeline(project: Any) -> None:
    project.pipeline("a")
    project.bootstrap()
    assert project.package == state.PACKAGE_NAME
    assert project.imported() == {"settings"}
    assert pipelines._pipelines_module == f"{project.package}.pipeline_registry"


def test_settings_cannot_be_validated_without_a_project(process: None) -> None:
    with pytest.raises(ValueError, match=r"Package name not found(?s:.)*bootstrap_project"):
        validate_settings()


def test_package_that_does_not_exist_is_reported(process: None) -> None:
    configure_project("no_such_package_anywhere")
    with pytest.raises(ModuleNotFoundError, match="no_such_package_anywhere"):
        validate_settings()


def test_missing_settings_are_warned_of(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    warned: list[str] = []
    (project.source / project.package / "settings.py").unlink()
    project.bootstrap()
    monkeypatch.setattr(logging.getLogger("deodar.framework.project"), "warning", warned.append)
    validate_settings()
    assert warned == ["No 'settings.py' found, defaults will be used."]


def test_what_is_wrong_with_the_settings_comes_out_with_file_and_line(project: Any) -> None:
    path = project.module("settings", "\n\nimport nonexistent_thing\n")
    project.bootstrap()
    assert settings.CONF_SOURCE == "conf"
    with pytest.raises(ModuleNotFoundError, match="nonexistent_thing") as caught:
        validate_settings()
    assert f"{path}:3" in caught.value.__notes__[0]


def test_catalog_protocol_can_be_imported_from_here() -> None:
    from deodar.io import CatalogProtocol

    assert state.CatalogProtocol is CatalogProtocol
    with pytest.raises(AttributeError, match="no_such_name"):
        assert state.no_such_name
