"""Tasks as programs outside use them: bare, in other processes, with names of this module replaced."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from typing import Any

import pytest

from deodar.framework.hooks import hook_impl
from deodar.io import DataCatalog, MemoryDataset
from deodar.pipeline import node
from deodar.runner import Task
from deodar.runner import task as task_module


def identity(value: Any) -> Any:
    return value


def counting(value: int) -> Iterator[int]:
    yield value


class Hooks:
    """Hooks of a project."""

    @hook_impl
    def before_node_run(self) -> None:
        """Nothing to do."""


class Settings:
    """Stands in for a project's settings."""

    HOOKS = (Hooks(),)
    DISABLE_HOOKS_FOR_PLUGINS = ()


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the project and logging were configured with, in order."""
    calls: list[Any] = []
    monkeypatch.setattr("deodar.framework.project.configure_project", calls.append)
    monkeypatch.setattr("deodar.framework.project.configure_logging", calls.append)
    return calls


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_fresh_process_is_configured_for_the_project_first(
    method: str, configured: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(multiprocessing, "get_start_method", lambda: method)
    Task._run_node_synchronization(package_name="the_project", logging_config={"version": 1})
    assert configured == ["the_project", {"version": 1}]


def test_a_forked_process_is_configured_already(configured: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multiprocessing, "get_start_method", lambda: "fork")
    Task._run_node_synchronization(package_name="the_project", logging_config={"version": 1})
    assert configured == []


def test_hooks_come_from_the_settings_that_the_module_has_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_module, "settings", Settings, raising=False)
    assert Task._run_node_synchronization().is_registered(Settings.HOOKS[0])


def test_a_task_in_another_process_looks_up_what_the_project_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}
    make = Task._run_node_synchronization

    def note(**what: Any) -> Any:
        asked.update(what)
        return make()

    monkeypatch.setattr("deodar.framework.project.PACKAGE_NAME", "the_project")
    monkeypatch.setattr("deodar.framework.project.LOGGING", {"version": 1})
    monkeypatch.setattr(Task, "_run_node_synchronization", staticmethod(note))
    catalog = DataCatalog({"a": MemoryDataset(1), "b": MemoryDataset()})
    Task(node(identity, "a", "b"), catalog, parallel=True).execute()
    assert asked == {"package_name": "the_project", "logging_config": {"version": 1}}


def test_a_generator_in_an_asynchronous_task_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="nodes wrapping generator functions"):
        Task(node(counting, "a", "b"), DataCatalog(), is_async=True).execute()


def test_the_module_has_no_names_but_its_own_and_those_of_the_framework() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = task_module.nonsense
