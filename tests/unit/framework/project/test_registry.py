from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from deodar.framework.project import _ProjectPipelines, pipelines
from deodar.pipeline import Pipeline, node


def one(name: str) -> Pipeline:
    return Pipeline([node(lambda: 1, None, name, name=name)])


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> Callable[..., _ProjectPipelines]:
    """Return a maker of pipelines with a registry that is a function."""

    def make(register: Callable[[], Any]) -> _ProjectPipelines:
        own = _ProjectPipelines()
        own.configure("some.module")
        monkeypatch.setattr(own, "_get_pipelines_registry_callable", lambda module: register)
        return own

    return make


def test_unconfigured_pipelines_are_an_empty_mapping() -> None:
    assert _ProjectPipelines() == {}
    assert len(_ProjectPipelines()) == 0 and repr(_ProjectPipelines()) == "{}"


def test_nothing_is_imported_before_the_first_read(project: Any) -> None:
    project.pipeline("sales")
    project.bootstrap()
    assert "pipeline_registry" not in project.imported()
    assert set(pipelines) == {"__default__", "sales"}
    assert "pipeline_registry" in project.imported()


def test_content_is_the_very_dictionary_of_the_registry(registered: Any) -> None:
    content = {"a": one("a")}
    own = registered(lambda: content)
    own["b"] = one("b")
    assert own._load_data() is content
    assert set(content) == {"a", "b"}


def test_registry_is_called_once(registered: Any) -> None:
    calls: list[int] = []
    own = registered(lambda: calls.append(1) or {"a": one("a")})
    assert "a" in own and own["a"] is own.get("a") and list(own.items()) and str(own) and own != {}
    assert calls == [1]


def test_changes_last_until_configured_anew(project: Any) -> None:
    project.pipeline("sales")
    project.bootstrap()
    del pipelines["sales"]
    pipelines["own"] = one("own")
    assert set(pipelines) == {"__default__", "own"}
    pipelines.configure(f"{project.package}.pipeline_registry")
    assert set(pipelines) == {"__default__", "sales"}


def test_changes_outlive_a_request(project: Any) -> None:
    project.pipeline("sales")
    project.bootstrap()
    pipelines["own"] = one("own")
    pipelines.set_requested(["own"])
    assert pipelines["own"].nodes[0].name == "own"
    pipelines.end_request()
    assert set(pipelines) == {"__default__", "sales", "own"}


def test_views_are_snapshots(registered: Any) -> None:
    own = registered(lambda: {"a": one("a")})
    keys, values, items = own.keys(), own.values(), own.items()
    for name in own:
        own[f"{name}2"] = one("x")
    assert (len(keys), len(values), len(items), len(own)) == (1, 1, 1, 2)


def test_content_put_there_by_a_program_is_used() -> None:
    own = _ProjectPipelines()
    own.configure("not.there")
    own._content, own._is_data_loaded = {"a": one("a")}, True
    assert list(own) == ["a"]


def test_missing_registry_is_reported_when_it_is_read() -> None:
    own = _ProjectPipelines()
    own.configure("this_is_not_a_real_thing")
    with pytest.raises(ModuleNotFoundError, match="No module named 'this_is_not_a_real_thing'"):
        own["a"]


def test_registry_without_its_function_is_reported(project: Any) -> None:
    project.module("pipeline_registry", "")
    project.bootstrap()
    with pytest.raises(AttributeError, match="register_pipelines"):
        len(pipelines)


def test_registry_that_returns_nothing_is_reported(registered: Any) -> None:
    with pytest.raises(TypeError, match=r"'some\.module' must return a dictionary of pipelines, got 'NoneType'"):
        list(registered(lambda: None))


def test_broken_registry_is_blamed_by_file_and_line(project: Any) -> None:
    path = project.module("pipeline_registry", "def register_pipelines():\n    return {}['absent']\n")
    project.bootstrap()
    with pytest.raises(KeyError) as caught:
        "sales" in pipelines  # noqa: B015
    assert f"{path}:2" in caught.value.__notes__[0]


def test_many_first_readers_make_one_call(registered: Any) -> None:
    calls: list[int] = []
    barrier = threading.Barrier(20)
    own = registered(lambda: calls.append(1) or {"a": one("a")})
    seen: list[list[str]] = []

    def read() -> None:
        barrier.wait(timeout=30)
        seen.append(list(own.keys()))

    threads = [threading.Thread(target=read) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert calls == [1]
    assert seen == [["a"]] * 20


def test_read_in_flight_uses_what_loading_returned(registered: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    own = registered(lambda: {"a": one("a")})
    load = own._load_data

    def load_then_lose() -> dict[str, Pipeline]:
        content: dict[str, Pipeline] = load()
        own.configure("some.module")
        return content

    monkeypatch.setattr(own, "_load_data", load_then_lose)
    assert list(own.keys()) == ["a"]


def test_only_requested_pipelines_are_imported(project: Any) -> None:
    project.pipeline("sales")
    project.pipeline("stock", "raise RuntimeError('must not be imported')")
    project.bootstrap()
    pipelines.set_requested(["sales"])
    assert [item.name for item in pipelines["sales"].nodes] == ["sales_node"]
    assert "pipelines.stock" not in project.imported()


def test_request_of_the_same_names_keeps_what_was_loaded(registered: Any) -> None:
    calls: list[int] = []
    own = registered(lambda: calls.append(1) or {"a": one("a"), "b": one("b")})
    own.set_requested(["a", "b"])
    own["a"]
    own.set_requested(["b", "a"])
    own["a"]
    assert calls == [1]
    assert own._requested_pipelines == ["b", "a"]


def test_no_request_equals_an_empty_one(registered: Any) -> None:
    own = registered(lambda: {})
    own.set_requested([])
    assert own._requested_pipelines is None


def test_requested_pipeline_may_be_composed_of_others(project: Any) -> None:
    project.pipeline("a")
    project.pipeline("b")
    project.module(
        "pipeline_registry",
        "from deodar.framework.project import find_pipelines\n"
        "def register_pipelines():\n"
        "    p = find_pipelines(raise_errors=True)\n"
        "    p['both'] = p['a'] + p['b']\n"
        "    return p\n",
    )
    project.bootstrap()
    pipelines.set_requested(["both"])
    assert len(pipelines["both"].nodes) == 2
    pipelines.configure(f"{project.package}.pipeline_registry")
    pipelines.set_requested(["a"])
    assert len(pipelines["a"].nodes) == 1


def test_looking_up_another_pipeline_than_requested_loads_them_all(project: Any) -> None:
    project.pipeline("a")
    project.pipeline("b")
    project.bootstrap()
    pipelines.set_requested(["a"])
    assert "b" in pipelines
    pipelines.set_requested(["a"])
    assert len(pipelines["b"].nodes) == 1
    with pytest.raises(KeyError):
        pipelines["c"]


def test_ending_a_request_brings_all_pipelines_back(project: Any) -> None:
    project.pipeline("a")
    project.pipeline("b")
    project.bootstrap()
    pipelines.set_requested(["a"])
    assert len(pipelines["__default__"].nodes) == 1
    pipelines.end_request()
    assert len(pipelines["__default__"].nodes) == 2


def test_configuring_forgets_the_request(registered: Any) -> None:
    own = registered(lambda: {})
    own.set_requested(["a"])
    own.configure("other")
    assert own._requested_pipelines is None


def test_pipelines_cannot_be_hashed() -> None:
    with pytest.raises(TypeError):
        hash(_ProjectPipelines())
