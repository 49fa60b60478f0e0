"""Start-up, sessions, contexts and hooks, statement by statement: as ``deodar`` and, by a drop-in, as ``kedro``."""

from __future__ import annotations

import getpass
import logging
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock, call, create_autospec

import click
import pytest

from ._shop import FAKE, PACKAGE, load

pytestmark = pytest.mark.usefixtures("as_before")

TITLE = PACKAGE.capitalize()
TIMESTAMP = "2026-01-31T09.30.00.000Z"
VERSION = load("_version").KEDRO_CONTRACT_VERSION

project, startup, io, config = load("framework.project"), load("framework.startup"), load("io"), load("config")
session_module, service_module = load("framework.session.session"), load("framework.session.service_session")
context_module, manager_module = load("framework.context.context"), load("framework.hooks.manager")
hooks, specs, store_module = load("framework.hooks"), load("framework.hooks.specs"), load("framework.session.store")
KedroContext, KedroSession = context_module.KedroContext, session_module.KedroSession
KedroServiceSession, KedroSessionError = service_module.KedroServiceSession, session_module.KedroSessionError
Pipeline, node, runners = load("pipeline").Pipeline, load("pipeline").node, load("runner")

# --- Start-up -----------------------------------------------------------------------------------------------------

ALL_KEYS = "['package_name', 'project_name', 'kedro_init_version', 'source_dir', 'tools', 'example_pipeline']"
GOOD = f'package_name = "{FAKE}"\nproject_name = "Fake"\nkedro_init_version = "{VERSION}"\n'
TABLES = {
    "not toml": ("[tool.kedro", RuntimeError, "Failed to parse 'pyproject.toml' file"),
    "no table": ("[tool.x]", RuntimeError, "There's no '[tool.{package}]' section in the 'pyproject.toml'."),
    "missing": (
        f'[tool.kedro]\nkedro_init_version = "{VERSION}"\nextra = 1',
        RuntimeError,
        "Missing required keys ['package_name', 'project_name'] from 'pyproject.toml'.",
    ),
    "extra": (
        f"[tool.kedro]\n{GOOD}extra = 1",
        RuntimeError,
        "Found unexpected keys in 'pyproject.toml'. Make sure it only contains the following keys: " + ALL_KEYS + ".",
    ),
    "other major": (
        f"[tool.kedro]\n{GOOD}".replace(VERSION, "0.19.1"),
        ValueError,
        f"project version 0.19.1 does not match {TITLE} package version",
    ),
    "no number": (f"[tool.kedro]\n{GOOD}".replace(VERSION, f"{VERSION[0]}-0.1"), ValueError, "does not match"),
    "outside": (f'[tool.kedro]\n{GOOD}source_dir = "../x"', ValueError, "has to be relative to your project root"),
    "no source": (f'[tool.kedro]\n{GOOD}source_dir = "x"', NotADirectoryError, "cannot be found."),
}


@pytest.mark.parametrize("case", TABLES)
def test_a_wrong_pyproject_is_refused(shop: Path, case: str) -> None:
    text, error, message = TABLES[case]
    (shop / "pyproject.toml").write_text(text)
    with pytest.raises(error, match=re.escape(message.format(package=PACKAGE))):
        startup.bootstrap_project(shop)


def test_a_folder_without_pyproject_is_no_project(tmp_path: Path) -> None:
    message = f"Could not find the project configuration file 'pyproject.toml' in {tmp_path}"
    with pytest.raises(RuntimeError, match=re.escape(message)):
        startup.bootstrap_project(tmp_path)


@pytest.mark.parametrize("version", [VERSION, f"{VERSION.partition('.')[0]}.99.7"])
def test_the_metadata_of_a_project_is_a_tuple_of_eight(shop: Path, version: str) -> None:
    (shop / "pyproject.toml").write_text(f"[tool.kedro]\n{GOOD}".replace(VERSION, version))
    expected = (shop / "pyproject.toml", FAKE, "Fake", shop, shop / "src", version, None, None)
    assert tuple(startup._get_project_metadata(shop)) == expected
    assert startup.bootstrap_project(str(shop)) == expected
    fields = "config_file package_name project_name project_path source_dir kedro_init_version tools example_pipeline"
    assert startup.ProjectMetadata._fields == tuple(fields.split())


