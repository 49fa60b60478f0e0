"""The suite that every runner passes, on clusters; and what only a cluster can get wrong.

The tests of ``test_runners`` are imported, and find the fixtures of this module. One cluster serves them all.
"""

from __future__ import annotations

import importlib
import itertools
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deodar.engine.executors._blame import WorkerDiedError
from deodar.io import DataCatalog, DatasetError, MemoryDataset
from deodar.pipeline import Node, Pipeline, node
from deodar.runner import AbstractRunner, DaskRunner, RayRunner
from deodar.runner._cluster_runner import ClusterRunner
from deodar.runner._inherited import Inherited, inherit

from . import scenarios as s
from . import test_runners as suite

pytestmark = [pytest.mark.slow, pytest.mark.cluster]

for _name, _test in vars(suite).items():
    # Those of the common part; what is promised of processes follows below.
    if _name.startswith("test_") and "runner" in _test.__code__.co_varnames[: _test.__code__.co_argcount]:
        globals()[_name] = _test


@pytest.fixture(scope="module")
def dask_cluster() -> Iterator[Any]:
    # Imported here: without Dask and Ray this module is collected too, and nothing of it runs.
    import dask
    import distributed

    with (
        # Or the cluster is without a worker some time after it died, if it happens to start again right then.
        dask.config.set({"distributed.deploy.lost-worker-timeout": "1 day"}),
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster,
    ):
        yield cluster


@pytest.fixture(scope="module")
def ray_cluster() -> Iterator[None]:
    from deodar.engine.executors.cluster.ray import connect

    with connect(None, {"num_cpus": 2}):
        yield


@pytest.fixture(params=["dask", "ray"], scope="module")
def runner(request: pytest.FixtureRequest) -> AbstractRunner:
    cluster = request.getfixturevalue(f"{request.param}_cluster")
    return RayRunner() if request.param == "ray" else DaskRunner(cluster.scheduler_address)


def catalog(**data: Any) -> DataCatalog:
    return DataCatalog({name: MemoryDataset(value) for name, value in data.items()})


def test_a_worker_that_dies_with_every_attempt_is_named_with_its_node(runner: AbstractRunner, tmp_path: Path) -> None:
    logs = {f"o{n}": s.FileLog(str(tmp_path / f"o{n}")) for n in range(4)}
    nodes = [node(s.increment, "a", f"o{n}", name=f"good{n}") for n in range(4)]
    nodes.append(node(s.die, "a", "x", name="doomed"))
    with inherit(Inherited(on_error="continue")), pytest.raises(Exception, match="doomed"):
        runner.run(Pipeline(nodes), DataCatalog({"a": MemoryDataset(1), **logs}))
    assert len(list(tmp_path.iterdir())) == 4


def test_a_timeout_ends_a_node_that_hangs(runner: AbstractRunner) -> None:
    pipeline = Pipeline([node(s.sleep_for_ever, "a", "b", name="hangs")])
    with (
        inherit(Inherited(execution={"nodes": {"hangs": {"timeout": "300ms"}}})),
        pytest.raises(TimeoutError, match="hangs"),
    ):
        runner.run(pipeline, catalog(a=1))


def test_warnings_of_nodes_are_seen_here(runner: AbstractRunner) -> None:
    with pytest.warns(UserWarning, match="this is a warning from a node"):
        runner.run(Pipeline([node(s.warn, "a", "b")]), catalog(a=1))


def test_a_node_that_goes_on_is_told_of_while_it_runs(runner: AbstractRunner, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    records: list[str] = []

    class Opener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record.getMessage())
            gate.touch()

    logger, opener = logging.getLogger("deodar.conformance"), Opener()
    logger.addHandler(opener)
    try:
        runner.run(Pipeline([node(s.shout_and_wait_for, "gate", "done")]), catalog(gate=str(gate)))
    finally:
        logger.removeHandler(opener)
    assert records == ["waiting"]


def test_data_that_cannot_travel_is_refused_in_the_name_of_the_runner(runner: AbstractRunner) -> None:
    name = type(runner).__name__
    with pytest.raises(DatasetError, match=rf"cannot be serialised\. {name} implicit memory datasets"):
        runner.run(Pipeline([node(s.make_lock, "a", "b"), node(s.increment, "b", "c")]), catalog(a=1))


def test_large_values_do_not_pass_through_the_driver(runner: ClusterRunner) -> None:
    pipeline = Pipeline(
        [node(np.ones, "n", "x")] + [node(s.spoil, "x", f"t{n}", name=f"reader{n}") for n in range(8)],
    )
    data = catalog(n=1_000_000, **{f"t{n}": None for n in range(8)})
    data["x"] = MemoryDataset()
    with runner._connected() as executor:
        runner._run_remotely(pipeline, data, None, None, executor=executor, supply=executor.supply)
    assert [data.load(f"t{n}") for n in range(8)] == [1_000_000.0] * 8
    assert executor.traffic.sent + executor.traffic.fetched + executor.traffic.message_bytes < 100_000


