"""Logging of a project, statement by statement: as ``deodar`` and, by a drop-in, as ``kedro``."""

from __future__ import annotations

import importlib.util
import logging
import re
import sys
from collections import UserDict
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import click
import pytest
import rich.pretty
import rich.traceback
import yaml

from ._shop import PACKAGE, load

project, logging_module = load("framework.project"), load("logging")
RICH = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"rich": {"class": f"{PACKAGE}.logging.RichHandler", "rich_tracebacks": True}},
    "loggers": {PACKAGE: {"level": "INFO"}},
    "root": {"handlers": ["rich"]},
}
OWN = {"version": 1, "disable_existing_loggers": False, "loggers": {PACKAGE: {"level": "WARNING"}}}


@pytest.fixture(autouse=True)
def here(as_before: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for variable in ("LOGGING_CONFIG", "LOGGING_MODULE_ALLOWLIST"):
        monkeypatch.delenv(f"KEDRO_{variable}", raising=False)
        monkeypatch.delenv(f"DEODAR_{variable}", raising=False)
    monkeypatch.delenv("DATABRICKS_RUNTIME_VERSION", raising=False)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(sys, "displayhook", sys.displayhook)


def test_the_built_in_configuration_is_that_of_the_contract() -> None:
    active = project._ProjectLogging()
    assert isinstance(active, UserDict)
    assert active.data == dict(active) == RICH


@pytest.mark.parametrize("name", ["rich_logging.yml", "default_logging.yml"])
def test_the_built_in_configurations_lie_beside_the_module_as_files(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file = Path(project.__file__).parent / name
    found = importlib.util.find_spec if name.startswith("rich") else lambda name: None
    monkeypatch.setattr(importlib.util, "find_spec", found)
    built_in = project._ProjectLogging().data
    monkeypatch.setenv("KEDRO_LOGGING_CONFIG", str(file))
    from_file = project._ProjectLogging().data
    # A file says kedro, which means the running name too.
    assert from_file["loggers"].pop("kedro") == {"level": "INFO"}
    assert from_file["loggers"].pop("deodar", None) in (None, {"level": "INFO"})
    assert built_in.pop("loggers") == {PACKAGE: {"level": "INFO"}}
    del from_file["loggers"]
    assert from_file == built_in


@pytest.mark.parametrize("suffix", ["yml", "yaml"])
def test_a_project_has_a_configuration_of_its_own(suffix: str, caplog: pytest.LogCaptureFixture) -> None:
    Path("conf").mkdir()
    Path(f"conf/logging.{suffix}").write_text(yaml.safe_dump({**OWN, "loggers": {PACKAGE: {"level": "INFO"}}}))
    with caplog.at_level(logging.INFO):
        project._ProjectLogging()
    assert (caplog.records[0].name, caplog.records[0].getMessage()) == (
        f"{PACKAGE}.framework.project",
        f"Using 'conf/logging.{suffix}' as logging configuration. You can change this by setting the "
        f"{PACKAGE.upper()}_LOGGING_CONFIG environment variable accordingly.",
    )


def test_a_variable_names_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("own.yml").write_text(yaml.safe_dump(OWN))
    monkeypatch.setenv("KEDRO_LOGGING_CONFIG", "own.yml")
    assert project._ProjectLogging().data == OWN
    assert logging.getLogger(PACKAGE).level == logging.WARNING
    monkeypatch.setenv("KEDRO_LOGGING_CONFIG", "nowhere.yml")
    with pytest.raises(FileNotFoundError):
        project._ProjectLogging()


def test_a_configuration_is_kept_and_may_be_the_active_object_itself() -> None:
    project.configure_logging(OWN)
    assert project.LOGGING.data == OWN
    project.configure_logging(project.LOGGING)
    assert project.LOGGING.data == OWN


def test_a_project_gets_a_logger_and_handlers_of_the_program_go_unless_they_are_kept() -> None:
    project.configure_logging(RICH)
    handler = logging.NullHandler()
    logging.getLogger().addHandler(handler)
    project.LOGGING.set_project_logging("package", preserve_logging=True)
    assert handler in logging.getLogger().handlers
    project.LOGGING.set_project_logging("package")
    assert handler not in logging.getLogger().handlers
    assert project.LOGGING.data["loggers"] == {"package": {"level": "INFO"}, PACKAGE: {"level": "INFO"}}


@pytest.mark.parametrize("name", ["configure", "set_project_logging"])
def test_the_methods_of_the_active_object_can_be_replaced(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    replaced = MagicMock()
    monkeypatch.setattr(project.LOGGING, name, replaced)
    if name == "configure":
        project.configure_logging(OWN)
        replaced.assert_called_once_with(OWN)
    else:
        project.configure_project("no_such_package")
        replaced.assert_called_once_with("no_such_package", False)


def handlers(cls: str) -> dict[str, Any]:
    return {"version": 1, "handlers": {"h": {"class": cls}}}


REFUSED = [
    ({"version": 1, "handlers": {"h": {"()": "x"}}}, "The '()' key is not allowed in logging configuration"),
    ({"version": 1, "filters": [{"()": "x"}]}, "The '()' key is not allowed in logging configuration"),
    (handlers("logging.Nope"), "not found in module"),
    (handlers("logging.nope.Handler"), "Cannot import module"),
    (handlers("logging.Logger"), "Invalid logging class"),
    (handlers("os.path"), "Module 'os' specified as a logging class is not permitted"),
    ({"version": 1, "filters": {"f": {"class": "logging.StreamHandler"}}}, "Must be a subclass of logging.Filter"),
]


@pytest.mark.parametrize(("config", "message"), REFUSED)
def test_a_configuration_may_not_name_just_anything(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        project.configure_logging(config)


def test_classes_are_checked_one_by_one_too() -> None:
    assert project.LOGGING._resolve_logging_class("logging.StreamHandler") is logging.StreamHandler
    project.LOGGING._validate_logging_class("logging.StreamHandler")
    project.LOGGING._validate_logging_class("BareName")
    with pytest.raises(ValueError, match="Invalid logging class"):
        project.LOGGING._validate_logging_class("logging.Logger")


def test_plugins_ask_whether_their_classes_may_be_named() -> None:
    # One that was never started: it must touch nothing.
    asked = object.__new__(project._ProjectLogging)
    config = {"formatters": {"own": {"class": "json.JSONEncoder"}}}
    with pytest.raises(ValueError, match="not permitted"):
        asked._validate_logging_config(config)
    asked._logging_module_allowlist = ("json",)
    with pytest.raises(ValueError, match="Invalid logging class"):
        asked._validate_logging_config(config)
    config["formatters"]["own"]["class"] = "logging.BufferingFormatter"
    with pytest.raises(ValueError, match="Invalid logging class"):
        asked._validate_logging_config(config)
    config["formatters"]["own"]["class"] = "logging.Formatter"
    assert asked._validate_logging_config(config) == config


def test_a_filter_of_ones_own_is_made_with_its_arguments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import logging\nclass Own(logging.Filter):\n    def __init__(self, x): self.x = x\n"
    (tmp_path / "own_filters.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("KEDRO_LOGGING_MODULE_ALLOWLIST", "something, own_filters")
    config = {
        "version": 1,
        "filters": {"f": {"class": "own_filters.Own", "x": 3}},
        "handlers": {"h": {"class": "logging.StreamHandler", "filters": ["f"]}},
        "root": {"handlers": ["h"]},
    }
    project.configure_logging(config)
    assert project.LOGGING.data == config
    assert [made.x for handler in logging.getLogger().handlers for made in handler.filters] == [3]


# --- The handler --------------------------------------------------------------------------------------------------

SUPPRESSED = [click, str(Path(sys.executable).parent)]
OPTIONS = [
    ({"rich_tracebacks": True}, {"suppress": SUPPRESSED}),
    (
        {"rich_tracebacks": True, "tracebacks_show_locals": True, "tracebacks_suppress": ["x"]},
        {"suppress": [*SUPPRESSED, "x"], "show_locals": True},
    ),
    ({"rich_tracebacks": False}, None),
]


@pytest.mark.parametrize("on_databricks", [False, True])
@pytest.mark.parametrize(("options", "expected"), OPTIONS)
def test_the_handler_installs_tracebacks_as_configured(
    options: dict[str, Any], expected: dict[str, Any] | None, on_databricks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracebacks, pretty = MagicMock(), MagicMock()
    monkeypatch.setattr(rich.traceback, "install", tracebacks)
    monkeypatch.setattr(rich.pretty, "install", pretty)
    if on_databricks:
        monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", "1")
    project.configure_logging({**RICH, "handlers": {"rich": {"class": "kedro.logging.RichHandler", **options}}})
    pretty.assert_called_once_with()
    if expected is None or on_databricks:
        tracebacks.assert_not_called()
    else:
        tracebacks.assert_called_once_with(**expected)


def test_a_record_may_ask_for_styles_that_only_this_handler_sees(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    styled = MagicMock(side_effect=lambda value, style: f"[{style}]{value}[/{style}]")
    monkeypatch.setattr(logging_module, "_format_rich", styled)
    logger, handler = logging.getLogger("styles"), logging_module.RichHandler()
    monkeypatch.setattr(logger, "handlers", [handler, caplog.handler])
    monkeypatch.setattr(logger, "propagate", False)
    logger.warning("%s and %s", "a", "[b]", extra={"rich_format": ["red"]})
    styled.assert_called_once_with("a", "red")
    assert caplog.messages == ["a and [b]"]
    logger.warning("no arguments", extra={"rich_format": []})
    for wrong in ([], "red"):
        with pytest.raises(TypeError, match="rich_format only accept non-empty list as an argument"):
            logger.warning("%s", "a", extra={"rich_format": wrong})
    assert (handler.markup, logging_module.RichHandler(markup=False).markup) == (True, False)
