"""A cluster that is started for a run serves this machine alone, and is gone with the run; somebody else's stays."""

from __future__ import annotations

import ipaddress
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from deodar.io import DataCatalog, MemoryDataset
from deodar.pipeline import Pipeline, node
from deodar.runner import DaskRunner

pytestmark = [pytest.mark.slow, pytest.mark.cluster]

SCRIPT = """
import json, os, sys
sys.path.insert(0, {folder!r})
import cluster_nodes
from deodar.io import DataCatalog, MemoryDataset
from deodar.pipeline import Pipeline, node
from deodar.runner import DaskRunner, RayRunner

if __name__ == "__main__":
    engine, _, address = sys.argv[1].partition("=")
    if address:
        runner = DaskRunner(address)
    else:
        runner = DaskRunner(n_workers=2) if engine == "dask" else RayRunner(num_cpus=2)
    functions = sys.argv[2].split(",")
    data = (sys.argv[3:] or [os.getpid()])[0]
    pipeline = Pipeline([node(getattr(cluster_nodes, name), "given", name, name=name) for name in functions])
    results = runner.run(pipeline, DataCatalog({{"given": MemoryDataset(data)}}))
    print(json.dumps({{name: results[name].load() for name in functions}}))
"""


def command(tmp_path: Path, engine: str, *arguments: str) -> list[str]:
    script = tmp_path / "run.py"
    script.write_text(SCRIPT.format(folder=str(Path(__file__).parent)))
    return [sys.executable, str(script), engine, *arguments]


@pytest.mark.parametrize("engine", ["dask", "ray"])
def test_it_listens_to_this_machine_alone_and_reports_to_nobody(engine: str, tmp_path: Path) -> None:
    functions = ["listeners", "reports_to_its_makers"] if engine == "ray" else ["listeners"]
    done = subprocess.run(command(tmp_path, engine, ",".join(functions)), capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["listeners"]
    assert all(is_loopback(address) for address in found["listeners"]), found
    assert not found.get("reports_to_its_makers")


@pytest.mark.parametrize("engine", ["dask", "ray"])
def test_an_interrupt_ends_the_run_and_every_process_of_the_cluster(engine: str, tmp_path: Path) -> None:
    fifo = tmp_path / "running"
    os.mkfifo(fifo)
    with subprocess.Popen(
        command(tmp_path, engine, "hang", str(fifo)), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as run:
        assert fifo.read_text() == "running"
        processes = psutil.Process(run.pid).children(recursive=True)
        run.send_signal(signal.SIGINT)
        _, said = run.communicate(timeout=100)
    assert "KeyboardInterrupt" in said and run.returncode != 0
    assert psutil.wait_procs(processes, timeout=60)[1] == []


@pytest.mark.cluster("dask")
def test_an_interrupt_ends_the_run_and_leaves_somebodys_cluster_to_others(tmp_path: Path) -> None:
    # Imported here: without Dask and Ray this module is collected too, and nothing of it runs.
    import distributed

    fifo = tmp_path / "who"
    os.mkfifo(fifo)
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster:
        address = cluster.scheduler_address
        with subprocess.Popen(
            command(tmp_path, f"dask={address}", "say_who_and_hang", str(fifo)), stderr=subprocess.PIPE, text=True
        ) as run:
            worker = psutil.Process(int(fifo.read_text()))
            run.send_signal(signal.SIGINT)
            _, said = run.communicate(timeout=100)
        assert "KeyboardInterrupt" in said and run.returncode != 0
        assert psutil.wait_procs([worker], timeout=60)[1] == []
        pipeline = Pipeline([node(len, "given", "length")])
        results = DaskRunner(address).run(pipeline, DataCatalog({"given": MemoryDataset("four")}))
    assert results["length"].load() == 4


def is_loopback(address: str) -> bool:
    known = ipaddress.ip_address(address)
    return (getattr(known, "ipv4_mapped", None) or known).is_loopback
