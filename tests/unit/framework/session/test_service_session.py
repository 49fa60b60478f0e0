from __future__ import annotations

import logging
import threading
from typing import Any

import pytest

from deodar.framework import project as state
from deodar.framework.session import KedroServiceSession
from deodar.framework.session.abstract_session import KedroSessionError
from deodar.runner import SequentialRunner


def values(result: dict[str, Any]) -> dict[str, Any]:
    return {name: dataset.load() for name, dataset in result.items()}


def runs(shop: Any) -> list[dict[str, Any]]:
    return [arguments["run_params"] for name, arguments in shop.calls() if name == "before_pipeline_run"]


def test_session_is_named_and_knows_its_project(shop: Any) -> None:
    session = KedroServiceSession.create("mine", shop.path, "prod", shop.path / "other")
    assert (session.session_id, session.env) == ("mine", "prod")
    assert (session._project_path, session._package_name) == (shop.path, shop.package)
    assert session._conf_source == str(shop.path / "other")


def test_name_of_a_session_is_made_up_if_not_given(shop: Any) -> None:
    first, second = (KedroServiceSession.create(project_path=shop.path) for _ in range(2))
    assert first.session_id != second.session_id


@pytest.mark.parametrize("variable", ["KEDRO_ENV", "DEODAR_ENV"])
def test_environment_variable_names_the_run_environment(shop: Any, variable: str, monkeypatch: Any) -> None:
    monkeypatch.setenv(variable, "prod")
    assert KedroServiceSession.create(project_path=shop.path).env == "prod"


def test_session_runs_again_with_other_parameters(shop: Any) -> None:
    session = KedroServiceSession.create(project_path=shop.path)
    first = session.run(pipeline_names=["sales"], runtime_params={"number": 1})
    second = session.run(pipeline_names=["sales"], runtime_params={"number": 2})
    third = session.run(pipeline_names=["stock"])
    assert [values(item) for item in (first, second, third)] == [
        {"sales_doubled": 2},
        {"sales_doubled": 4},
        {"stock_doubled": 42},
    ]


def test_each_run_has_an_id_of_its_own_that_versions_are_saved_under(shop: Any) -> None:
    session = KedroServiceSession.create("mine", shop.path)
    session.run()
    session.run(run_id="second")
    first, second = runs(shop)
    assert first["session_id"] == second["session_id"] == "mine"
    assert first["run_id"] != second["run_id"] == "second"
    versions = [arguments["save_version"] for name, arguments in shop.calls() if name == "after_catalog_created"]
    assert versions == [first["run_id"], "second"]


def test_hooks_are_told_what_a_run_was_asked_for(shop: Any) -> None:
    runner = SequentialRunner()
    KedroServiceSession.create("mine", shop.path).run(run_id="one", runner=runner, runtime_params={"number": 1})
    (params,) = runs(shop)
    assert params["pipeline_names"] == ["__default__"]
    assert params["runtime_params"] == {"number": 1}
    assert params["runner"] == str(runner)
    assert set(params) >= {"run_id", "session_id", "kedro_version", "tags", "load_versions", "only_missing_outputs"}


def test_runs_share_the_hooks_and_nothing_else(shop: Any) -> None:
    session = KedroServiceSession.create(project_path=shop.path)
    first, second = session.load_context(), session.load_context({"number": 1})
    assert first is not second
    assert first._hook_manager is second._hook_manager is session._hook_manager
    assert second.params == {"number": 1}


def test_runner_must_be_an_instance_of_one(shop: Any) -> None:
    session = KedroServiceSession.create(project_path=shop.path)
    with pytest.raises(KedroSessionError, match="DeodarServiceSession expect an instance of Runner"):
        session.run(runner=SequentialRunner)  # type: ignore[arg-type]


def test_unknown_pipeline_is_reported_with_those_spelled_alike(shop: Any) -> None:
    with pytest.raises(ValueError, match=r"named 'sale'\.(?s:.)*Did you mean(?s:.)*sales"):
        KedroServiceSession.create(project_path=shop.path).run(pipeline_names=["sale"])


def test_closing_says_so(shop: Any, caplog: pytest.LogCaptureFixture) -> None:
    with (
        caplog.at_level(logging.INFO, logger="deodar.framework.session.service_session"),
        KedroServiceSession.create("mine", shop.path),
    ):
        pass
    assert "Closing session mine" in caplog.messages


def test_serving_loads_all_pipelines_at_once_and_asks_for_none(shop: Any, monkeypatch: Any) -> None:
    session = KedroServiceSession.create(project_path=shop.path, serving_mode=True)
    assert shop.imported() >= {"pipelines.sales", "pipelines.stock"}
    asked: list[Any] = []
    monkeypatch.setattr(state.pipelines, "set_requested", asked.append)
    session.run(pipeline_names=["sales"])
    assert asked == []


def test_session_that_cannot_load_the_pipelines_cannot_be_created_for_serving(shop: Any) -> None:
    shop.module("pipeline_registry", "1 / 0")
    with pytest.raises(ZeroDivisionError):
        KedroServiceSession.create(project_path=shop.path, serving_mode=True)


def test_serving_takes_no_types_from_parameters(shop: Any) -> None:
    session = KedroServiceSession.create(project_path=shop.path, serving_mode=True)
    loader: Any = session._get_config_loader()
    assert loader.restrict_runtime_params_type_selection is True


def test_many_runs_at_the_same_time_do_not_disturb_each_other(shop: Any) -> None:
    session = KedroServiceSession.create(project_path=shop.path, serving_mode=True)
    barrier = threading.Barrier(20)
    results: dict[int, dict[str, Any]] = {}

    def run(number: int) -> None:
        barrier.wait(timeout=60)
        name = ("sales", "stock")[number % 2]
        results[number] = values(session.run(pipeline_names=[name], runtime_params={"number": number}))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert results == {number: {f"{('sales', 'stock')[number % 2]}_doubled": 2 * number} for number in range(20)}


def test_runs_of_different_pipelines_at_the_same_time_work_without_serving_too(shop: Any) -> None:
    session = KedroServiceSession.create(project_path=shop.path)
    barrier = threading.Barrier(8)
    results: list[dict[str, Any]] = []

    def run(name: str) -> None:
        barrier.wait(timeout=60)
        results.append(values(session.run(pipeline_names=[name])))

    threads = [threading.Thread(target=run, args=(("sales", "stock")[index % 2],)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(results) == 8
