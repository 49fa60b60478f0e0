"""Which pool a runner runs on, and what a catalog for processes refuses."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import pytest

from deodar.io import AbstractDataset, CachedDataset, DataCatalog, DatasetError, MemoryDataset, SharedMemoryDataCatalog
from deodar.pipeline import Pipeline, node
from deodar.runner import ParallelRunner, ThreadRunner
from deodar.runner.parallel_runner import ParallelRunnerManager


def identity(value: Any) -> Any:
    return value


def closure(value: Any) -> Callable[[], Any]:
    return lambda: value


FAN_OUT = Pipeline([node(identity, "a", name, name=name) for name in ("x", "y", "z")])


def counted(kind: type[Executor], made: list[dict[str, Any]]) -> Callable[..., Executor]:
    def make(**options: Any) -> Executor:
        made.append(options)
        return kind(**options)

    return make


def test_threads_are_taken_from_the_class_that_the_module_has_now(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[dict[str, Any]] = []
    monkeypatch.setattr("deodar.runner.thread_runner.ThreadPoolExecutor", counted(ThreadPoolExecutor, made))
    ThreadRunner(max_workers=2).run(FAN_OUT, DataCatalog({"a": MemoryDataset(1)}))
    assert made == [{"max_workers": 2}]


def test_processes_are_taken_from_a_class_that_a_program_has_put_into_the_module(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[dict[str, Any]] = []
    monkeypatch.setattr("deodar.runner.parallel_runner.ProcessPoolExecutor", counted(ProcessPoolExecutor, made))
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    results = ParallelRunner().run(FAN_OUT, SharedMemoryDataCatalog({"a": MemoryDataset(1)}))
    assert [options["max_workers"] for options in made] == [2]
    assert {name: dataset.load() for name, dataset in results.items()} == {"x": 1, "y": 1, "z": 1}


def test_a_catalog_for_processes_refuses_datasets_for_a_single_one() -> None:
    catalog = SharedMemoryDataCatalog({"a": CachedDataset(MemoryDataset(1))})
    with pytest.raises(AttributeError, match=r"cannot be used with multiprocessing: \['a'\]"):
        ParallelRunner().run(FAN_OUT, catalog)


def test_with_any_other_catalog_they_are_used_in_the_main_process() -> None:
    catalog = DataCatalog({"a": CachedDataset(MemoryDataset(1))})
    assert ParallelRunner().run(FAN_OUT, catalog)["x"].load() == 1


def test_a_catalog_for_processes_refuses_nodes_that_cannot_be_pickled() -> None:
    catalog = SharedMemoryDataCatalog({"a": MemoryDataset(1)})
    with pytest.raises(AttributeError, match="The following nodes cannot be serialised"):
        ParallelRunner().run(Pipeline([node(lambda value: value, "a", "b", name="n")]), catalog)


@pytest.mark.parametrize("catalog_class", [DataCatalog, SharedMemoryDataCatalog])
def test_data_that_cannot_be_pickled_is_refused_with_its_type(catalog_class: type[DataCatalog]) -> None:
    catalog = catalog_class({"a": MemoryDataset(1)})
    with pytest.raises(DatasetError, match=r"<class '_thread.lock'> cannot be serialised. ParallelRunner implicit"):
        ParallelRunner().run(Pipeline([node(make_lock, "a", "b", name="n")]), catalog)


def make_lock(value: Any) -> Any:
    import threading

    return threading.Lock()


def test_a_closure_travels_with_a_plain_catalog() -> None:
    result = ParallelRunner().run(Pipeline([node(closure, "a", "b")]), DataCatalog({"a": MemoryDataset(1)}))
    assert result["b"].load()() == 1


def test_a_closure_is_refused_with_a_catalog_for_processes() -> None:
    catalog = SharedMemoryDataCatalog({"a": MemoryDataset(1)})
    with pytest.raises(DatasetError, match="<class 'function'> cannot be serialised"):
        ParallelRunner().run(Pipeline([node(closure, "a", "b")]), catalog)


def test_an_empty_dataset_in_memory_says_so_in_a_worker() -> None:
    catalog = DataCatalog({"a": MemoryDataset()})
    with pytest.raises(DatasetError, match="a: Data for MemoryDataset has not been saved yet"):
        ParallelRunner().run(FAN_OUT, catalog)


class Noted(AbstractDataset[Any, Any]):
    """A dataset that a manager keeps."""

    def __init__(self, value: Any = None) -> None:
        self.value = value

    def load(self) -> Any:
        return self.value

    def save(self, data: Any) -> None:
        self.value = data

    def _describe(self) -> dict[str, Any]:
        return {}


def test_datasets_that_the_runners_manager_keeps_are_shared_by_workers() -> None:
    ParallelRunnerManager.register("Noted", Noted)
    runner = ParallelRunner(max_workers=1)
    manager: Any = runner._manager
    catalog = SharedMemoryDataCatalog({"a": manager.Noted(5), "b": manager.Noted()})
    result = runner.run(Pipeline([node(identity, "a", "b")]), catalog)
    assert result["b"].load() == 5
