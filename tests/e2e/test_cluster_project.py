"""A project in Kedro's layout, with data in memory and hooks, on clusters: as on one machine, and as safe."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.cluster]

FILES = {
    "pyproject.toml": """
        [tool.kedro]
        package_name = "remote"
        project_name = "Remote"
        kedro_init_version = "1.1.1"
    """,
    "src/remote/__init__.py": "",
    "src/remote/settings.py": """
        from remote.hooks import Witness
        HOOKS = (Witness(),)
    """,
    "src/remote/hooks.py": """
        import os
        from kedro.framework.hooks import hook_impl

        def note(*words):
            with open(os.environ["EVENTS"], "a") as file:
                file.write(" ".join(map(str, words)) + "\\n")

        class Witness:
            @hook_impl
            def before_pipeline_run(self, pipeline):
                note("run of", len(pipeline.nodes))
            @hook_impl
            def before_node_run(self, node, inputs):
                note("before", node.name, sorted(inputs.items()))
            @hook_impl
            def after_node_run(self, node, outputs):
                note("after", node.name, sorted(outputs.items()))
            @hook_impl
            def before_dataset_loaded(self, dataset_name):
                note("load", dataset_name)
            @hook_impl
            def after_dataset_saved(self, dataset_name, data):
                note("saved", dataset_name, data)
            @hook_impl
            def after_pipeline_run(self, run_result):
                note("result", sorted(run_result))
    """,
    "src/remote/pipeline_registry.py": """
        import os, threading
        from pathlib import Path
        from kedro.pipeline import Pipeline, node

        def double(x):
            return x * 2
        def join(*parts):
            return list(parts)
        def wait_if_told(x):
            fifo = os.environ.get("FIFO")
            if fifo:
                Path(fifo).write_text(str(os.getpid()))  # waits until somebody reads
                threading.Event().wait()
            return x

        def register_pipelines():
            return {"__default__": Pipeline([
                node(double, "given", "kept", name="keep"),
                node(double, "kept", "in_memory", name="pass_on"),
                node(double, "params:number", "also", name="number"),
                node(wait_if_told, "in_memory", "waited", name="wait"),
                node(join, ["waited", "also", "kept"], "joined", name="join"),
                node(double, "also", "left", name="left"),
            ])}
    """,
    "conf/base/catalog.yml": """
        given: {type: json.JSONDataset, filepath: data/given.json}
        kept: {type: json.JSONDataset, filepath: data/kept.json}
        joined: {type: json.JSONDataset, filepath: data/joined.json}
        left: {type: json.JSONDataset, filepath: data/left.json, versioned: true}
    """,
    "conf/base/parameters.yml": "number: 21",
    "conf/local/parameters.yml": "",
    "data/given.json": "5",
}
ENGINES = {"dask": ("DaskRunner", "n_workers=2"), "ray": ("RayRunner", "num_cpus=2")}


def make(folder: Path) -> Path:
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(line.removeprefix("        ") for line in text.splitlines()))
    return folder


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "deodar", "run", *arguments]


def on(engine: str) -> tuple[str, ...]:
    runner, options = ENGINES[engine]
    return "--runner", runner, "--runner-params", options


def run(project: Path, *arguments: str) -> list[str]:
    """Run the project and return what its hooks saw, in an order that does not depend on who was faster."""
    events = project / "events"
    events.unlink(missing_ok=True)
    environment = {**os.environ, "EVENTS": str(events)}
    done = subprocess.run(
        command(*arguments), cwd=project, env=environment, capture_output=True, text=True, timeout=150
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return sorted(events.read_text().splitlines())


def outputs(project: Path) -> dict[str, Any]:
    return {path.name: json.loads(path.read_bytes()) for path in (project / "data").rglob("*.json") if path.is_file()}


@pytest.mark.parametrize("engine", ENGINES)
def test_outputs_and_what_hooks_see_are_those_of_one_process(engine: str, tmp_path: Path) -> None:
    one, many = make(tmp_path / "one"), make(tmp_path / "many")
    assert run(many, *on(engine)) == run(one)
    assert outputs(many) == outputs(one)
    assert outputs(many)["joined.json"] == [20, 42, 10]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_whose_main_process_is_killed_ends_its_nodes_and_is_taken_up_again(engine: str, tmp_path: Path) -> None:
    project, fifo = make(tmp_path / "project"), tmp_path / "fifo"
    os.mkfifo(fifo)
    environment = {**os.environ, "EVENTS": str(project / "events"), "FIFO": str(fifo)}
    with subprocess.Popen(command(*on(engine)), cwd=project, env=environment, stdout=subprocess.DEVNULL) as killed:
        worker = psutil.Process(int(fifo.read_text()))
        os.kill(killed.pid, signal.SIGKILL)
    assert psutil.wait_procs([worker], timeout=60)[1] == []
    seen = run(project, *on(engine), "--resume")
    # What it made in memory is lost, and so made again; what was kept is not.
    assert [event for event in seen if event.startswith("before keep")] == []
    assert [event for event in seen if event.startswith("after join")] == ["after join [('joined', [20, 42, 10])]"]
    assert outputs(project)["joined.json"] == [20, 42, 10]
