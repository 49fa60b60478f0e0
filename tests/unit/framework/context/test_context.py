from __future__ import annotations

import logging
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from deodar.config import MissingConfigException, OmegaConfigLoader
from deodar.framework import project as state
from deodar.framework.context import KedroContext
from deodar.framework.hooks import _create_hook_manager, hook_impl
from deodar.io import DataCatalog, MemoryDataset
from deodar.pipeline import Pipeline, node


class Loader(dict[str, Any]):
    """A configuration that is in memory."""

    def __missing__(self, key: str) -> Any:
        raise MissingConfigException(f"nothing for {key}")


class Recorder:
    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    @hook_impl
    def after_catalog_created(
        self,
        catalog: Any,
        conf_catalog: Any,
        conf_creds: Any,
        parameters: Any,
        save_version: Any,
        load_versions: Any,
    ) -> None:
        self.calls.append({name: value for name, value in locals().items() if name != "self"})


@pytest.fixture
def hooks() -> Recorder:
    return Recorder()


@pytest.fixture
def make(process: None, tmp_path: Path, hooks: Recorder) -> Any:
    manager = _create_hook_manager()
    manager.register(hooks)

    def context(config: dict[str, Any] | None = None, **arguments: Any) -> KedroContext:
        loader: Any = Loader({"catalog": {}, "parameters": {}, **(config or {})})
        given = {"project_path": tmp_path, "config_loader": loader, "env": None, "package_name": "shop"}
        return KedroContext(**{**given, "hook_manager": manager, **arguments})

    return context


def test_fields_are_those_of_the_contract() -> None:
    names = [field.name for field in KedroContext.__attrs_attrs__]
    assert names[:6] == [
        "project_path",
        "config_loader",
        "env",
        "_package_name",
        "_hook_manager",
        "_runtime_params",
    ]
    assert all(field.type for field in KedroContext.__attrs_attrs__)


def test_project_path_is_resolved_at_each_assignment(make: Any, tmp_path: Path) -> None:
    context = make(project_path=f"{tmp_path}/a/..")
    assert context.project_path == tmp_path
    context.project_path = f"{tmp_path}/b/../c"
    assert context.project_path == tmp_path / "c"


def test_attributes_may_be_added(make: Any) -> None:
    context = make()
    context.__setattr__("mlflow", 1)
    assert context.mlflow == 1


