"""Service sessions, contexts, hooks and catalog mixins, statement by statement: as ``deodar`` and as ``kedro``."""

from __future__ import annotations

import copy
import inspect
import logging
import re
from pathlib import Path, PurePosixPath, PureWindowsPath
from threading import Barrier, Thread
from typing import Any
from unittest.mock import MagicMock

import pluggy
import pytest

from ._shop import FAKE, PACKAGE, load

pytestmark = pytest.mark.usefixtures("as_before")

TITLE = PACKAGE.capitalize()
TIMESTAMP = "2026-01-31T09.30.00.000Z"
VERSION = load("_version").KEDRO_CONTRACT_VERSION

project, io, config = load("framework.project"), load("io"), load("config")
session_module, service_module = load("framework.session.session"), load("framework.session.service_session")
context_module, manager_module = load("framework.context.context"), load("framework.hooks.manager")
hooks, specs, mixins = load("framework.hooks"), load("framework.hooks.specs"), load("framework.context.catalog_mixins")
KedroContext, KedroSession = context_module.KedroContext, session_module.KedroSession
KedroServiceSession = service_module.KedroServiceSession
Pipeline, node, runners = load("pipeline").Pipeline, load("pipeline").node, load("runner")


class Recorder:
    """A hook that notes what it is told."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    @hooks.hook_impl
    def after_context_created(self, context: Any) -> None:
        self.calls.append(("after_context_created", {"context": context}))

    @hooks.hook_impl
    def after_catalog_created(
        self, catalog: Any, conf_catalog: Any, conf_creds: Any, parameters: Any, save_version: Any, load_versions: Any
    ) -> None:
        known = {"conf_catalog": conf_catalog, "conf_creds": conf_creds, "parameters": parameters}
        versions = {"save_version": save_version, "load_versions": load_versions}
        self.calls.append(("after_catalog_created", {"catalog": catalog, **known, **versions}))

    @hooks.hook_impl
    def before_pipeline_run(self, run_params: Any) -> None:
        self.calls.append(("before_pipeline_run", run_params))

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.calls]


@pytest.fixture
def recorder(started: Path) -> Recorder:
    recorder = Recorder()
    project.settings.set("HOOKS", (recorder,))
    return recorder


# --- Real runs ----------------------------------------------------------------------------------------------------

SELECTION = "tags from_nodes to_nodes node_names from_inputs to_outputs load_versions namespaces"
NOTHING = dict.fromkeys(SELECTION.split(" "))


def test_a_session_runs_and_tells(recorder: Recorder, started: Path, caplog: pytest.LogCaptureFixture) -> None:
    session = KedroSession.create(started, runtime_params={"a": -3}, save_on_close=False)
    with caplog.at_level(logging.INFO), session:
        result = session.run(pipeline_name="data")
    assert {name: dataset.load() for name, dataset in result.items()} == {"b": 3}
    assert recorder.names == ["after_context_created", "after_catalog_created", "before_pipeline_run"]
    params = dict(recorder.calls[-1][1])
    assert re.fullmatch(
        rf"<{PACKAGE}\.runner\.sequential_runner\.SequentialRunner object at 0x\w+>", params.pop("runner")
    )
    assert params == {
        **NOTHING,
        "run_id": session.session_id,
        "project_path": started.as_posix(),
        "env": None,
        "kedro_version": VERSION,
        "runtime_params": {"a": -3},
        "pipeline_names": ["data"],
        "only_missing_outputs": False,
    }
    told = [(r.name, r.levelname, r.getMessage()) for r in caplog.records if r.name == session_module.__name__]
    assert told[0] == (session_module.__name__, "INFO", f"{TITLE} project {FAKE}")
    assert told[1][1] == "WARNING"
    assert "deprecated" in told[1][2]
    assert "`pipeline_names`" in told[1][2]


@pytest.mark.parametrize("old", ["session_id", "pipeline_name"])
def test_the_names_that_older_releases_gave_can_still_be_looked_up(recorder: Recorder, started: Path, old: str) -> None:
    session = KedroSession.create(started)
    session.run(pipeline_names=["data"])
    params = recorder.calls[-1][1]
    assert params[old] == params.get(old) == {"session_id": session.session_id, "pipeline_name": "data"}[old]
    assert old not in params


def test_the_public_signatures_are_those_of_the_contract() -> None:
    def names(function: Any) -> list[str]:
        return list(inspect.signature(function).parameters)

    shared = "tags runner node_names from_nodes to_nodes from_inputs to_outputs load_versions namespaces"
    assert names(KedroSession.run) == f"self pipeline_name pipeline_names {shared} only_missing_outputs".split()
    assert names(KedroSession.create) == ["project_path", "save_on_close", "env", "runtime_params", "conf_source"]
    assert names(KedroSession.__init__) == [
        "self", "session_id", "package_name", "project_path", "save_on_close", "conf_source"
    ]  # fmt: skip
    assert names(KedroServiceSession.run) == (
        f"self run_id pipeline_names {shared} only_missing_outputs runtime_params".split()
    )
    assert names(KedroServiceSession.create) == ["session_id", "project_path", "env", "conf_source", "serving_mode"]
    assert names(KedroServiceSession.__init__)[:6] == [
        "self", "session_id", "package_name", "project_path", "conf_source", "env"
    ]  # fmt: skip
    assert names(KedroContext.__init__)[1:] == [
        "project_path", "config_loader", "env", "package_name", "hook_manager", "runtime_params",
        "pipelines_to_validate", "validated_params_cache", "cached_validation_scope",
    ]  # fmt: skip
    assert names(KedroContext._get_catalog)[1:] == ["catalog_class", "save_version", "load_versions"]


def test_sessions_may_be_nested(started: Path) -> None:
    with KedroSession.create(started) as outer, KedroSession.create(started) as inner:
        assert inner.run()["b"].load() == outer.run()["b"].load() == 1


# --- Service sessions ---------------------------------------------------------------------------------------------


def test_a_service_session_runs_again_and_again(
    recorder: Recorder, started: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(service_module, "generate_timestamp", lambda: TIMESTAMP)
    session = KedroServiceSession.create("mine", started)
    assert session.session_id == "mine"
    for value in (5, -7):
        assert session.run(runtime_params={"a": value})["b"].load() == abs(value)
    params = dict(recorder.calls[-1][1])
    assert "SequentialRunner" in params.pop("runner")
    assert params == {
        **NOTHING,
        "session_id": "mine",
        "run_id": TIMESTAMP,
        "project_path": started.as_posix(),
        "env": None,
        "kedro_version": VERSION,
        "runtime_params": {"a": -7},
        "pipeline_names": ["__default__"],
        "only_missing_outputs": False,
    }
    catalogs = [said for name, said in recorder.calls if name == "after_catalog_created"]
    assert [said["save_version"] for said in catalogs] == [TIMESTAMP] * 2
    assert catalogs[0]["catalog"] is not catalogs[1]["catalog"]
    assert session.run(run_id="own")["b"].load() == 1
    assert recorder.calls[-1][1]["run_id"] == "own"
    with pytest.raises(load("framework.session.session").KedroSessionError, match="ServiceSession expect an instance"):
        session.run(runner=runners.SequentialRunner)
    caplog.clear()
    with caplog.at_level(logging.INFO, logger=service_module.__name__):
        session.close()
    assert "mine" in caplog.text


def test_a_serving_session_loads_the_pipelines_once_and_runs_in_many_threads(
    started: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = KedroServiceSession.create(project_path=started, serving_mode=True)
    assert session._serving_mode
    assert project.pipelines._is_data_loaded
    request = MagicMock()
    monkeypatch.setattr(type(project.pipelines), "set_requested", request)
    gate, results = Barrier(20), []

    def run(number: int) -> None:
        gate.wait(30)
        results.append(session.run(pipeline_names=["data"], runtime_params={"a": number})["b"].load())

    threads = [Thread(target=run, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(results) == list(range(20))
    request.assert_not_called()


def test_a_session_that_cannot_load_the_pipelines_does_not_serve(
    started: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = MagicMock(side_effect=RuntimeError("no pipelines"))
    monkeypatch.setattr(type(project.pipelines), "_get_pipelines_registry_callable", broken)
    with pytest.raises(RuntimeError, match="no pipelines"):
        KedroServiceSession.create(project_path=started, serving_mode=True)


# --- The context --------------------------------------------------------------------------------------------------


@pytest.fixture
def context(recorder: Recorder, started: Path) -> Any:
    return KedroSession.create(started, runtime_params={"nested": {"c": 3}}).load_context()


def test_a_context_takes_new_attributes_and_assignments(context: Any, tmp_path: Path) -> None:
    context.mlflow = 1
    context.__setattr__("other", 2)
    assert (context.mlflow, context.other, context.env) == (1, 2, None)
    context.project_path = f"{tmp_path}/x/.."
    assert context.project_path == tmp_path.resolve()
    for name in ("catalog", "params"):
        with pytest.raises(AttributeError):
            setattr(context, name, {})
    assert "runtime_params={'nested': {'c': 3}}" in repr(context)
    with pytest.raises(TypeError):
        hash(context)


def test_parameters_are_merged_and_read_once(context: Any) -> None:
    assert context.params == {"a": 1, "nested": {"b": 2, "c": 3}}
    assert context.params is context.params
    assert context._get_parameters() == {
        "parameters": context.params,
        "params:a": 1,
        "params:nested": {"b": 2, "c": 3},
        "params:nested.b": 2,
        "params:nested.c": 3,
    }


def test_every_read_of_the_catalog_makes_one_and_tells(context: Any, recorder: Recorder) -> None:
    first = context.catalog
    first["runtime"] = 1
    assert "runtime" not in context.catalog.keys()  # noqa: SIM118 - patterns would match
    said = [said for name, said in recorder.calls if name == "after_catalog_created"]
    assert len(said) == 2
    assert said[0]["catalog"] is first
    assert said[0]["conf_catalog"] == {"cars": {"type": "MemoryDataset"}}
    assert (said[0]["conf_creds"], said[0]["save_version"], said[0]["load_versions"]) == ({}, None, None)
    assert set(said[0]["parameters"]) == {
        "parameters",
        "params:a",
        "params:nested",
        "params:nested.b",
        "params:nested.c",
    }
    assert isinstance(first, io.DataCatalog)
    assert type(first).__name__ == "DataCatalogWithCatalogCommandsMixin"


def test_no_parameters_is_a_warning_and_no_credentials_a_debug_message(
    started: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (started / "conf/base/parameters.yml").unlink()
    context = KedroSession.create(started, runtime_params={"x": 1}).load_context()
    with pytest.warns(UserWarning, match=f"Parameters not found in your {TITLE} project config."):
        assert context.params == {"x": 1}
    with caplog.at_level(logging.DEBUG, logger=context_module.__name__):
        assert context._get_config_credentials() == {}
    assert f"Credentials not found in your {TITLE} project config." in caplog.text


def test_pipelines_that_cannot_be_imported_are_a_warning_for_parameters(
    started: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (started / "src" / FAKE / "pipeline_registry.py").write_text("import nonexistent_thing\n")
    context = KedroSession.create(started).load_context()
    assert context.params["a"] == 1
    assert "Could not import pipelines, skipping parameter validation" in caplog.text
    assert {r.name for r in caplog.records if r.levelname == "WARNING"} == {context_module.__name__}


@pytest.mark.parametrize("name", ["_transcode_split", "_validate_transcoded_datasets"])
def test_the_check_of_transcoded_names_is_looked_up_in_the_module(
    context: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = MagicMock(side_effect=lambda *_: None)
    monkeypatch.setattr(context_module, name, check)
    catalog = context.catalog
    check.assert_any_call("cars" if name == "_transcode_split" else catalog)


def test_two_transcodings_in_a_name_are_refused(started: Path) -> None:
    (started / "conf/base/catalog.yml").write_text("a@b@c: {type: MemoryDataset}\n")
    with pytest.raises(ValueError, match="a@b@c"):
        _ = KedroSession.create(started).load_context().catalog


@pytest.mark.parametrize("where", ["settings", "ParameterValidator", "pipelines"])
def test_what_methods_of_the_context_use_is_looked_up_late(
    context: Any, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced = MagicMock()
    if where == "settings":
        replaced.DATASET_VALIDATION = False
        monkeypatch.setattr(project, "settings", replaced)
        assert context.catalog.validation_enabled is False
    elif where == "pipelines":
        monkeypatch.setattr(project, "pipelines", replaced)
        _ = context.params
        replaced.items.assert_called()
    else:
        monkeypatch.setattr(load("validation.parameter_validator"), "ParameterValidator", replaced)
        assert context.params is replaced.return_value.validate_raw_params.return_value


RELATIVE = {
    "data/x.csv": True, "data\\x.csv": True, "": True, "C:\\x.csv": False, "C:/x.csv": False, "\\\\server\\x": False,
    "s3://b/x": False, "dbfs:/x": False, "/data/x": False, "a:b": False,
}  # fmt: skip


@pytest.mark.parametrize("path", RELATIVE)
def test_which_paths_are_relative(path: str) -> None:
    assert context_module._is_relative_path(path) is RELATIVE[path]


CONVERTED = [
    (PurePosixPath("/p"), {"filepath": "a/b"}, {"filepath": "/p/a/b"}),
    (PurePosixPath("/p"), {"x": {"path": "a", "filename": "b", "other": "c"}},
     {"x": {"path": "/p/a", "filename": "/p/b", "other": "c"}}),
    (PureWindowsPath("C:\\p"), {"filepath": "a/b"}, {"filepath": "C:/p/a/b"}),
    (PurePosixPath("/p"), {"filepath": "C:\\x\\y"}, {"filepath": "C:/x/y"}),
    (PurePosixPath("/p"), {"filepath": "s3://b/x"}, {"filepath": "s3://b/x"}),
    (PurePosixPath("/p"), {"filepath": 3, "list": [{"filepath": "x"}]}, {"filepath": 3, "list": [{"filepath": "x"}]}),
]  # fmt: skip


@pytest.mark.parametrize(("root", "given", "expected"), CONVERTED)
def test_paths_of_a_configuration_become_absolute_in_place(root: Any, given: Any, expected: Any) -> None:
    assert context_module._convert_paths_to_absolute_posix(root, given) is given
    assert given == expected


def test_a_relative_project_path_is_refused() -> None:
    with pytest.raises(ValueError, match=r"project_path must be an absolute path\. Received: p"):
        context_module._convert_paths_to_absolute_posix(PurePosixPath("p"), {})


# --- Mixins -------------------------------------------------------------------------------------------------------


def test_composing_names_the_class_after_its_parts() -> None:
    made = load("framework.context").compose_classes(io.DataCatalog, mixins.CatalogCommandsMixin)
    assert made.__name__ == "DataCatalogWithCatalogCommandsMixin"
    assert made.__bases__ == (io.DataCatalog, mixins.CatalogCommandsMixin)


MEMORY = f"{PACKAGE}.io.memory_dataset.MemoryDataset"
CATALOG = """
cars: {type: MemoryDataset}
"{name}_made": {type: MemoryDataset, copy_mode: assign}
"""


def test_the_catalog_describes_pipelines(started: Path) -> None:
    (started / "conf/base/catalog.yml").write_text(CATALOG)
    pipe = Pipeline([node(lambda *_: 0, ["cars", "x_made", "params:a", "parameters"], "out", name="n")])
    project.pipelines["described"] = pipe
    catalog = KedroSession.create(started).load_context().catalog
    expected = {
        "datasets": {MEMORY: ["cars"]},
        "factories": {MEMORY: ["x_made"]},
        "defaults": {f"{PACKAGE}.io.MemoryDataset": ["out"]},
    }
    assert catalog.describe_datasets(["described"]) == {"described": expected}
    assert catalog.describe_datasets(pipe) == catalog.describe_datasets([pipe]) == {"pipeline_0": expected}
    assert set(catalog.describe_datasets()) == set(project.pipelines)
    assert catalog.list_patterns() == ["{name}_made", "{default}"]
    resolved = catalog.resolve_patterns(["described"])
    assert resolved["x_made"] == {"type": "MemoryDataset", "copy_mode": "assign"}
    assert set(resolved) == {"cars", "x_made", "out"}


# --- Hooks --------------------------------------------------------------------------------------------------------

ARGUMENTS = {
    "KedroContextSpecs": {"after_context_created": "context"},
    "DataCatalogSpecs": {
        "after_catalog_created": "catalog conf_catalog conf_creds parameters save_version load_versions"
    },
    "PipelineSpecs": {
        "before_pipeline_run": "run_params pipeline catalog",
        "after_pipeline_run": "run_params run_result pipeline catalog",
        "on_pipeline_error": "error run_params pipeline catalog",
    },
    "NodeSpecs": {
        "before_node_run": "node catalog inputs is_async run_id",
        "after_node_run": "node catalog inputs outputs is_async run_id",
        "on_node_error": "error node catalog inputs is_async run_id",
    },
    "DatasetSpecs": {
        "before_dataset_loaded": "dataset_name node",
        "after_dataset_loaded": "dataset_name data node",
        "before_dataset_saved": "dataset_name data node",
        "after_dataset_saved": "dataset_name data node",
    },
}
HOOKS = [(cls, hook, arguments.split()) for cls, found in ARGUMENTS.items() for hook, arguments in found.items()]


@pytest.mark.parametrize(("cls", "hook", "arguments"), HOOKS)
def test_a_hook_belongs_to_its_class_and_has_its_arguments(cls: str, hook: str, arguments: list[str]) -> None:
    manager = hooks._create_hook_manager()
    assert isinstance(manager, pluggy.PluginManager)
    spec = getattr(manager.hook, hook).spec
    assert spec.namespace is getattr(specs, cls)
    assert list(spec.argnames) == arguments
    assert getattr(manager.hook, hook)(**dict.fromkeys(arguments)) == []
    assert manager.project_name == "kedro"


def test_hooks_are_called_last_registered_first_and_registered_once() -> None:
    seen: list[str] = []

    class Hook:
        def __init__(self, name: str) -> None:
            self.name = name

        @hooks.hook_impl
        def after_dataset_loaded(self, dataset_name: str) -> None:
            seen.append(self.name)

    first, second = Hook("first"), Hook("second")
    manager = hooks._create_hook_manager()
    manager_module._register_hooks(manager, (first, second, first))
    manager.hook.after_dataset_loaded(dataset_name="d", data=1, node=None)
    assert seen == ["second", "first"]
    with pytest.raises(
        TypeError,
        match="expects hooks to be registered as instances. Have you forgotten the `()`".replace("(", r"\(").replace(
            ")", r"\)"
        ),
    ):
        manager_module._register_hooks(manager, (Hook,))


def test_an_unknown_argument_is_refused_and_an_unknown_hook_is_not() -> None:
    class Wrong:
        @hooks.hook_impl
        def before_node_run(self, nonsense: Any) -> None: ...

    class Foreign:
        @hooks.hook_impl
        def something_else(self) -> None: ...

    manager = hooks._create_hook_manager()
    manager_module._register_hooks(manager, (Foreign(),))
    with pytest.raises(pluggy.PluginValidationError):
        manager_module._register_hooks(manager, (Wrong(),))


def test_entry_points_are_loaded_once_and_the_disabled_unregistered(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    plugins = [(MagicMock(), MagicMock(project_name=name, version="0.1")) for name in ("on", "off")]
    scan = MagicMock(return_value=len(plugins))
    listing, unregister = MagicMock(return_value=plugins), MagicMock()
    monkeypatch.setattr(pluggy._manager.PluginManager, "load_setuptools_entrypoints", scan)
    monkeypatch.setattr(pluggy._manager.PluginManager, "list_plugin_distinfo", listing)
    monkeypatch.setattr(pluggy._manager.PluginManager, "unregister", unregister)
    with caplog.at_level(logging.DEBUG, logger=manager_module.__name__):
        manager_module._register_hooks_entry_points(hooks._create_hook_manager(), ("off",))
    scan.assert_called_once_with("kedro.hooks")
    listing.assert_called_once_with()
    unregister.assert_called_once_with(plugin=plugins[1][0])
    messages = [record.getMessage() for record in caplog.records]
    assert "Hooks are disabled for plugin(s): off-0.1" in messages
    assert "Registered hooks from 1 installed plugin(s): on-0.1" in messages


def test_tracing_writes_only_where_debug_is_wanted(caplog: pytest.LogCaptureFixture) -> None:
    for level, expected in ((logging.DEBUG, True), (logging.INFO, False)):
        caplog.clear()
        with caplog.at_level(level, logger=manager_module.__name__):
            hooks._create_hook_manager().hook.before_dataset_loaded(dataset_name="d", node=None)
        assert ("before_dataset_loaded" in caplog.text) is expected


def test_the_null_manager_swallows_every_call() -> None:
    null = manager_module._NullPluginManager()
    assert null
    assert null.hook.anything(a=1) is None


def test_a_single_hook_in_place_of_a_list_is_named() -> None:
    with pytest.raises(TypeError, match=r"HOOKS must be a list or tuple of hooks, got <.*Recorder.*\(hook,\)"):
        manager_module._register_hooks(hooks._create_hook_manager(), Recorder())


# --- Names of releases before 1.0 ---------------------------------------------------------------------------------

OLD = [
    (io.DataCatalog(), "add", "catalog[name] = dataset"),
    (io.DataCatalog(), "list", "catalog.filter()"),
    (io.DataCatalog(), "_get_dataset", "catalog.get(name)"),
    (Pipeline([]), "only_nodes_with_namespace", "only_nodes_with_namespaces"),
    (Pipeline([]), "grouped_nodes_by_namespace", "group_nodes_by('namespace')"),
    (runners.SequentialRunner(), "run_only_missing", "only_missing_outputs=True"),
]


@pytest.mark.parametrize(("owner", "name", "successor"), OLD, ids=[name for _, name, _ in OLD])
def test_an_attribute_of_old_is_answered_with_its_successor(owner: Any, name: str, successor: str) -> None:
    assert not hasattr(owner, name)
    with pytest.raises(AttributeError, match=re.escape(successor)) as caught:
        getattr(owner, name)
    assert str(caught.value).startswith(f"'{type(owner).__name__}' object has no attribute '{name}'; it was removed")
    with pytest.raises(AttributeError, match=f"^'{type(owner).__name__}' object has no attribute 'nonsense'$"):
        _ = owner.nonsense


def test_the_successors_of_old_attributes_are_there() -> None:
    catalog = io.DataCatalog({"a": io.MemoryDataset(1)})
    catalog["b"] = 2
    assert list(catalog) == catalog.filter() == list(copy.copy(catalog)) == ["a", "b"]
    assert catalog.get("a") is catalog["a"]
    assert Pipeline([]).only_nodes_with_namespaces([]) is not None
    assert Pipeline([]).group_nodes_by("namespace") == []
