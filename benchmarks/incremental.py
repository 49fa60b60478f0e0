"""A run that finds nothing to do: whole processes, the same graph of files for this tree, doit, Snakemake and DVC.

Chains of ten tasks, each of which reads a file and writes one. CPU time, user and system, of the process and all it
started; the peers have environments of their own.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from .startup import cpu_seconds, make_project
from .subjects import BIN, VENVS, Subject, installed, make_environment

CHAIN = 10

_NODES = '''"""Tasks that each read a file and write one."""

from {package}.pipeline import Pipeline, node


def copy(data):
    return data


def register_pipelines():
    nodes = [
        node(copy, "raw" if n % {chain} == 0 else f"made_{{n - 1}}", f"made_{{n}}", name=f"n{{n}}")
        for n in range({tasks})
    ]
    return {{"__default__": Pipeline(nodes)}}
'''
_CATALOG = """
raw: {type: json.JSONDataset, filepath: data/raw.json}
"made_{n}": {type: json.JSONDataset, filepath: "data/made_{n}.json"}
"""
_DODO = """
import shutil

def task_n():
    for n in range({tasks}):
        source = "data/raw.json" if n % {chain} == 0 else f"data/made_{{n - 1}}.json"
        target = f"data/made_{{n}}.json"
        yield {{
            "name": str(n),
            "file_dep": [source],
            "targets": [target],
            "actions": [(shutil.copyfile, [source, target])],
        }}
"""
_SNAKEFILE = """
rule all:
    input: [f"data/made_{{n}}.json" for n in range({chain} - 1, {tasks}, {chain})]

for n in range({tasks}):
    rule:
        name: f"n{{n}}"
        input: "data/raw.json" if n % {chain} == 0 else f"data/made_{{n - 1}}.json"
        output: f"data/made_{{n}}.json"
        shell: "cp {{input}} {{output}}"
"""


def deodar(subject: Subject, folder: Path, tasks: int) -> float:
    """Return the cost of a run of ours."""
    make_project(subject, folder)
    (folder / "src" / "one_node" / "pipeline_registry.py").write_text(
        _NODES.format(package=subject.package, chain=CHAIN, tasks=tasks)
    )
    (folder / "conf" / "base" / "catalog.yml").write_text(_CATALOG)
    _write_raw(folder)
    script = str(Path(subject.python).parent / subject.package)
    _quietly([script, "run"], folder)
    return cpu_seconds([script, "run", "--incremental"], folder)


def doit(folder: Path, tasks: int) -> float:
    """Return the cost of a run of doit."""
    make_environment("doit", "doit")
    (folder / "dodo.py").write_text(_DODO.format(chain=CHAIN, tasks=tasks))
    _write_raw(folder)
    return cpu_seconds([str(VENVS / "doit" / BIN / "doit")], folder)


def snakemake(folder: Path, tasks: int) -> float:
    """Return the cost of a run of Snakemake."""
    make_environment("snakemake", "snakemake")
    (folder / "Snakefile").write_text(_SNAKEFILE.format(chain=CHAIN, tasks=tasks))
    _write_raw(folder)
    command = [str(VENVS / "snakemake" / BIN / "snakemake"), "--cores", "1", "--quiet", "all"]
    # A real run, not `--touch`: that leaves no record of code and parameters, which the others compare as well.
    _quietly(command, folder)
    return cpu_seconds(command, folder, repeats=3)


def dvc(folder: Path, tasks: int) -> float:
    """Return the cost of a run of DVC."""
    make_environment("dvc", "dvc")
    stages = ["stages:"]
    for n in range(tasks):
        source = "data/raw.json" if n % CHAIN == 0 else f"data/made_{n - 1}.json"
        target = f"data/made_{n}.json"
        stages += [f"  n{n}:", f"    cmd: cp {source} {target}", f"    deps: [{source}]", f"    outs: [{target}]"]
    (folder / "dvc.yaml").write_text("\n".join(stages) + "\n")
    _write_all(folder, tasks)
    command = str(VENVS / "dvc" / BIN / "dvc")
    _quietly([command, "init", "--no-scm"], folder)
    _quietly([command, "config", "core.analytics", "false"], folder)
    _quietly([command, "commit", "--force"], folder)
    return cpu_seconds([command, "repro"], folder, repeats=3)


def measure(subject: Subject) -> dict[str, dict[str, float]]:
    """Return the cost per task of a run with nothing to do."""
    # The slow ones get fewer tasks: DVC rewrites one growing file for each.
    peers: dict[str, tuple[Callable[[Path, int], float], int]] = {
        "doit": (doit, 1_000),
        "snakemake": (snakemake, 1_000),
        "dvc": (dvc, 200),
    }
    row: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as place:
        for tasks in (1_000, 200):
            folder = Path(place, f"deodar-{tasks}")
            folder.mkdir()
            row["deodar" if tasks == 1_000 else f"deodar, {tasks} tasks"] = deodar(subject, folder, tasks) / tasks
        for name, (cost, tasks) in peers.items():
            folder = Path(place, name)
            folder.mkdir()
            row[f"{name}, {tasks} tasks" if tasks != 1_000 else name] = cost(folder, tasks) / tasks
    return {"nothing to do, per task": row}


def _write_raw(folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "raw.json").write_text("[1, 2, 3]")


def _write_all(folder: Path, tasks: int) -> None:
    _write_raw(folder)
    for n in range(tasks):
        (folder / "data" / f"made_{n}.json").write_text("[1, 2, 3]")


def _quietly(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout[-1000:]}{done.stderr[-3000:]}")


if __name__ == "__main__":
    print(measure(installed()), os.cpu_count())
