from __future__ import annotations

import json
import logging
import logging.handlers
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from deodar.framework import project as state
from deodar.framework.project import _ProjectLogging, configure_logging, configure_project

DEFAULT = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"rich": {"class": "deodar.logging.RichHandler", "rich_tracebacks": True}},
    "loggers": {"deodar": {"level": "INFO"}},
    "root": {"handlers": ["rich"]},
}
MINE = """
import logging
class Handler(logging.Handler): pass
class Filter(logging.Filter):
    pass
class Stranger: pass
"""


@pytest.fixture
def fresh(process: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, and put back the loggers that tests configure."""
    monkeypatch.chdir(tmp_path)
    for name in ("deodar", "kedro", "shop", "deodar.io"):
        monkeypatch.setattr(logging.getLogger(name), "level", logging.NOTSET)
    return tmp_path


@pytest.fixture
def module(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module with classes for logging, that may not be named by default."""
    (fresh / "mylogging.py").write_text(MINE)
    monkeypatch.syspath_prepend(str(fresh))
    return "mylogging"


def config(**parts: Any) -> dict[str, Any]:
    return {"version": 1, "disable_existing_loggers": False, **parts}


def test_importing_the_project_configures_no_logging(fresh: Path) -> None:
    before = list(logging.getLogger().handlers)
    logging_of_process = _ProjectLogging.deferred()
    assert logging_of_process.in_force is None
    assert logging.getLogger().handlers == before


def test_built_in_configuration_writes_as_suits_where_output_goes(fresh: Path) -> None:
    assert _ProjectLogging().data == DEFAULT
    (handler,) = logging.getLogger().handlers
    assert type(handler).__module__ == "deodar._terminal_log"


def test_deferred_configuration_is_applied_when_somebody_looks(fresh: Path) -> None:
    assert dict(_ProjectLogging.deferred()) == DEFAULT
    assert logging.getLogger("deodar").level == logging.INFO


def test_configuring_a_project_lets_its_loggers_speak(fresh: Path) -> None:
    configure_project("shop")
    assert logging.getLogger("shop").level == logging.INFO
    assert state.LOGGING.data["loggers"] == {"deodar": {"level": "INFO"}, "shop": {"level": "INFO"}}


def test_configured_level_of_a_project_is_kept(fresh: Path) -> None:
    configure_logging(config(loggers={"shop": {"level": "WARNING"}}))
    configure_project("shop")
    assert logging.getLogger("shop").level == logging.WARNING


def test_configuring_a_project_can_leave_logging_alone(fresh: Path) -> None:
    handlers = list(logging.getLogger().handlers)
    configure_project("shop", preserve_logging=True)
    assert state.LOGGING.in_force is None
    assert logging.getLogger().handlers == handlers
    assert logging.getLogger("shop").level == logging.NOTSET


def test_configuring_a_project_drops_handlers_added_meanwhile(fresh: Path) -> None:
    state.LOGGING.configure(DEFAULT)
    logging.getLogger().addHandler(logging.NullHandler())
    configure_project("shop")
    assert len(logging.getLogger().handlers) == 1


@pytest.mark.parametrize("variable", ["KEDRO_LOGGING_CONFIG", "DEODAR_LOGGING_CONFIG"])
def test_environment_names_the_file(fresh: Path, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    own = config(loggers={"deodar": {"level": "ERROR"}})
    (fresh / "mine.yml").write_text(yaml.dump(own))
    monkeypatch.setenv(variable, str(fresh / "mine.yml"))
    assert _ProjectLogging().data == own
    assert logging.getLogger("deodar").level == logging.ERROR


def test_missing_file_of_the_environment_is_an_error(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEDRO_LOGGING_CONFIG", "absent.yml")
    with pytest.raises(
        FileNotFoundError, match=r"'absent\.yml', which the environment variable \w+_LOGGING_CONFIG names"
    ):
        _ProjectLogging()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("version: 1\nroot: {handlers: [absent]}\n", "Unable to configure root logger: Unable to add handler 'absent'"),
        ("version: 1\nhandlers: {h: {class: logging.StreamHandlr}}\n", "Logging class 'StreamHandlr' not found"),
        ("version: [\n", "The logging configuration is no YAML"),
    ],
)
def test_a_wrong_file_is_named_with_the_reason(fresh: Path, text: str, message: str) -> None:
    (fresh / "conf").mkdir(exist_ok=True)
    (fresh / "conf" / "logging.yml").write_text(text)
    with pytest.raises(ValueError, match=rf"(?s){message}.*conf.logging\.yml"):
        _ProjectLogging()


@pytest.mark.parametrize("name", ["logging.yml", "logging.yaml"])
def test_file_of_the_current_project_is_found(fresh: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    logger = logging.getLogger("deodar.framework.project")
    monkeypatch.setattr(logger, "info", lambda message, *args: said.append(message % args))
    (fresh / "conf").mkdir()
    (fresh / "conf" / name).write_text(yaml.dump(config(loggers={"shop": {"level": "ERROR"}})))
    assert _ProjectLogging().data["loggers"]["shop"] == {"level": "ERROR"}
    assert "Using '" in said[0] and f"{name}' as logging configuration." in said[0]
    assert "You can change this by setting the DEODAR_LOGGING_CONFIG environment variable accordingly." in said[0]


def test_file_of_a_bootstrapped_project_is_found_from_anywhere(fresh: Path, project: Any) -> None:
    project.write("conf/logging.yml", yaml.dump(config(loggers={"deodar.io": {"level": "ERROR"}})))
    project.bootstrap()
    assert logging.getLogger("deodar.io").level == logging.ERROR


def test_file_that_is_no_mapping_is_refused(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (fresh / "mine.yml").write_text("- a\n")
    monkeypatch.setenv("KEDRO_LOGGING_CONFIG", "mine.yml")
    with pytest.raises(ValueError, match="must be a mapping, got list"):
        _ProjectLogging()


def test_what_is_said_of_kedros_loggers_holds_for_ours(fresh: Path) -> None:
    configure_logging(config(loggers={"kedro": {"level": "ERROR"}, "kedro.io": {"level": "DEBUG"}}))
    assert logging.getLogger("deodar").level == logging.ERROR
    assert logging.getLogger("deodar.io").level == logging.DEBUG
    assert logging.getLogger("kedro").level == logging.ERROR


def test_what_is_said_of_our_loggers_outweighs_what_is_said_of_kedros(fresh: Path) -> None:
    configure_logging(config(loggers={"kedro": {"level": "ERROR"}, "deodar": {"level": "DEBUG"}}))
    assert logging.getLogger("deodar").level == logging.DEBUG


def test_handler_of_kedro_is_ours(fresh: Path) -> None:
    handlers = {"rich": {"class": "kedro.logging.RichHandler"}}
    configure_logging(config(handlers=handlers, root={"handlers": ["rich"]}))
    assert type(logging.getLogger().handlers[0]).__module__ == "deodar.logging"
    assert handlers["rich"]["class"] == "kedro.logging.RichHandler"


def test_configuration_object_configures_too(fresh: Path) -> None:
    configure_logging(_ProjectLogging())
    assert state.LOGGING.data == DEFAULT


@pytest.mark.parametrize(
    "part",
    [
        {"handlers": {"h": {"()": "os.system"}}},
        {"root": {"handlers": [{"()": "os.system"}]}},
    ],
)
def test_factories_are_refused_wherever_they_are(fresh: Path, part: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"The '\(\)' key is not allowed in logging configuration"):
        configure_logging(config(**part))


def test_class_of_a_module_that_may_not_be_named_is_refused_before_it_is_imported(module: str) -> None:
    import sys

    with pytest.raises(ValueError, match=r"Module 'mylogging' specified as a logging class is not permitted"):
        configure_logging(config(handlers={"h": {"class": "mylogging.Handler"}}))
    assert module not in sys.modules


@pytest.mark.parametrize("variable", ["KEDRO_LOGGING_MODULE_ALLOWLIST", "DEODAR_LOGGING_MODULE_ALLOWLIST"])
def test_environment_permits_modules(module: str, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "other, mylogging")
    configure_logging(config(handlers={"h": {"class": "mylogging.Handler"}}, root={"handlers": ["h"]}))
    assert type(logging.getLogger().handlers[0]).__name__ == "Handler"


def test_classes_of_the_project_are_permitted(fresh: Path, project: Any) -> None:
    project.module("handlers", MINE)
    handlers = {"h": {"class": f"{project.package}.handlers.Handler"}}
    project.write("conf/logging.yml", yaml.dump(config(handlers=handlers, root={"handlers": ["h"]})))
    project.bootstrap()
    assert type(logging.getLogger().handlers[0]).__module__ == f"{project.package}.handlers"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mylogging.Stranger", r"Invalid logging class 'mylogging\.Stranger'"),
        ("mylogging.Absent", r"'Absent' not found in module 'mylogging'"),
        ("mylogging.absent.Handler", r"Cannot import module 'mylogging\.absent'"),
    ],
)
def test_wrong_class_is_named(module: str, monkeypatch: pytest.MonkeyPatch, name: str, message: str) -> None:
    monkeypatch.setenv("KEDRO_LOGGING_MODULE_ALLOWLIST", "mylogging")
    with pytest.raises(ValueError, match=message):
        configure_logging(config(handlers={"h": {"class": name}}))
    with pytest.raises(ValueError, match=message):
        _ProjectLogging()._validate_logging_class(name)


def test_filter_of_the_projects_own_is_made(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEDRO_LOGGING_MODULE_ALLOWLIST", "mylogging")
    filters = {"f": {"class": "mylogging.Filter", "name": "shop"}}
    configure_logging(
        config(
            filters=filters,
            handlers={"h": {"class": "logging.StreamHandler", "filters": ["f"]}},
            root={"handlers": ["h"]},
        )
    )
    (made,) = logging.getLogger().handlers[0].filters
    assert (type(made).__name__, made.name) == ("Filter", "shop")  # type: ignore[union-attr]
    assert state.LOGGING.data["filters"] == filters


def test_filter_must_be_a_filter(fresh: Path) -> None:
    with pytest.raises(ValueError, match=r"Must be a subclass of logging\.Filter"):
        configure_logging(config(filters={"f": {"class": "logging.StreamHandler"}}))


def test_each_class_is_looked_up_once(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = _ProjectLogging()
    asked: list[str] = []
    resolve = own._resolve_logging_class
    monkeypatch.setattr(own, "_resolve_logging_class", lambda path: asked.append(path) or resolve(path))
    own.configure(config(handlers={name: {"class": "logging.NullHandler"} for name in "ab"}))
    assert asked == ["logging.NullHandler"]


def test_refused_configuration_leaves_the_former_one(fresh: Path) -> None:
    own = _ProjectLogging()
    with pytest.raises(ValueError):
        own.configure(config(handlers={"h": {"class": "os.path"}}))
    assert own.data == DEFAULT


BUILT_IN_OR_NOT = """
import json, logging, sys
from deodar.framework.project import _ProjectLogging
for name, level in (("deodar", 10), ("deodar.io", 30), ("shop.nodes", 40), ("other", 50)):
    logging.getLogger(name).setLevel(level)
    logging.getLogger(name).disabled = True
    logging.getLogger(name).propagate = name == "other"
active = _ProjectLogging.deferred()
if sys.argv[1] == "standard":
    config = {**json.loads(sys.argv[2]), "formatters": {}}
else:
    config = json.loads(sys.argv[2])
active.adopt(config)
loggers = {name: logging.getLogger(name) for name in ("deodar", "deodar.io", "shop", "shop.nodes", "other")}
print(json.dumps([
    {name: [each.level, each.disabled, each.propagate, len(each.handlers)] for name, each in loggers.items()},
    [[type(each).__name__, each.name, each._options] for each in logging.root.handlers],
    logging.root.level,
    "socketserver" in sys.modules,
]))
"""


def test_the_built_in_configuration_does_what_the_standard_library_would(tmp_path: Path) -> None:
    wanted = json.dumps({**DEFAULT, "loggers": {"deodar": {"level": "INFO"}, "shop": {"level": "INFO"}}})
    seen = {}
    for way in ("built-in", "standard"):
        command = [sys.executable, "-c", BUILT_IN_OR_NOT, way, wanted]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
        *seen[way], loads_sockets = json.loads(done.stdout)
        assert loads_sockets == (way == "standard")
    assert seen["built-in"] == seen["standard"]


def test_handlers_from_before_are_closed_when_the_built_in_configuration_comes(fresh: Path) -> None:
    handler = logging.FileHandler(fresh / "before.log", delay=False)
    logging.getLogger("shop").addHandler(handler)
    try:
        _ProjectLogging()
        assert handler.stream is None
    finally:
        logging.getLogger("shop").removeHandler(handler)