@pytest.mark.parametrize("source_dir", ["", ".", "src"])
def test_bootstrapping_makes_the_sources_importable_here_and_in_children(
    shop: Path, source_dir: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    (shop / "pyproject.toml").write_text(f'[tool.kedro]\n{GOOD}source_dir = "{source_dir}"\n')
    startup.bootstrap_project(shop)
    source = str(shop / source_dir) if source_dir == "src" else str(shop)
    assert sys.path[0] == source
    assert os.environ["PYTHONPATH"] == source
    assert project.PACKAGE_NAME == FAKE
    startup.bootstrap_project(shop)
    assert sys.path.count(source) == 1


# --- Sessions -----------------------------------------------------------------------------------------------------


@pytest.fixture
def replaced(monkeypatch: pytest.MonkeyPatch) -> MagicMock:
    """The session's surroundings, replaced in the session's own module, as suites for Kedro replace them."""
    surroundings = MagicMock()
    monkeypatch.setattr(project, "PACKAGE_NAME", FAKE)
    monkeypatch.setattr(session_module, "settings", project._ProjectSettings())
    monkeypatch.setattr(session_module, "validate_settings", surroundings.validate_settings)
    monkeypatch.setattr(session_module, "generate_timestamp", lambda: TIMESTAMP)
    monkeypatch.setattr(session_module, "_create_hook_manager", surroundings.create_hook_manager)
    monkeypatch.setattr(session_module, "pipelines", surroundings.pipelines)
    monkeypatch.setattr(getpass, "getuser", lambda: "me")
    monkeypatch.setattr(subprocess, "check_output", lambda *_, **__: b"0xbeef")
    context = create_autospec(KedroContext, spec_set=True)
    for field in KedroContext.__attrs_attrs__:
        object.__setattr__(context, field.name, create_autospec(field.type, spec_set=True))
    surroundings.context = context
    monkeypatch.setattr(load("framework.context"), "KedroContext", MagicMock(return_value=context))
    return surroundings


FACTS = {"session_id": TIMESTAMP, "username": "me", "git": {"commit_sha": "0xbeef", "dirty": True}}


def test_a_new_session_knows_exactly_this_of_itself(replaced: MagicMock, shop: Path) -> None:
    session = KedroSession.create(shop)
    assert session.store == {"project_path": shop, **FACTS}
    assert session.store is not session.store
    replaced.validate_settings.assert_called_once_with()
    session = KedroSession.create(shop, env="e", runtime_params={"a": 1})
    assert session.store == {"project_path": shop, **FACTS, "env": "e", "runtime_params": {"a": 1}}


def test_the_environment_variable_is_the_default_env(
    replaced: MagicMock, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEDRO_ENV", "from_variable")
    assert KedroSession.create(shop).store["env"] == "from_variable"
    assert KedroSession.create(shop, env="given").store["env"] == "given"


def test_a_session_in_a_command_knows_the_command(
    replaced: MagicMock, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [PACKAGE, "run", "--params=x"])
    context = MagicMock(args=["a"], params={"p": 1}, command=MagicMock())
    context.command.name = "run"
    monkeypatch.setattr(click, "get_current_context", lambda **_: context)
    expected = {"args": ["a"], "params": {"p": 1}, "command_name": "run", "command_path": f"{PACKAGE} run --params=x"}
    assert KedroSession.create(shop).store["cli"] == expected


def test_no_user_and_no_git_are_debug_messages(
    replaced: MagicMock, shop: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(getpass, "getuser", MagicMock(side_effect=Exception("no user")))
    monkeypatch.setattr(subprocess, "check_output", MagicMock(side_effect=Exception("no git")))
    with caplog.at_level(logging.DEBUG, logger=session_module.__name__):
        assert set(KedroSession.create(shop).store) == {"project_path", "session_id"}
    messages = [record.getMessage() for record in caplog.records]
    assert "Unable to get username. Full exception: no user" in messages
    assert f"Unable to git describe {shop}" in messages
    assert {record.levelname for record in caplog.records} == {"DEBUG"}


def test_the_store_remembers_an_error_and_is_saved_on_close(replaced: MagicMock, shop: Path) -> None:
    with pytest.raises(KedroSessionError), KedroSession.create(shop) as session:
        session._store.save = MagicMock()
        raise KedroSessionError("no luck")
    assert session.store["exception"]["type"] == f"{KedroSessionError.__module__}.KedroSessionError"
    assert session.store["exception"]["value"] == "no luck"
    assert isinstance(session.store["exception"]["traceback"], list)
    session._store.save.assert_called_once_with()
    with pytest.raises(ValueError, match="x"), KedroSession.create(shop, save_on_close=False) as session:
        session._store.save = MagicMock()
        raise ValueError("x")
    assert session.store["exception"]["type"] == "ValueError"
    session._store.save.assert_not_called()


class BrokenStore(store_module.BaseSessionStore):  # type: ignore[misc]  # loaded by name
    def __init__(self, path: str, session_id: str) -> None:
        raise Exception("fake")


STORES = [
    ({"bad": 1}, "Store config must only contain arguments valid for the constructor of '{base}'."),
    ({}, "Failed to instantiate session store of type '{own}'."),
]


@pytest.mark.parametrize(("arguments", "message"), STORES)
def test_a_store_that_cannot_be_made_is_named(
    replaced: MagicMock, shop: Path, arguments: dict[str, Any], message: str
) -> None:
    if arguments:
        session_module.settings.set("SESSION_STORE_ARGS", arguments)
    else:
        session_module.settings.set("SESSION_STORE_CLASS", BrokenStore)
    base, own = f"{PACKAGE}.framework.session.store.BaseSessionStore", f"{__name__}.BrokenStore"
    with pytest.raises(ValueError, match=re.escape(message.format(base=base, own=own))):
        KedroSession.create(shop)


def test_the_base_store_says_that_it_remembers_nothing(caplog: pytest.LogCaptureFixture) -> None:
    class MyStore(store_module.BaseSessionStore):  # type: ignore[misc,valid-type]
        pass

    with caplog.at_level(logging.DEBUG, logger=store_module.__name__):
        store = MyStore("path", "id")
        store.save()
    assert (store._path, store._session_id, dict(store)) == ("path", "id", {})
    assert [record.getMessage() for record in caplog.records] == [
        "'read()' not implemented for 'MyStore'. Assuming empty store.",
        "'save()' not implemented for 'MyStore'. Skipping the step.",
    ]


def test_the_context_is_made_by_keywords_and_announced(
    replaced: MagicMock, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = MagicMock()
    session_module.settings._validators = {
        **session_module.settings._validators,
        "CONTEXT_CLASS": project.Validator("x"),
    }
    session_module.settings.set("CONTEXT_CLASS", made)
    session = KedroSession.create(shop, env="e", runtime_params={"a": 1})
    other = MagicMock()
    session._hook_manager = other
    assert session.load_context() is made.return_value
    keywords = made.call_args.kwargs
    assert isinstance(keywords.pop("config_loader"), config.OmegaConfigLoader)
    assert keywords == {
        "package_name": FAKE,
        "project_path": shop,
        "env": "e",
        "runtime_params": {"a": 1},
        "hook_manager": other,
    }
    other.hook.after_context_created.assert_called_once_with(context=made.return_value)


def told(shop: Path, env: Any, **differing: Any) -> dict[str, Any]:
    selection = "tags from_nodes to_nodes node_names from_inputs to_outputs load_versions namespaces"
    return {
        "run_id": TIMESTAMP,
        "project_path": shop.as_posix(),
        "env": env,
        "kedro_version": VERSION,
        "runtime_params": {},
        "pipeline_names": None,
        "runner": "MyRunner",
        "only_missing_outputs": False,
        **dict.fromkeys(selection.split(" ")),
        **differing,
    }


@pytest.fixture
def runner() -> MagicMock:
    made = MagicMock(spec=runners.SequentialRunner)
    made.__name__ = "MyRunner"
    return made


@pytest.mark.parametrize("names", [None, ["a"], ["a", "b"]])
def test_a_run_tells_hooks_and_runner_exactly_this(
    replaced: MagicMock, shop: Path, runner: MagicMock, names: list[str] | None
) -> None:
    # What is added to an empty pipeline is what runs, unless it is a pipeline already.
    combined = replaced.pipelines.__getitem__.return_value.__radd__.return_value
    combined = combined if len(names or "x") == 1 else combined.__add__.return_value
    part = combined.filter.return_value
    with KedroSession.create(shop) as session:
        result = session.run(pipeline_names=names, runner=runner, tags=["t"])
    catalog = replaced.context._get_catalog.return_value
    params = told(shop, replaced.context.env, pipeline_names=names, tags=["t"])
    hook = session._hook_manager.hook
    hook.before_pipeline_run.assert_called_once_with(run_params=params, pipeline=part, catalog=catalog)
    hook.after_pipeline_run.assert_called_once_with(
        run_params=params, run_result=runner.run.return_value, pipeline=part, catalog=catalog
    )
    hook.on_pipeline_error.assert_not_called()
    runner.run.assert_called_once_with(
        part, catalog, session._hook_manager, run_id=TIMESTAMP, only_missing_outputs=False
    )
    assert result is runner.run.return_value
    replaced.context._get_catalog.assert_called_once_with(
        catalog_class=io.DataCatalog, save_version=TIMESTAMP, load_versions=None
    )
    combined.filter.assert_called_once_with(
        tags=["t"], from_nodes=None, to_nodes=None, node_names=None, from_inputs=None, to_outputs=None,
        node_namespaces=None,
    )  # fmt: skip
    replaced.pipelines.set_requested.assert_called_once_with(names)
    assert replaced.pipelines.__getitem__.call_args_list == [call(name) for name in names or ["__default__"]]


def test_a_failed_run_is_told_and_may_be_repeated_but_not_after_success(
    replaced: MagicMock, shop: Path, runner: MagicMock
) -> None:
    error = FakeError("you shall not pass")
    runner.run.side_effect = error
    session = KedroSession.create(shop)
    with pytest.raises(FakeError):
        session.run(runner=runner)
    hook = session._hook_manager.hook
    assert hook.on_pipeline_error.call_args.kwargs["error"] is error
    assert set(hook.on_pipeline_error.call_args.kwargs) == {"error", "run_params", "pipeline", "catalog"}
    hook.after_pipeline_run.assert_not_called()
    runner.run.side_effect = None
    session.run(runner=runner)
    with pytest.raises(KedroSessionError, match="A run has already been completed as part of the active"):
        session.run(runner=runner)


class FakeError(Exception):
    pass


def test_a_missing_pipeline_is_named_with_those_spelled_like_it(started: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    message = (
        "Failed to find the pipeline named 'dat'. It needs to be generated and returned by the 'register_pipelines' "
        "function."
    )
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        KedroSession.create(started).run(pipeline_names=["dat"])
    assert "Did you mean one of these instead?\n    data" in str(caught.value)
    monkeypatch.setattr(session_module, "get_close_matches", lambda *_: ["x", "y"])
    with pytest.raises(ValueError, match="Did you mean one of these instead?\n    x\n    y".replace("?", r"\?")):
        KedroSession.create(started).run(pipeline_names=["dat"])


def test_a_class_is_no_runner(started: Path) -> None:
    with pytest.raises(
        KedroSessionError, match="KedroSession expect an instance of Runner instead of a class.".replace("Kedro", TITLE)
    ):
        KedroSession.create(started).run(runner=runners.SequentialRunner)


def test_what_is_registered_and_no_pipeline_is_named(started: Path) -> None:
    project.pipelines["data"] = 0
    for names in (["data"], ["__default__", "data"]):
        with pytest.raises(
            TypeError, match="The pipeline 'data' that 'register_pipelines' returns is no Pipeline but int"
        ):
            KedroSession.create(started).run(pipeline_names=names)
