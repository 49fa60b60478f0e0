"""The demo project on clusters and in pieces: no file edited, and the same outputs to the last bit."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

MADE = ("data/03_primary", "data/06_models", "data/07_model_output", "data/08_reporting")
NODES = {
    "preparation.describe_planes": (),
    "preparation.fill_weather_gaps": (),
    "preparation.keep_completed": (),
    "preparation.add_planned_minutes": ("preparation.keep_completed",),
    "preparation.join_tables": (
        "preparation.describe_planes",
        "preparation.fill_weather_gaps",
        "preparation.add_planned_minutes",
    ),
    "delay_model.build_features": ("preparation.join_tables",),
    "preparation.report_carriers": ("preparation.join_tables",),
    "delay_model.split_by_date": ("delay_model.build_features",),
    "delay_model.fit_delays": ("delay_model.split_by_date",),
    "delay_model.predict_delays": ("delay_model.fit_delays",),
    "delay_model.evaluate": ("delay_model.predict_delays",),
    "delay_model.plot_errors": ("delay_model.predict_delays",),
}
"""The nodes of the demo, and after which each may run."""


def deodar(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deodar", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


def run(project: Path, *arguments: str) -> None:
    done = deodar(project, "run", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr


def made(project: Path) -> list[Path]:
    return [path for folder in MADE for path in (project / folder).rglob("[!.]*") if path.is_file()]


def outputs(project: Path) -> dict[str, str]:
    files = made(project)
    return {str(p.relative_to(project)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def valid_order(after: Mapping[str, tuple[str, ...]], seed: int) -> list[str]:
    chance, order = random.Random(seed), list[str]()
    while len(order) < len(after):
        ready = [name for name, parents in after.items() if name not in order and set(parents) <= set(order)]
        order.append(chance.choice(ready))
    return order


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    folder = tmp_path_factory.mktemp("demo")
    assert deodar(folder, "new", "--starter", "flights", "--name", "Flights Demo").returncode == 0
    project = folder / "flights-demo"
    run(project)
    return project, outputs(project)


@pytest.fixture
def fresh(demo: tuple[Path, dict[str, str]], tmp_path: Path) -> Path:
    project = tmp_path / "project"
    shutil.copytree(demo[0], project)
    for path in made(project):
        path.unlink()
    return project


@pytest.mark.slow
@pytest.mark.cluster
@pytest.mark.parametrize("arguments", [("DaskRunner", "n_workers=2"), ("RayRunner", "num_cpus=2")], ids=["dask", "ray"])
def test_a_cluster_gives_what_one_process_gives(
    demo: tuple[Path, dict[str, str]], fresh: Path, arguments: tuple[str, str]
) -> None:
    runner, options = arguments
    run(fresh, "--runner", runner, "--runner-params", options)
    assert outputs(fresh) == demo[1]


@pytest.mark.slow
def test_nodes_as_processes_give_what_one_process_gives_in_any_order_also_when_one_is_killed(
    demo: tuple[Path, dict[str, str]], fresh: Path, tmp_path: Path
) -> None:
    arguments = ("--store", str(tmp_path / "store"), "--run-id", "nightly 7")
    early = deodar(fresh, "run", "--nodes", "delay_model.fit_delays", *arguments)
    assert "deodar run --nodes=delay_model.build_features,delay_model.split_by_date --store=" in early.stderr
    killed = "delay_model.split_by_date"
    for name in valid_order(NODES, seed=7):
        if name == killed:
            command = [sys.executable, "-m", "deodar", "run", "--nodes", name, *arguments]
            with subprocess.Popen(command, cwd=fresh, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as piece:
                assert piece.stdout is not None
                for line in piece.stdout:
                    if b"Running node" in line or b"Loading data" in line:
                        os.kill(piece.pid, signal.SIGKILL)
                        break
            assert piece.returncode == -signal.SIGKILL
        run(fresh, "--nodes", name, *arguments)
    assert outputs(fresh) == demo[1]