def test_outputs_of_one_node_are_fetched_apart(runner: ClusterRunner) -> None:
    pipeline = Pipeline(
        [
            node(s.two_arrays, "n", ["x", "y"]),
            node(s.spoil, "x", "tx", name="of_x"),
            node(s.spoil, "y", "ty", name="of_y"),
        ]
    )
    results = runner.run(pipeline, catalog(n=100_000))
    assert (results["tx"].load(), results["ty"].load()) == (100_000.0, 0.0)


def test_workers_that_stay_run_what_was_edited_and_what_lies_elsewhere_under_the_same_name(
    runner: ClusterRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer_of(folder: str, source: str) -> Any:
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "nodes_that_change.py").write_text(source)
        with monkeypatch.context() as patch:
            patch.syspath_prepend(str(tmp_path / folder))
            patch.delitem(sys.modules, "nodes_that_change", raising=False)
            function = importlib.import_module("nodes_that_change").function
            return runner.run(Pipeline([node(function, "a", "b", name="n")]), catalog(a=1))["b"].load()

    try:
        assert answer_of("one", "def function(a): return 'first'") == "first"
        assert answer_of("one", "def function(a): return 'edited'") == "edited"
        assert answer_of("two", "def function(a): return 'elsewhere'") == "elsewhere"
        assert answer_of("one", "def function(a): return 'edited'") == "edited"
    finally:
        sys.modules.pop("nodes_that_change", None)


@pytest.mark.cluster("dask")
def test_workers_with_several_threads_keep_nodes_and_their_logs_apart(caplog: pytest.LogCaptureFixture) -> None:
    import distributed

    pipeline = Pipeline([node(s.shout, f"a{n}", f"b{n}", name=f"n{n}") for n in range(20)])
    data = catalog(**{f"a{n}": n for n in range(20)})
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=3, dashboard_address="127.0.0.1:0") as cluster,
        caplog.at_level(logging.INFO, logger="deodar"),
    ):
        results = DaskRunner(cluster.scheduler_address).run(pipeline, data)
    assert [results[f"b{n}"].load() for n in range(20)] == list(range(20))
    said = {(r.getMessage(), r.task) for r in caplog.records if r.name == "deodar.conformance"}  # type: ignore[attr-defined]
    assert said == {(f"shouting {n}", f"n{n}") for n in range(20)}


