"""A project in the habits of many, run by real Kedro and by this tree: the same files, hooks and exit codes.

``downstream/projects/orders`` has modular pipelines in namespaces, dataset factories, versioned and streamed data,
datasets of its own, hooks with state, a context, a runner, resolvers, environments and transcoding.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

from ..environment import ROOT, CommandFailedError, Environment
from .compare import NEWEST, differences

PROJECT = ROOT / "downstream" / "projects" / "orders"
RUNS = (
    (),
    ("--runner", "ThreadRunner"),
    ("--runner", "ParallelRunner"),
    ("--runner", "orders.runner.CountingRunner"),
    ("--async",),
    ("--pipeline", "clean"),
    ("--pipelines", "clean,report"),
    ("--tags", "cheap,end"),
    ("--namespaces", "north"),
    ("--params", "least=3,report.currency= USD"),
    ("--env", "prod"),
    ("--conf-source", "conf.zip"),
    ("--to-nodes", "join"),
    ("--only-missing-outputs",),
    ("--params", "least=1000"),
    ("--pipeline", "absent"),
    ("--nodes", "absent"),
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d.]+Z")


def check(folder: Path) -> str:
    """Run the project in each way on both, and compare what is left behind."""
    found = differences(RUNS, outcome, folder)
    assert not found, "\n".join(found)
    # Kedro looks for no other pipeline than the one asked for, and the registry then has none to build it from.
    built = outcome(Environment(ROOT / ".venv"), folder / "built", ("--pipeline", "clean_only"))
    assert built["ended"] == "well" and "03_primary/shop_all.jsonl" in built["files"], built
    return f"a project run in {len(RUNS)} ways leaves what Kedro {NEWEST} leaves"


def outcome(where: Environment, folder: Path, options: tuple[str, ...]) -> dict[str, Any]:
    """Return how one run in a fresh copy of the project ended, what it wrote and what its hooks saw."""
    shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns("__pycache__"))
    if "conf.zip" in options:
        shutil.make_archive(str(folder / "conf"), "zip", folder, "conf")
        shutil.rmtree(folder / "conf")
    try:
        where.run("python", "-m", "kedro", "run", *options, cwd=folder, PYTHONDONTWRITEBYTECODE="1")
        ended = "well"
    except CommandFailedError:
        ended = "badly"
    data = folder / "data"
    lines = [line for file in sorted(data.glob("ledger-*")) for line in file.read_text().splitlines()]
    # Each event once: processes that workers are made of see the same context again, or do not.
    events = sorted({TIME.sub("VERSION", line.replace(str(folder), "")) for line in lines})
    seen = [json.loads(line) for line in events]
    for event in seen:
        # Kedro passes names of several pipelines through a set.
        event.get("params", {}).get("pipeline_names", []).sort()
    files = {
        TIME.sub("VERSION", str(path.relative_to(data))): path.read_text()
        for path in sorted(data.rglob("*"))
        if path.is_file() and not path.name.startswith("ledger-")
    }
    return {"ended": ended, "files": files, "events": seen}
