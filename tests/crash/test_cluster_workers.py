"""Workers of a cluster die in the middle of a node, by a real SIGKILL, and the run completes."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deodar.io import DataCatalog, MemoryDataset
from deodar.pipeline import Pipeline, node
from deodar.runner import AbstractRunner, DaskRunner, RayRunner

from . import cluster_nodes as nodes

pytestmark = [pytest.mark.slow, pytest.mark.cluster]


@pytest.fixture(params=["dask", "ray"])
def runner(request: pytest.FixtureRequest) -> Iterator[AbstractRunner]:
    if request.param == "dask":
        # Imported here: without Dask and Ray this module is collected too, and nothing of it runs.
        import dask
        import distributed

        with (
            # Or the cluster does without a worker that takes longer to start again.
            dask.config.set({"distributed.deploy.lost-worker-timeout": "1 day"}),
            distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster,
        ):
            yield DaskRunner(cluster.scheduler_address)
    else:
        from deodar.engine.executors.cluster.ray import connect

        with connect(None, {"num_cpus": 2, "logging_level": logging.ERROR}):
            yield RayRunner()


def run_while(action: Callable[[], None], runner: AbstractRunner, pipeline: Pipeline, data: DataCatalog) -> Any:
    helper = threading.Thread(target=action, daemon=True)
    helper.start()
    try:
        return runner.run(pipeline, data)
    finally:
        helper.join(10)


def test_a_node_whose_worker_is_killed_runs_again_and_the_run_completes(runner: AbstractRunner, tmp_path: Path) -> None:
    fifo = tmp_path / "who"
    os.mkfifo(fifo)
    pipeline = Pipeline(
        [
            node(nodes.block_the_first_time, "fifo", "x", name="victim"),
            node(lambda x: x + 1, "x", "y", name="after"),
            node(lambda path: len(path) > 0, "fifo", "z", name="beside"),
        ]
    )

    def kill() -> None:
        os.kill(int(fifo.read_text()), signal.SIGKILL)

    result = run_while(kill, runner, pipeline, DataCatalog({"fifo": MemoryDataset(str(fifo))}))
    assert (result["y"].load(), result["z"].load()) == (43, True)


def test_values_that_are_lost_with_a_worker_are_made_again(runner: AbstractRunner, tmp_path: Path) -> None:
    pipeline = Pipeline(
        [
            node(nodes.double, ["seed", "folder"], "doubled"),
            node(nodes.total_after_killing_the_maker, ["doubled", "seed", "folder"], "total"),
        ]
    )
    data = DataCatalog({"seed": MemoryDataset(np.ones(400_000)), "folder": MemoryDataset(str(tmp_path))})
    assert runner.run(pipeline, data)["total"].load() == 1_200_000.0
    assert (tmp_path / "killed").exists()


@pytest.mark.cluster("dask")
def test_a_scheduler_that_is_lost_ends_the_run_with_its_address() -> None:
    here = ("--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0")
    with subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_scheduler", *here], stderr=subprocess.PIPE, text=True
    ) as scheduler:
        assert scheduler.stderr is not None
        address = next(line.split()[-1] for line in scheduler.stderr if "Scheduler at:" in line)
        command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-nanny", "--nthreads", "1"]
        with subprocess.Popen([*command, "--dashboard-address", "127.0.0.1:0"], stderr=subprocess.DEVNULL) as worker:
            try:
                data = DataCatalog({"scheduler": MemoryDataset(scheduler.pid)})
                pipeline = Pipeline([node(nodes.kill_and_go_on, "scheduler", "never")])
                with pytest.raises(ConnectionError, match=address):
                    DaskRunner(address, timeout="10s").run(pipeline, data)
            finally:
                worker.kill()
                scheduler.kill()


RUN_WITHOUT_HEAD = """
import os, sys
sys.path.insert(0, {folder!r})
import cluster_nodes
from deodar.engine.executors.cluster import ray as engine
from deodar.io import DataCatalog, MemoryDataset
from deodar.pipeline import Pipeline, node
from deodar.runner import RayRunner

engine.LOOK_EVERY = engine.GONE_AFTER = 0.5  # The test need not wait for a head that may start again.
pipeline = Pipeline([node(cluster_nodes.kill_the_head_of, "driver", "never")])
RayRunner(num_cpus=1).run(pipeline, DataCatalog({{"driver": MemoryDataset(os.getpid())}}))
"""


@pytest.mark.cluster("ray")
def test_a_head_that_is_lost_ends_the_run_with_its_address() -> None:
    # In a process of its own: Ray ends the whole process a minute later, should the run go on.
    script = RUN_WITHOUT_HEAD.format(folder=str(Path(__file__).parent))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=50)
    last = done.stderr.strip().splitlines()[-1]
    assert "ClusterLostError: Ray's head at " in last and "is lost: it does not answer" in last