@pytest.mark.cluster("dask")
def test_nodes_that_only_waited_on_a_worker_are_not_blamed_for_its_death(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import dask
    import distributed

    logs = {f"o{n}": s.FileLog(str(tmp_path / f"o{n}")) for n in range(8)}
    # Once nodes are known to be short, many are submitted at a time.
    nodes = [node(s.increment, f"a{n}", f"a{n + 1}", name=f"first{n}") for n in range(10)]
    nodes += [node(s.die, "a10", f"x{n}", name=f"doomed{n}") for n in range(2)]
    nodes += [node(s.increment, "a10", f"o{n}", name=f"good{n}") for n in range(8)]
    with (
        # All sit on one worker, and at its second death Dask gives all of them up.
        dask.config.set(
            {"distributed.scheduler.worker-saturation": "inf", "distributed.scheduler.allowed-failures": 1}
        ),
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster,
        inherit(Inherited(on_error="continue")),
        pytest.raises(WorkerDiedError, match="doomed"),
    ):
        DaskRunner(cluster.scheduler_address).run(Pipeline(nodes), DataCatalog({"a0": MemoryDataset(1), **logs}))
    assert [path.read_text() for path in tmp_path.iterdir()] == ["12\n"] * 8
    assert not [record for record in caplog.records if "Node good" in record.getMessage()]


@pytest.mark.cluster("dask")
def test_a_worker_of_a_local_cluster_comes_back_however_long_it_is_away(tmp_path: Path) -> None:
    import dask

    pipeline = Pipeline([node(s.die_the_first_time, "marker", "done")])
    # After which Dask would do without it.
    with dask.config.set({"distributed.deploy.lost-worker-timeout": "1ms"}):
        assert DaskRunner(n_workers=1).run(pipeline, catalog(marker=str(tmp_path / "seen")))["done"].load() == "alive"


def brief_nodes() -> list[Node]:
    """Return nodes that show that nodes are short; after them all is ready at once that reads ``start``."""
    names = ["w0", "w1", "w2", "start"]
    return [node(s.increment, a, b, name=f"make_{b}") for a, b in itertools.pairwise(names)]


HEAVY = Inherited(execution={"nodes": {"heavy": {"resources": {"cpu": 2, "memory": "1GB"}}}})


@pytest.mark.cluster("ray")
def test_ray_knows_what_a_node_needs(ray_cluster: None) -> None:
    pipeline = Pipeline([node(s.assigned_by_ray, "a", "heavy_got", name="heavy"), node(s.assigned_by_ray, "a", "got")])
    with inherit(HEAVY):
        result = RayRunner().run(pipeline, catalog(a=1))
    assert result["heavy_got"].load() == {"CPU": 2.0, "memory": 1e9}
    assert result["got"].load() == {"CPU": 1.0}


@pytest.mark.cluster("dask")
def test_dask_knows_what_a_node_needs_if_its_workers_have_a_name_for_it() -> None:
    pipeline = Pipeline([node(s.left_by_dask, "a", "heavy_left", name="heavy"), node(s.left_by_dask, "a", "left")])
    with inherit(HEAVY):
        result = DaskRunner(n_workers=1, threads_per_worker=2, resources={"MEMORY": 3e9}).run(pipeline, catalog(a=1))
    assert result["heavy_left"].load() == {"MEMORY": 2e9}


@pytest.mark.cluster("ray")
def test_short_nodes_that_are_ready_together_are_sent_together(ray_cluster: None) -> None:
    nodes = brief_nodes() + [node(s.increment, "start", f"o{n}", name=f"n{n}") for n in range(200)]
    runner, data = RayRunner(), catalog(w0=0, **{f"o{n}": None for n in range(200)})
    for name in ("w1", "w2", "start"):
        data[name] = MemoryDataset()
    with runner._connected() as executor:
        runner._run_remotely(Pipeline(nodes), data, None, None, executor=executor, supply=executor.supply)
    assert [data.load(f"o{n}") for n in range(200)] == [4] * 200
    assert executor.traffic.calls < 80


@pytest.mark.cluster("ray")
def test_a_node_that_turns_out_long_holds_back_none_that_was_sent_with_it(ray_cluster: None, tmp_path: Path) -> None:
    nodes = brief_nodes()
    for n in range(20):
        # Those before it, of which it waits for what comes after them; and those behind it.
        nodes.append(node(s.increment, "start", f"a{n}", name=f"before{n}"))
        nodes.append(node(lambda _, at, n=n: s.leave_mark(at, f"child{n}"), [f"a{n}", "at"], f"b{n}", name=f"child{n}"))
        nodes.append(node(lambda _, at, n=n: s.leave_mark(at, f"z{n}"), ["start", "at"], f"z{n}", name=f"z{n}"))
    nodes.append(node(lambda _, at: s.wait_for_marks(at, 40), ["start", "at"], "waited", name="long"))
    assert RayRunner().run(Pipeline(nodes), catalog(w0=0, at=str(tmp_path)))["waited"].load() == 40


@pytest.mark.cluster("ray")
def test_a_node_that_kills_its_worker_fails_alone_and_not_those_that_were_sent_with_it(
    ray_cluster: None, tmp_path: Path
) -> None:
    logs = {f"o{n}": s.FileLog(str(tmp_path / f"o{n}")) for n in range(12)}
    nodes = [*brief_nodes(), node(s.die, "start", "never", name="doomed")]
    nodes += [node(s.increment, "start", f"o{n}", name=f"good{n}") for n in range(12)]
    with inherit(Inherited(on_error="continue")), pytest.raises(WorkerDiedError, match="doomed"):
        RayRunner().run(Pipeline(nodes), DataCatalog({"w0": MemoryDataset(0), **logs}))
    assert {path.read_text().splitlines()[-1] for path in tmp_path.iterdir()} == {"4"}
    assert len(list(tmp_path.iterdir())) == 12


@pytest.mark.cluster("ray")
def test_short_nodes_whose_worker_dies_once_all_run_again(ray_cluster: None, tmp_path: Path) -> None:
    nodes = [*brief_nodes(), node(s.die_the_first_time, "marker", "late", name="late")]
    nodes += [node(lambda x, late: x, ["start", "late"], "joined")]
    nodes += [node(s.increment, "start", f"o{n}", name=f"good{n}") for n in range(12)]
    results = RayRunner().run(Pipeline(nodes), catalog(w0=0, marker=str(tmp_path / "seen")))
    assert [results[f"o{n}"].load() for n in range(12)] == [4] * 12


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1"], ids=["ray", "ray-client"])
def test_a_head_that_is_not_there_is_an_error_and_nothing_hangs(address: str) -> None:
    with pytest.raises(ConnectionError, match=rf"No cluster of Ray answers at {address}"):
        RayRunner(address).run(Pipeline([node(s.increment, "a", "b")]), catalog(a=1))


@pytest.mark.cluster("dask")
def test_a_cluster_that_is_not_there_is_an_error_and_nothing_hangs() -> None:
    runner = DaskRunner("tcp://127.0.0.1:1", timeout="1s")
    with pytest.raises(OSError, match=r"127\.0\.0\.1:1"):
        runner.run(Pipeline([node(s.increment, "a", "b")]), catalog(a=1))
