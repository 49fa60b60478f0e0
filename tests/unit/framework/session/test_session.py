from __future__ import annotations

import getpass
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from deodar._version import KEDRO_CONTRACT_VERSION
from deodar.framework import project as state
from deodar.framework.session import AbstractSession, KedroSession
from deodar.framework.session.abstract_session import KedroSessionError
from deodar.framework.session.session import KedroSessionError as importable_from_here_too
from deodar.framework.session.store import BaseSessionStore
from deodar.pipeline import Pipeline, node
from deodar.runner import AbstractRunner, SequentialRunner, ThreadRunner

LOGGER = "deodar.framework.session.session"


def values(result: dict[str, Any]) -> dict[str, Any]:
    return {name: dataset.load() for name, dataset in result.items()}


def names(calls: list[tuple[str, Any]]) -> list[str]:
    return [name for name, _ in calls]


def told(shop: Any, hook: str) -> dict[str, Any]:
    return next(arguments for name, arguments in shop.calls() if name == hook)


@pytest.fixture
def session(shop: Any) -> KedroSession:
    return KedroSession.create(shop.path)


@pytest.fixture
def no_git(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> bytes:
        raise FileNotFoundError("git")

    monkeypatch.setattr(subprocess, "check_output", refuse)


# Creating


def test_session_needs_a_configured_project(process: None) -> None:
    with pytest.raises(ValueError, match="Package name not found"):
        KedroSession.create()


def test_broken_settings_come_out_when_a_session_is_created(shop: Any, reconfigure: Callable[[str], None]) -> None:
    reconfigure("import nonexistent_thing")
    with pytest.raises(ModuleNotFoundError, match="nonexistent_thing"):
        KedroSession.create(shop.path)


def test_store_says_what_the_session_was_started_with(shop: Any, no_git: None, monkeypatch: Any) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "me")
    session = KedroSession.create(shop.path, env="prod", runtime_params={"a": 1})
    assert session.store == {
        "project_path": shop.path,
        "session_id": session.session_id,
        "env": "prod",
        "runtime_params": {"a": 1},
        "username": "me",
    }


def test_store_says_nothing_of_what_was_not_given(shop: Any, no_git: None) -> None:
    assert not {"env", "runtime_params", "git", "cli", "exception"} & set(KedroSession.create(shop.path).store)


def test_id_of_a_session_is_the_time(session: KedroSession) -> None:
    import re

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d\.\d{3}Z", session.session_id)


@pytest.mark.parametrize("variable", ["KEDRO_ENV", "DEODAR_ENV"])
def test_environment_variable_names_the_run_environment(shop: Any, variable: str, monkeypatch: Any) -> None:
    monkeypatch.setenv(variable, "prod")
    assert KedroSession.create(shop.path).store["env"] == "prod"
    assert KedroSession.create(shop.path, env="test").store["env"] == "test"


def test_store_names_the_command(shop: Any, no_git: None, monkeypatch: Any) -> None:
    stores = []

    @click.command()
    @click.option("--size")
    @click.argument("rest", nargs=-1)
    def count(size: str, rest: tuple[str, ...]) -> None:
        stores.append(KedroSession.create(shop.path).store)

    monkeypatch.setattr(sys, "argv", ["/bin/deodar", "count", "--size=2", "a"])
    count.main(["--size=2", "a"], standalone_mode=False)
    assert stores[0]["cli"] == {
        "args": [],
        "params": {"size": "2", "rest": ("a",)},
        "command_name": "count",
        "command_path": "deodar count --size=2 a",
    }


def test_unknown_user_is_no_error(shop: Any, monkeypatch: Any, caplog: pytest.LogCaptureFixture) -> None:
    def refuse() -> str:
        raise OSError("no such user")

    monkeypatch.setattr(getpass, "getuser", refuse)
    with caplog.at_level(logging.DEBUG, logger=LOGGER):
        assert "username" not in KedroSession.create(shop.path).store
    assert "Unable to get username. Full exception: no such user" in caplog.messages


def test_missing_git_is_no_error(shop: Any, no_git: None, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger=LOGGER):
        KedroSession.create(shop.path)
    assert f"Unable to git describe {shop.path}" in caplog.messages