@pytest.mark.parametrize("name", ["catalog", "params"])
def test_properties_cannot_be_assigned(make: Any, name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(make(), name, {})


def test_contexts_are_equal_by_their_fields_and_cannot_be_hashed(make: Any) -> None:
    assert make({"parameters": {}}) == make()
    assert make() != make(env="prod")
    assert make() != 1
    with pytest.raises(TypeError):
        hash(make())


def test_representation_shows_the_fields(make: Any) -> None:
    assert "env='prod'" in repr(make(env="prod", runtime_params={"a": 1}))
    assert "_runtime_params={'a': 1}" in repr(make(runtime_params={"a": 1}))


def test_runtime_parameters_are_copied(make: Any) -> None:
    given: dict[str, Any] = {"a": {"b": 1}}
    context = make(runtime_params=given)
    given["a"]["b"] = 2
    assert context._runtime_params == {"a": {"b": 1}}


def test_parameters_are_those_of_the_loader(make: Any) -> None:
    context = make({"parameters": {"a": 1}})
    assert context.params == {"a": 1}
    assert context.params is context.params


@pytest.mark.parametrize(("given", "expected"), [({"a": 1}, {"a": 1}), (None, {})])
def test_missing_parameters_are_warned_of(make: Any, given: Any, expected: Any) -> None:
    context = make(runtime_params=given)
    del context.config_loader["parameters"]
    with pytest.warns(UserWarning, match="Parameters not found in your Deodar project config"):
        assert context.params == expected


class Model(BaseModel):
    depth: int


@dataclass
class Options:
    model: Model
    size: int


def uses_model(model: Model) -> int:
    return model.depth


def register(monkeypatch: pytest.MonkeyPatch, **pipelines: Any) -> None:
    monkeypatch.setattr(state.pipelines, "_pipelines_module", "some.module")
    monkeypatch.setattr(state.pipelines, "_get_pipelines_registry_callable", lambda _: lambda: pipelines)


def test_parameters_come_in_the_types_that_nodes_ask_for(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, __default__=Pipeline([node(uses_model, "params:model", "out")]))
    assert make({"parameters": {"model": {"depth": "3"}}}).params == {"model": Model(depth=3)}


def test_parameters_are_validated_for_the_pipelines_in_scope(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, a=Pipeline([node(uses_model, "params:model", "out")]), b=Pipeline([]))
    context = make({"parameters": {"model": {"depth": 3}}})
    context._pipelines_to_validate = ["b"]
    assert context.params == {"model": {"depth": 3}}
    context._pipelines_to_validate = ["a"]
    assert context.params == {"model": Model(depth=3)}


def test_pipelines_that_cannot_be_imported_are_not_validated_for(
    make: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(state.pipelines, "_pipelines_module", "no_such_registry")
    with caplog.at_level(logging.WARNING, logger="deodar.framework.context.context"):
        assert make({"parameters": {"a": 1}}).params == {"a": 1}
    assert "Could not import pipelines, skipping parameter validation" in caplog.text


def test_other_errors_of_the_registry_come_out(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state.pipelines, "_pipelines_module", "some.module")
    monkeypatch.setattr(state.pipelines, "_get_pipelines_registry_callable", lambda _: lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        make().params  # noqa: B018


def test_parameters_are_datasets_by_their_paths(make: Any) -> None:
    catalog = make({"parameters": {"a": {"b": {"c": [1]}}, "d": None}}).catalog
    assert {name: catalog.load(name) for name in catalog.keys()} == {  # noqa: SIM118
        "parameters": {"a": {"b": {"c": [1]}}, "d": None},
        "params:a": {"b": {"c": [1]}},
        "params:a.b": {"c": [1]},
        "params:a.b.c": [1],
        "params:d": None,
    }


def test_models_and_dataclasses_expand_into_their_fields(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    context = make()
    options = Options(Model(depth=3), 2)
    monkeypatch.setattr(KedroContext, "params", {"options": options, "kind": Model})
    assert context._get_parameters() == {
        "parameters": {"options": options, "kind": Model},
        "params:options": options,
        "params:options.model": options.model,
        "params:options.model.depth": 3,
        "params:options.size": 2,
        "params:kind": Model,
    }


def test_catalog_is_built_from_configuration_with_paths_in_the_project(
    make: Any, hooks: Recorder, tmp_path: Path
) -> None:
    entry = {"type": "pickle.PickleDataset", "filepath": "data/cars.pkl", "credentials": "mine"}
    config = {"catalog": {"cars": entry}, "credentials": {"mine": {"key": "secret"}}, "parameters": {"a": 1}}
    catalog = make(config)._get_catalog(save_version="v1", load_versions={"cars": "v0"})
    (call,) = hooks.calls
    assert call["catalog"] is catalog
    assert call["conf_catalog"]["cars"]["filepath"] == f"{tmp_path}/data/cars.pkl"
    assert call["conf_creds"] == {"mine": {"key": "secret"}}
    assert call["parameters"] == {"parameters": {"a": 1}, "params:a": 1}
    assert (call["save_version"], call["load_versions"]) == ("v1", {"cars": "v0"})


def test_catalog_is_built_anew_at_each_access_and_hooks_are_told(make: Any, hooks: Recorder) -> None:
    context = make()
    context.catalog["own"] = 1
    assert "own" not in context.catalog
    assert len(hooks.calls) == 2
    assert (hooks.calls[0]["save_version"], hooks.calls[0]["load_versions"]) == (None, None)


def test_catalog_can_describe_itself_and_be_pickled(make: Any) -> None:
    catalog = make().catalog
    assert type(catalog).__name__ == "DataCatalogWithCatalogCommandsMixin"
    assert type(pickle.loads(pickle.dumps(catalog))) is type(catalog)


def test_catalog_of_another_class_gets_nothing_mixed_in(make: Any) -> None:
    class Mine(DataCatalog): ...

    assert type(make()._get_catalog(catalog_class=Mine)) is Mine


def test_missing_catalog_comes_out(make: Any) -> None:
    context = make()
    del context.config_loader["catalog"]
    with pytest.raises(MissingConfigException, match="catalog"):
        context.catalog  # noqa: B018


def test_missing_credentials_are_none(make: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="deodar.framework.context.context"):
        assert make()._get_config_credentials() == {}
    assert "Credentials not found in your Deodar project config." in caplog.text


def test_credentials_that_a_hook_put_there_are_used(make: Any, hooks: Recorder) -> None:
    context = make()
    context.config_loader["credentials"] = {"mine": {"key": "secret"}}
    assert context.catalog is not None
    assert hooks.calls[0]["conf_creds"] == {"mine": {"key": "secret"}}


@pytest.mark.parametrize("config", [{"catalog": {"a@b@c": {"type": "MemoryDataset"}}}, {"parameters": {"a@b@c": 1}}])
def test_name_with_two_transcoding_separators_is_refused(make: Any, config: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="Expected maximum 1 transcoding separator"):
        make(config).catalog  # noqa: B018


@pytest.mark.parametrize("wanted", [True, False])
def test_setting_switches_validation_of_datasets(make: Any, wanted: bool) -> None:
    state.settings.set("DATASET_VALIDATION", wanted)
    assert make().catalog.validation_enabled is wanted


VALIDATED = {"catalog": {"cars": {"type": "MemoryDataset", "validator": "no_such_package.Schema"}}}


def test_validators_whose_package_is_missing_are_warned_of(make: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="deodar.framework.context.context"):
        assert make(VALIDATED).catalog is not None
    assert "no_such_package" in caplog.text


def test_catalog_class_that_cannot_validate_is_warned_of(make: Any, caplog: pytest.LogCaptureFixture) -> None:
    class Simple(dict[str, Any]):
        @classmethod
        def from_config(cls, **_: Any) -> Simple:
            return cls(cars=MemoryDataset())

    with caplog.at_level(logging.WARNING, logger="deodar.framework.context.context"):
        make(VALIDATED)._get_catalog(catalog_class=Simple)
    (message,) = caplog.messages
    assert "'cars'" in message and "Simple" in message and "ignored" in message


def test_context_works_with_the_real_loader(make: Any, tmp_path: Path) -> None:
    for folder in ("base", "local"):
        (tmp_path / "conf" / folder).mkdir(parents=True)
    (tmp_path / "conf/base/catalog.yml").write_text("cars:\n  type: MemoryDataset\n")
    (tmp_path / "conf/base/parameters.yml").write_text("a: {b: 1, c: 2}\n")
    params = {"a": {"b": 3}}
    loader = OmegaConfigLoader(str(tmp_path / "conf"), base_env="base", default_run_env="local", runtime_params=params)
    context = make(config_loader=loader, runtime_params=params)
    assert context.params == {"a": {"b": 3, "c": 2}}
    assert "cars" in context.catalog.keys()  # noqa: SIM118
