"""What every runner promises, checked on every runner: one suite."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deodar.engine.events import Event, RunStarted, TaskEnded, TaskFailed
from deodar.io import DataCatalog, MemoryDataset
from deodar.pipeline import Pipeline, node
from deodar.runner import AbstractRunner, ParallelRunner, SequentialRunner, ThreadRunner
from deodar.runner._inherited import Inherited, inherit

from . import scenarios as s

Factory = Callable[[], AbstractRunner]

RUNNERS: dict[str, tuple[Factory, str | None]] = {
    "sequential": (SequentialRunner, None),
    "threads": (lambda: ThreadRunner(max_workers=2), None),
    "forkserver": (lambda: ParallelRunner(max_workers=2), "forkserver"),
    "spawn": (lambda: ParallelRunner(max_workers=2), "spawn"),
    "fork": (lambda: ParallelRunner(max_workers=2), "fork"),
}
IN_PROCESSES = ("forkserver", "spawn", "fork")


@pytest.fixture(params=RUNNERS)
def runner(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[AbstractRunner]:
    factory, method = RUNNERS[request.param]
    if method is not None:
        monkeypatch.setenv("DEODAR_MP_CONTEXT", method)
    yield factory()


@pytest.fixture(params=IN_PROCESSES)
def parallel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ParallelRunner:
    monkeypatch.setenv("DEODAR_MP_CONTEXT", request.param)
    return ParallelRunner(max_workers=2)


class Seen:
    """The names of the nodes that ended well; makes a file as soon as one has failed."""

    def __init__(self, failed: Path) -> None:
        self._names: Sequence[str] = ()
        self._failed = failed
        self.ended: set[str] = set()

    def observe(self, event: Event) -> None:
        if isinstance(event, RunStarted):
            self._names = event.names
        if isinstance(event, TaskEnded):
            self.ended.add(self._names[event.task])
        if isinstance(event, TaskFailed):
            self._failed.touch()


def catalog(**data: Any) -> DataCatalog:
    return DataCatalog({name: MemoryDataset(value) for name, value in data.items()})


# --- results ----------------------------------------------------------------------------------------------------


def test_a_diamond_gives_its_result(runner: AbstractRunner) -> None:
    pipeline = Pipeline(
        [
            node(s.increment, "a", "b"),
            node(s.increment, "b", "l"),
            node(s.increment, "b", "r"),
            node(s.add, ["l", "r"], "z"),
        ]
    )
    assert runner.run(pipeline, catalog(a=1))["z"].load() == 6


def test_every_shape_of_outputs_arrives(runner: AbstractRunner) -> None:
    pipeline = Pipeline(
        [
            node(s.split, "a", ["plus", "minus"], name="list"),
            node(s.pick, "plus", {"small": "s", "big": "b"}, name="dict"),
            node(s.add, ["s", "b", "minus"], "sum", name="sum"),
        ]
    )
    assert runner.run(pipeline, catalog(a=2))["sum"].load() == 200


def test_parameters_arrive_as_inputs(runner: AbstractRunner) -> None:
    pipeline = Pipeline([node(s.add, ["a", "params:step"], "b")])
    assert runner.run(pipeline, catalog(a=1, **{"params:step": 5}))["b"].load() == 6


def test_a_change_in_place_is_seen_by_nobody_else(runner: AbstractRunner) -> None:
    pipeline = Pipeline([node(s.spoil, "x", f"t{n}", name=f"n{n}") for n in range(4)])
    data = catalog(x=np.ones(200_000))
    results = runner.run(pipeline, data)
    assert [results[f"t{n}"].load() for n in range(4)] == [200_000.0] * 4
    assert data.load("x").sum() == 200_000.0


def test_a_large_intermediate_arrives_writable_and_whole(runner: AbstractRunner) -> None:
    pipeline = Pipeline(
        [node(np.ones, "n", "x"), node(s.spoil, "x", "t1", name="one"), node(s.spoil, "x", "t2", name="two")]
    )
    results = runner.run(pipeline, catalog(n=300_000))
    assert [results["t1"].load(), results["t2"].load()] == [300_000.0] * 2


def test_lambdas_and_closures_run(runner: AbstractRunner) -> None:
    step = 10
    pipeline = Pipeline([node(lambda x: x + step, "a", "b", name="closure")])
    assert runner.run(pipeline, catalog(a=1))["b"].load() == 11


def test_a_dataset_that_cannot_be_pickled_still_works(runner: AbstractRunner) -> None:
    data = DataCatalog({"a": MemoryDataset(1), "b": s.Unpicklable()})
    pipeline = Pipeline([node(s.increment, "a", "b", name="in"), node(s.increment, "b", "c", name="out")])
    assert runner.run(pipeline, data)["c"].load() == 3


def test_generators_are_saved_chunk_by_chunk(runner: AbstractRunner, tmp_path: Path) -> None:
    data = DataCatalog({"a": MemoryDataset(5), "log": s.FileLog(str(tmp_path / "log"))})
    runner.run(Pipeline([node(s.chunks, "a", "log")]), data)
    assert (tmp_path / "log").read_text().split() == ["0", "5", "10"]


def test_many_nodes_run_in_an_order_that_their_data_allows(runner: AbstractRunner) -> None:
    pipeline = Pipeline([node(s.increment, f"d{n}", f"d{n + 1}", name=f"n{n}") for n in range(60)])
    assert runner.run(pipeline, catalog(d0=0))["d60"].load() == 60


def test_the_same_catalog_can_be_run_twice(runner: AbstractRunner) -> None:
    pipeline, data = Pipeline([node(s.increment, "a", "b"), node(s.increment, "b", "c")]), catalog(a=1)
    first = runner.run(pipeline, data)
    assert runner.run(pipeline, data)["c"] is first["c"]
    assert first["c"].load() == 3


# --- hooks and logs ---------------------------------------------------------------------------------------------


def test_hooks_run_once_per_node_and_dataset(runner: AbstractRunner, tmp_path: Path) -> None:
    log = tmp_path / "hooks"
    pipeline = Pipeline([node(s.increment, "a", "b", name="one"), node(s.increment, "b", "c", name="two")])
    runner.run(pipeline, catalog(a=1), s.hook_manager(str(log)), run_id="r7")
    assert log.read_text().splitlines() == [
        "before_dataset_loaded a",
        "after_dataset_loaded a",
        "before_node_run one r7",
        "after_node_run one",
        "before_dataset_saved b",
        "after_dataset_saved b",
        "before_dataset_loaded b",
        "after_dataset_loaded b",
        "before_node_run two r7",
        "after_node_run two",
        "before_dataset_saved c",
        "after_dataset_saved c",
    ]


def test_the_error_hook_runs_where_the_node_failed(runner: AbstractRunner, tmp_path: Path) -> None:
    log = tmp_path / "hooks"
    with pytest.raises(ZeroDivisionError):
        runner.run(Pipeline([node(s.divide, "a", "b", name="bad")]), catalog(a=1), s.hook_manager(str(log)))
    assert "on_node_error bad ZeroDivisionError" in log.read_text()


def test_log_records_of_nodes_reach_the_handlers_here(runner: AbstractRunner, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="deodar"):
        runner.run(Pipeline([node(s.shout, "a", "b", name="loud")]), catalog(a=42))
    assert [r.getMessage() for r in caplog.records if r.name == "deodar.conformance"] == ["shouting 42"]
    assert "Completed node: loud" in caplog.text
    assert "Completed 1 out of 1 tasks" in caplog.text
    # In a worker, too, a dataset bears the kind that it has here.
    assert "Loading data from a (MemoryDataset)" in caplog.text
    assert "Saving data to b (MemoryDataset)" in caplog.text


def test_a_hook_that_fails_when_it_is_told_of_an_error_does_not_hide_it(
    runner: AbstractRunner, caplog: pytest.LogCaptureFixture
) -> None:
    manager = s.hook_manager(os.devnull)
    manager.register(s.ClumsyHooks())
    with pytest.raises(ZeroDivisionError):
        runner.run(Pipeline([node(s.divide, "a", "b", name="bad")]), catalog(a=1), manager)
    assert "clumsy" in caplog.text


# --- failures ---------------------------------------------------------------------------------------------------


def test_the_type_and_the_text_of_an_error_survive(runner: AbstractRunner) -> None:
    with pytest.raises(ZeroDivisionError, match="division by zero"):
        runner.run(Pipeline([node(s.divide, "a", "b")]), catalog(a=1))


def test_an_error_that_does_not_unpickle_still_says_what_it_was(runner: AbstractRunner) -> None:
    with pytest.raises(Exception, match="code 1: odd"):
        runner.run(Pipeline([node(s.raise_odd, "a", "b")]), catalog(a=1))


def test_the_runner_works_again_after_a_failure(runner: AbstractRunner) -> None:
    with pytest.raises(ZeroDivisionError):
        runner.run(Pipeline([node(s.divide, "a", "b")]), catalog(a=1))
    assert runner.run(Pipeline([node(s.increment, "a", "b")]), catalog(a=1))["b"].load() == 2


def test_with_continue_everything_independent_is_done(
    runner: AbstractRunner, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    logs = {f"o{n}": s.FileLog(str(tmp_path / f"o{n}")) for n in range(5)}
    nodes = [node(s.increment, "a", f"o{n}", name=f"good{n}") for n in range(5)]
    nodes += [node(s.divide, "a", "x", name="bad"), node(s.increment, "x", "y", name="after_bad")]
    data = DataCatalog({"a": MemoryDataset(1), **logs})
    with inherit(Inherited(on_error="continue")), pytest.raises(ZeroDivisionError):
        runner.run(Pipeline(nodes), data)
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"o{n}" for n in range(5)]
    assert "1 nodes were skipped" in caplog.text


def test_a_node_is_retried_as_its_policy_says(runner: AbstractRunner, tmp_path: Path) -> None:
    policies = {"nodes": {"shaky": {"attempts": 3, "retry_on": ["ConnectionError"]}}}
    pipeline = Pipeline([node(s.succeed_on_third, "path", "b", name="shaky")])
    with inherit(Inherited(execution=policies)):
        assert runner.run(pipeline, catalog(path=str(tmp_path / "count")))["b"].load() == 3


def test_an_error_that_is_not_listed_is_not_retried(runner: AbstractRunner, tmp_path: Path) -> None:
    policies = {"default": {"attempts": 5, "retry_on": ["OSError"]}}
    data = DataCatalog({"a": MemoryDataset(1), "log": s.FileLog(str(tmp_path / "log"))})

    def note_and_fail(x: int) -> int:
        s.FileLog(str(tmp_path / "tries")).save(x)
        raise ValueError("no")

    with inherit(Inherited(execution=policies)), pytest.raises(ValueError, match="no"):
        runner.run(Pipeline([node(note_and_fail, "a", "log")]), data)
    assert (tmp_path / "tries").read_text().split() == ["1"]


@pytest.mark.parametrize(
    ("resources", "budget"),
    [
        ({"excel": 1}, {}),
        ({"cpu": 2}, {"cpu": 2}),
        ({"memory": "60MB"}, {"memory": "100MB"}),
        ({"memory": "3GB"}, {"memory": "2GB"}),
        ({"gpu": 1}, {"gpu": 1}),
    ],
    ids=["token", "cpu", "memory", "more-than-there-is", "gpu"],
)
def test_what_there_is_only_once_keeps_nodes_apart(
    runner: AbstractRunner, tmp_path: Path, resources: dict[str, Any], budget: dict[str, Any]
) -> None:
    marker = tmp_path / "busy"

    def alone(x: int) -> int:
        # Fails if somebody else is inside.
        descriptor = os.open(marker, os.O_CREAT | os.O_EXCL)
        os.close(descriptor)
        total = sum(range(20_000))
        marker.unlink()
        return total

    pipeline = Pipeline([node(alone, "a", f"b{n}", name=f"n{n}", tags="excel") for n in range(6)])
    with inherit(Inherited(execution={"budget": budget, "tags": {"excel": {"resources": resources}}})):
        assert len(runner.run(pipeline, catalog(a=1))) == 6


@pytest.mark.parametrize("section", ["default", "pipelines", "namespaces", "tags", "nodes"])
def test_a_policy_holds_wherever_it_is_declared(runner: AbstractRunner, tmp_path: Path, section: str) -> None:
    name = {"pipelines": "main", "namespaces": "etl", "tags": "io", "nodes": "etl.shaky"}.get(section)
    policy: dict[str, Any] = {"attempts": 3, "delay": "1ms", "backoff": 1, "jitter": 0.5}
    pipeline = Pipeline([node(s.succeed_on_third, "path", "b", name="shaky", namespace="etl", tags="io")])
    policies = {section: policy if name is None else {name: policy}}
    with inherit(Inherited(execution=policies, pipeline_names=("main",))):
        assert runner.run(pipeline, catalog(path=str(tmp_path / "count")))["b"].load() == 3


def test_a_node_that_is_refused_memory_is_tried_again_alone(runner: AbstractRunner, tmp_path: Path) -> None:
    policies = {"nodes": {"large": {"on_memory": "alone"}}}
    nodes = [node(s.note_times, ["path", f"n{n}"], f"o{n}", name=f"small{n}") for n in range(6)]
    nodes.append(node(s.be_refused_memory_once, "path", "x", name="large"))
    with inherit(Inherited(execution=policies)):
        results = runner.run(Pipeline(nodes), catalog(path=str(tmp_path), **{f"n{n}": n for n in range(6)}))
    began, ended = results["x"].load()
    others = [results[f"o{n}"].load() for n in range(6)]
    assert all(other_end <= began or other_begin >= ended for other_begin, other_end in others)


@pytest.mark.parametrize("on_error", ["stop", "drain", "continue"])
def test_what_a_failed_node_means_for_the_others(runner: AbstractRunner, tmp_path: Path, on_error: str) -> None:
    # A chain beside the failure: the first of it has not ended when that happens, and the rest is not ready.
    nodes = [node(s.divide, "a", "x", name="bad"), node(s.increment, "x", "y", name="below")]
    nodes += [node(s.shout_and_wait_for, "flag", "m", name="n0"), node(s.increment, "m", "end", name="end")]
    flag = tmp_path / "failed"
    given = {"a": MemoryDataset(1), "flag": MemoryDataset(str(flag))}
    data = DataCatalog({**given, "end": s.FileLog(str(tmp_path / "end"))})
    seen = Seen(flag)
    policies = Inherited(execution={"on_error": on_error}, observers=(seen,))
    with inherit(policies), pytest.raises(ZeroDivisionError):
        runner.run(Pipeline(nodes), data)
    assert "below" not in seen.ended
    assert (tmp_path / "end").exists() == (on_error == "continue")
    if on_error == "drain" and not isinstance(runner, SequentialRunner):
        assert "n0" in seen.ended


# --- processes only ---------------------------------------------------------------------------------------------


def test_a_killed_worker_is_named_with_its_node_and_the_others_are_unharmed(
    parallel: ParallelRunner, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    logs = {f"o{n}": s.FileLog(str(tmp_path / f"o{n}")) for n in range(4)}
    nodes = [node(s.increment, "a", f"o{n}", name=f"good{n}") for n in range(4)] + [
        node(s.die, "a", "x", name="doomed")
    ]
    with (
        inherit(Inherited(on_error="continue")),
        pytest.raises(Exception, match=r"doomed[\s\S]*SIGKILL|SIGKILL[\s\S]*doomed"),
    ):
        parallel.run(Pipeline(nodes), DataCatalog({"a": MemoryDataset(1), **logs}))
    assert len(list(tmp_path.iterdir())) == 4


def test_a_timeout_ends_a_node_that_hangs(parallel: ParallelRunner) -> None:
    pipeline = Pipeline([node(s.sleep_for_ever, "a", "b", name="hangs")])
    with (
        inherit(Inherited(execution={"nodes": {"hangs": {"timeout": "300ms"}}})),
        pytest.raises(Exception, match="hangs"),
    ):
        parallel.run(pipeline, catalog(a=1))


def test_warnings_of_nodes_are_seen_here(parallel: ParallelRunner) -> None:
    with pytest.warns(UserWarning, match="this is a warning from a node"):
        parallel.run(Pipeline([node(s.warn, "a", "b")]), catalog(a=1))


# --- threads only -----------------------------------------------------------------------------------------------


def test_a_timeout_that_cannot_be_enforced_is_said(caplog: pytest.LogCaptureFixture) -> None:
    with inherit(Inherited(execution={"default": {"timeout": 1}})):
        ThreadRunner(max_workers=1).run(Pipeline([node(s.increment, "a", "b", name="mine")]), catalog(a=1))
    assert "A timeout needs a process" in caplog.text