def test_git_is_not_started_where_there_is_no_repository(shop: Any) -> None:
    code = (
        "import sys, logging\n"
        "from deodar.framework.startup import bootstrap_project\n"
        "from deodar.framework.session import KedroSession\n"
        f"bootstrap_project({str(shop.path)!r})\n"
        f"logging.getLogger({LOGGER!r}).setLevel('DEBUG')\n"
        f"print(KedroSession.create({str(shop.path)!r}).store.get('git'), 'subprocess' in sys.modules)\n"
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=clean)
    assert done.stdout.splitlines()[-1] == "None False"
    assert f"Unable to git describe {shop.path}" in done.stdout


def test_store_names_the_commit(shop: Any) -> None:
    def git(*arguments: str) -> None:
        command = ["git", "-c", "user.name=me", "-c", "user.email=me@example.org", *arguments]
        subprocess.run(command, cwd=shop.path, check=True, capture_output=True, timeout=60)

    git("init")
    git("commit", "--allow-empty", "-m", "first")
    first = KedroSession.create(shop.path).store["git"]
    shop.write(".gitignore", "*\n")
    second = KedroSession.create(shop.path).store["git"]
    assert len(first["commit_sha"]) >= 7
    assert (first["dirty"], second["dirty"]) == (True, False)


def test_project_is_found_from_the_current_folder(shop: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(shop.path / "conf" / "base")
    assert KedroSession.create().store["project_path"] == shop.path


def test_store_is_a_copy(session: KedroSession) -> None:
    session.store["session_id"] = "other"
    assert session.store["session_id"] == session.session_id


def test_creating_a_session_leaves_logging_alone(shop: Any) -> None:
    handler = logging.NullHandler()
    logging.getLogger().addHandler(handler)
    KedroSession.create(shop.path)
    assert handler in logging.getLogger().handlers


# Stores


class Store(BaseSessionStore):
    saved: list[dict[str, Any]] = []

    def __init__(self, path: str, session_id: str, color: str = "red") -> None:
        super().__init__(path, session_id)
        self.color = color

    def save(self) -> None:
        self.saved.append(dict(self))


class BrokenStore(BaseSessionStore):
    def read(self) -> dict[str, Any]:
        raise OSError("disk on fire")


def use_store(kind: type, **arguments: Any) -> None:
    state.settings.set("SESSION_STORE_CLASS", kind)
    state.settings.set("SESSION_STORE_ARGS", arguments)


def test_store_gets_its_arguments(shop: Any) -> None:
    use_store(Store, color="blue")
    store: Any = KedroSession.create(shop.path)._store
    assert store.color == "blue"
    assert (store._path, store._session_id) == (f"{shop.path}/sessions", store["session_id"])


def test_store_may_lie_elsewhere(shop: Any) -> None:
    use_store(Store, path="/elsewhere")
    assert KedroSession.create(shop.path)._store._path == "/elsewhere"


def test_wrong_arguments_of_a_store_are_reported(shop: Any) -> None:
    use_store(Store, size=3)
    expected = "Store config must only contain arguments valid for the constructor of '.*test_session.Store'"
    with pytest.raises(ValueError, match=expected):
        KedroSession.create(shop.path)


def test_store_that_cannot_be_made_is_reported(shop: Any) -> None:
    use_store(BrokenStore)
    with pytest.raises(
        ValueError, match=r"disk on fire(?s:.)*Failed to instantiate session store of type '.*BrokenStore'"
    ):
        KedroSession.create(shop.path)


@pytest.mark.parametrize("wanted", [True, False])
def test_store_is_saved_when_the_session_is_closed(shop: Any, wanted: bool, monkeypatch: Any) -> None:
    use_store(Store)
    monkeypatch.setattr(Store, "saved", [])
    with KedroSession.create(shop.path, save_on_close=wanted) as session:
        assert Store.saved == []
    assert Store.saved == ([session.store] if wanted else [])


def test_store_remembers_the_error(shop: Any) -> None:
    session = KedroSession.create(shop.path)
    with pytest.raises(FakeError), session:
        raise FakeError("mine")
    remembered = session.store["exception"]
    assert remembered["type"].endswith("test_session.FakeError")
    assert remembered["value"] == "mine"
    assert any("raise FakeError" in line for line in remembered["traceback"])


class FakeError(Exception): ...


def test_built_in_errors_are_remembered_without_their_module(session: KedroSession) -> None:
    with pytest.raises(ValueError), session:
        raise ValueError("mine")
    assert session.store["exception"]["type"] == "ValueError"


# Contexts


def test_context_is_made_of_what_the_session_knows(shop: Any) -> None:
    session = KedroSession.create(shop.path, env="prod", runtime_params={"number": 1})
    (shop.path / "conf/prod").mkdir()
    context = session.load_context()
    assert (context.project_path, context.env, context._package_name) == (shop.path, "prod", shop.package)
    assert context.config_loader.env == "prod"
    assert context.params == {"number": 1}
    assert told(shop, "after_context_created")["context"] is context


def test_context_is_made_anew(session: KedroSession) -> None:
    assert session.load_context() is not session.load_context()


def test_hooks_may_be_replaced_before_the_context_is_made(shop: Any, session: KedroSession) -> None:
    from deodar.framework.hooks.manager import _NullPluginManager

    session._hook_manager = _NullPluginManager()
    assert session.load_context().catalog is not None
    assert shop.calls() == []


def test_environment_is_none_where_none_was_asked_for(session: KedroSession) -> None:
    assert session.load_context().env is None


@pytest.mark.parametrize("kind", [str, Path])
def test_configuration_may_lie_elsewhere(shop: Any, kind: Any) -> None:
    shop.write("other/base/parameters.yml", "number: 5\n")
    (shop.path / "other/local").mkdir()
    session = KedroSession.create(shop.path, conf_source=kind(shop.path / "other"))
    assert session.load_context().params == {"number": 5}


def test_settings_say_where_the_configuration_lies(shop: Any, reconfigure: Callable[[str], None]) -> None:
    reconfigure("CONF_SOURCE = 'other'")
    assert KedroSession.create(shop.path)._conf_source == str(shop.path / "other")


# Runs


def test_run_returns_the_datasets_of_free_outputs(session: KedroSession) -> None:
    assert values(session.run()) == {"sales_doubled": 42, "stock_doubled": 42}


def test_hooks_are_told_of_a_run_in_order(shop: Any, session: KedroSession) -> None:
    result = session.run()
    assert names(shop.calls()) == [
        "after_context_created",
        "after_catalog_created",
        "before_pipeline_run",
        "after_pipeline_run",
    ]
    assert told(shop, "after_pipeline_run")["run_result"] == result
    assert told(shop, "after_catalog_created")["save_version"] == session.session_id


def test_hooks_are_told_what_a_run_was_asked_for(shop: Any) -> None:
    runner = SequentialRunner()
    session = KedroSession.create(shop.path, runtime_params={"number": 1})
    session.run(pipeline_names=["sales", "stock"], tags=("sales",), runner=runner)
    assert told(shop, "before_pipeline_run")["run_params"] == {
        "run_id": session.session_id,
        "project_path": shop.path.as_posix(),
        "env": None,
        "kedro_version": KEDRO_CONTRACT_VERSION,
        "tags": ("sales",),
        "from_nodes": None,
        "to_nodes": None,
        "node_names": None,
        "from_inputs": None,
        "to_outputs": None,
        "load_versions": None,
        "runtime_params": {"number": 1},
        "pipeline_names": ["sales", "stock"],
        "namespaces": None,
        "runner": str(runner),
        "only_missing_outputs": False,
    }


def test_older_names_of_run_parameters_can_be_looked_up(shop: Any, session: KedroSession) -> None:
    session.run(pipeline_names=["sales"])
    params = told(shop, "before_pipeline_run")["run_params"]
    assert params["session_id"] == params["run_id"]
    assert params.get("pipeline_name") == params["pipeline_name"] == "sales"
    assert params.get("absent", 3) == 3
    assert "pipeline_name" not in dict(params)
    with pytest.raises(KeyError, match="absent"):
        params["absent"]


def test_run_without_names_has_no_pipeline_name(shop: Any, session: KedroSession) -> None:
    session.run()
    params = told(shop, "before_pipeline_run")["run_params"]
    assert params["pipeline_names"] is None
    assert params.get("pipeline_name", "absent") is None
    assert "SequentialRunner object" in params["runner"]


def test_old_way_to_name_a_pipeline_still_works(session: KedroSession, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger=LOGGER):
        assert values(session.run("sales")) == {"sales_doubled": 42}
    assert any("deprecated" in message and "pipeline_names" in message for message in caplog.messages)


def test_run_says_which_project_it_is(shop: Any, session: KedroSession, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger=LOGGER):
        session.run()
    assert f"Deodar project {shop.package}" in caplog.messages


def test_pipelines_are_run_as_one(session: KedroSession) -> None:
    assert set(session.run(pipeline_names=["sales", "stock"])) == {"sales_doubled", "stock_doubled"}


@pytest.mark.parametrize(
    "part",
    [
        {"tags": ["sales"]},
        {"node_names": ["sales_node"]},
        {"from_nodes": ["sales_node"]},
        {"to_nodes": ["sales_node"]},
        {"to_outputs": ["sales_doubled"]},
    ],
)
def test_part_of_a_pipeline_is_run(session: KedroSession, part: dict[str, Any]) -> None:
    assert set(session.run(**part)) == {"sales_doubled"}


def test_only_the_named_pipelines_are_imported(shop: Any, session: KedroSession) -> None:
    session.run(pipeline_names=["sales"])
    assert "pipelines.stock" not in shop.imported()


def test_after_a_run_all_pipelines_can_be_seen_again(session: KedroSession) -> None:
    session.run(pipeline_names=["sales"])
    assert set(state.pipelines) == {"__default__", "sales", "stock"}
    assert len(state.pipelines["__default__"].nodes) == 2


def test_unknown_pipeline_is_reported_with_those_spelled_alike(session: KedroSession) -> None:
    expected = (
        r"Failed to find the pipeline named 'sale'\. It needs to be generated and returned by the "
        r"'register_pipelines' function\.\nDid you mean one of these instead\?\n    sales"
    )
    with pytest.raises(ValueError, match=expected):
        session.run(pipeline_names=["sale"])


def test_error_of_the_registry_is_not_taken_for_an_unknown_pipeline(shop: Any, session: KedroSession) -> None:
    shop.module("pipeline_registry", "def register_pipelines():\n    return {}['absent']\n")
    with pytest.raises(KeyError, match="absent"):
        session.run(pipeline_names=["sales"])


def test_single_pipeline_keeps_its_own_class(shop: Any, session: KedroSession) -> None:
    class Special(Pipeline):
        def filter(self, **_: Any) -> Special:
            return self

    special = Special([node(lambda: 1, None, "out", name="one")])
    state.pipelines["special"] = special
    session.run(pipeline_names=["special"])
    assert told(shop, "before_pipeline_run")["pipeline"] is special


def test_session_runs_once(session: KedroSession) -> None:
    session.run()
    with pytest.raises(KedroSessionError, match="A run has already been completed as part of the active DeodarSession"):
        session.run()
    assert importable_from_here_too is KedroSessionError


def test_failed_run_may_be_repeated(shop: Any, session: KedroSession) -> None:
    with pytest.raises(ValueError, match="Failed to find"):
        session.run(pipeline_names=["absent"])
    assert session.run()


def test_session_runs_as_often_as_wanted_where_the_setting_says_so(
    shop: Any, reconfigure: Callable[[str], None]
) -> None:
    reconfigure("SESSION_REENTRANT = True")
    session = KedroSession.create(shop.path)
    session.run()
    shop.write("conf/base/parameters.yml", "number: 4\n")
    assert values(session.run(pipeline_names=["sales"])) == {"sales_doubled": 8}
    ids = [arguments["run_params"]["run_id"] for name, arguments in shop.calls() if name == "before_pipeline_run"]
    assert ids[0] == session.session_id
    assert len(set(ids)) == 2


@pytest.mark.parametrize("runner", [SequentialRunner, "SequentialRunner", object()])
def test_runner_must_be_an_instance_of_one(session: KedroSession, runner: Any) -> None:
    with pytest.raises(KedroSessionError, match="DeodarSession expect an instance of Runner instead of a class"):
        session.run(runner=runner)


class Spy(AbstractRunner):
    """Runs nothing, and notes what it was given."""

    def run(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        from deodar.runner._inherited import inherited

        self.args, self.kwargs, self.inherited = args, kwargs, inherited()
        return {}

    def _get_executor(self, max_workers: int) -> None: ...

    def _run(self, *args: Any, **kwargs: Any) -> None: ...


def test_runner_gets_three_arguments_by_position_and_the_rest_by_name(session: KedroSession) -> None:
    spy = Spy()
    session.run(runner=spy, only_missing_outputs=True)
    pipeline, _, manager = spy.args
    assert len(pipeline.nodes) == 2
    assert manager is session._hook_manager
    assert spy.kwargs == {"run_id": session.session_id, "only_missing_outputs": True}


def test_run_inherits_what_it_needs_of_the_project(shop: Any) -> None:
    shop.write("conf/base/execution.yml", "default: {attempts: 2}\n")
    spy = Spy()
    (shop.path / "conf/prod").mkdir()
    KedroSession.create(shop.path, env="prod").run(runner=spy, pipeline_names=["sales"])
    given = spy.inherited
    assert (given.package_name, given.project_path, given.env) == (shop.package, shop.path, "prod")
    assert given.execution == {"default": {"attempts": 2}}
    assert given.pipeline_names == ("sales",)
    assert given.project_hooks is not None
    assert given.project_hooks() == list(state.settings.HOOKS)


def test_what_the_caller_said_of_a_run_stays(session: KedroSession) -> None:
    from deodar.runner._inherited import Inherited, inherit

    spy = Spy()
    with inherit(Inherited(on_error="continue")):
        session.run(runner=spy)
    assert spy.inherited.on_error == "continue"


def test_worker_of_a_run_is_prepared_like_this_process(shop: Any) -> None:
    import pickle

    spy = Spy()
    KedroSession.create(shop.path).run(runner=spy)
    code = (
        "import pickle, sys\n"
        "pickle.loads(sys.stdin.buffer.read())()\n"
        "import logging\n"
        "from deodar.framework import project\n"
        "print(project.PACKAGE_NAME, type(logging.getLogger().handlers[0]).__name__, len(project.settings.HOOKS))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        input=pickle.dumps(spy.inherited.prepare_worker),
        capture_output=True,
        timeout=60,
        check=True,
        env={"PATH": ""},
    )
    assert found.stdout.decode().strip() == f"{shop.package} TerminalHandler 1"


def test_project_chooses_the_class_of_the_catalog(shop: Any, reconfigure: Callable[[str], None]) -> None:
    reconfigure("from deodar.io import DataCatalog\nclass Mine(DataCatalog): pass\nDATA_CATALOG_CLASS = Mine")
    KedroSession.create(shop.path).run()
    assert type(told(shop, "after_catalog_created")["catalog"]).__name__ == "Mine"


def test_threads_run_a_pipeline_too(session: KedroSession) -> None:
    assert values(session.run(runner=ThreadRunner())) == {"sales_doubled": 42, "stock_doubled": 42}


FAILING = """
from deodar.pipeline import Pipeline, node
def fail(x): raise RuntimeError("mine")
def create_pipeline(): return Pipeline([node(fail, "params:number", "out", name="failing")])
"""


def test_hooks_are_told_of_an_error_before_it_goes_on(shop: Any) -> None:
    shop.pipeline("failing", FAILING)
    with pytest.raises(RuntimeError, match="mine") as caught:
        KedroSession.create(shop.path).run(pipeline_names=["failing"])
    assert told(shop, "on_pipeline_error")["error"] is caught.value
    assert "after_pipeline_run" not in names(shop.calls())


def test_a_hook_that_fails_when_it_is_told_of_an_error_does_not_hide_it(
    shop: Any, reconfigure: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    shop.pipeline("failing", FAILING)
    reconfigure(
        "class Clumsy:\n    @hook_impl\n    def on_pipeline_error(self): raise OSError('clumsy')\n"
        "HOOKS = (Clumsy(), Recorder())"
    )
    with pytest.raises(RuntimeError, match="mine"):
        KedroSession.create(shop.path).run(pipeline_names=["failing"])
    assert "clumsy" in caplog.text


def test_error_before_the_run_is_no_error_of_the_pipeline(shop: Any, session: KedroSession) -> None:
    (shop.path / "conf/base/catalog.yml").unlink()
    with pytest.raises(Exception, match="catalog"):
        session.run()
    assert "on_pipeline_error" not in names(shop.calls())


def test_parameters_are_validated_for_the_named_pipelines(shop: Any, session: KedroSession) -> None:
    session.run(pipeline_names=["sales"])
    assert told(shop, "after_context_created")["context"]._pipelines_to_validate == ["sales"]


def test_abstract_session_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="abstract"):
        AbstractSession()  # type: ignore[abstract]
