"""ParallelRunner on the standard library's pool of processes: where it runs on Windows, and when a subclass says so."""

from __future__ import annotations

import operator
from collections.abc import Callable
from concurrent.futures import Executor

import numpy as np
import pytest

from deodar.engine.events import Event, TaskEnded
from deodar.io import DataCatalog, MemoryDataset, SharedMemoryDataCatalog
from deodar.pipeline import Pipeline, node
from deodar.runner import ParallelRunner
from deodar.runner._inherited import Inherited, inherit

Catalogs = pytest.mark.parametrize("catalog", [DataCatalog, SharedMemoryDataCatalog])


class Ended:
    """Counts nodes that ended well."""

    count = 0

    def observe(self, event: Event) -> None:
        self.count += isinstance(event, TaskEnded)


class StandardPoolRunner(ParallelRunner):
    def _get_executor(self, max_workers: int) -> Executor:
        return super()._get_executor(max_workers)


@pytest.fixture(params=["spawn", "forkserver", "fork"])
def runner(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ParallelRunner:
    monkeypatch.setenv("DEODAR_MP_CONTEXT", request.param)
    return StandardPoolRunner(max_workers=2)


# Functions that any process finds by their names, whatever started it.
DIAMOND = Pipeline(
    [
        node(operator.neg, "a", "b", name="first"),
        node(operator.abs, "b", "l", name="left"),
        node(operator.inv, "b", "r", name="right"),
        node(operator.add, ["l", "r"], "z", name="last"),
    ]
)


@Catalogs
def test_a_diamond_gives_its_result(runner: ParallelRunner, catalog: Callable[..., DataCatalog]) -> None:
    assert runner.run(DIAMOND, catalog({"a": MemoryDataset(5)}))["z"].load() == 9


@Catalogs
def test_a_dataset_in_memory_that_is_in_the_catalog_is_not_read_as_it_was(
    runner: ParallelRunner, catalog: Callable[..., DataCatalog]
) -> None:
    data = catalog({"a": MemoryDataset(5), "b": MemoryDataset(-1000), "z": MemoryDataset()})
    assert runner.run(DIAMOND, data)["z"].load() == 9
    assert data.load("z") == 9


def test_the_results_outlive_the_runner() -> None:
    results = StandardPoolRunner(max_workers=1).run(DIAMOND, DataCatalog({"a": MemoryDataset(5)}))
    assert results["z"].load() == 9


def test_an_error_arrives_as_what_it_was(runner: ParallelRunner) -> None:
    data = DataCatalog({"a": MemoryDataset(1), "zero": MemoryDataset(0)})
    with pytest.raises(ZeroDivisionError):
        runner.run(Pipeline([node(operator.truediv, ["a", "zero"], "b", name="bad")]), data)


def test_arrays_arrive_whole() -> None:
    pipeline = Pipeline([node(np.ones, "n", "x", name="make"), node(np.sum, "x", "total", name="add")])
    results = StandardPoolRunner(max_workers=2).run(pipeline, DataCatalog({"n": MemoryDataset(300_000)}))
    assert results["total"].load() == 300_000


def test_policies_that_need_no_process_of_ours_hold(caplog: pytest.LogCaptureFixture) -> None:
    policies = {"on_error": "continue", "default": {"timeout": "1h", "resources": {"excel": 1}}}
    nodes = [node(operator.truediv, ["a", "zero"], "bad", name="bad"), node(operator.neg, "bad", "worse", name="worse")]
    data = DataCatalog({"a": MemoryDataset(1), "zero": MemoryDataset(0)})
    ended = Ended()
    with inherit(Inherited(execution=policies, observers=(ended,))), pytest.raises(ZeroDivisionError):
        StandardPoolRunner(max_workers=2).run(Pipeline([*DIAMOND.nodes, *nodes]), data)
    assert ended.count == len(DIAMOND.nodes)
    assert "A timeout needs a process" in caplog.text
    assert "1 nodes were skipped because a node that they depend on failed: worse (bad)" in caplog.text


def test_what_cannot_go_there_is_named() -> None:
    with pytest.raises(AttributeError, match=r"cannot be serialised: .*mine"):
        StandardPoolRunner().run(
            Pipeline([node(lambda a: a, "a", "b", name="mine")]), DataCatalog({"a": MemoryDataset(1)})
        )
