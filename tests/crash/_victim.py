"""A program that runs a diamond of nodes, to be killed and started again.

Usage: _victim.py RUNNER FOLDER MODE [KILL], where KILL is ``rename:N`` or ``statement:N``: the process group is killed
before the N-th rename of a staged file by any of the run's processes, or at the N-th statement in the journal.
"""

from __future__ import annotations

import logging
import os
import signal
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

WIDTH = 4


def ran(name: str) -> None:
    """Leave a mark for each time that a node's function ran to its end."""
    # Workers come this way, too.
    arm(os.environ.get("VICTIM_KILL", ""))
    with Path(os.environ["VICTIM_MARKS"], name).open("a") as file:
        file.write("x")


def source(raw: list[int]) -> list[int]:
    time.sleep(0.01)
    ran("source")
    return [value * 2 for value in raw]


def branch0(values: list[int]) -> list[int]:
    time.sleep(0.01)
    ran("branch0")
    return [value + 0 for value in values]


def branch1(values: list[int]) -> list[int]:
    time.sleep(0.01)
    ran("branch1")
    return [value + 1 for value in values]


def branch2(values: list[int]) -> list[int]:
    time.sleep(0.01)
    ran("branch2")
    return [value + 2 for value in values]


def branch3(values: list[int]) -> list[int]:
    time.sleep(0.01)
    ran("branch3")
    return [value + 3 for value in values]


def keep(values: list[int]) -> tuple[list[int], list[int], dict[str, str], list[int]]:
    time.sleep(0.01)
    ran("keep")
    return values, values[::-1], {name: str(sum(values)) for name in ("one", "two")}, values


def total(*branches: list[int]) -> list[int]:
    time.sleep(0.01)
    ran("total")
    return [sum(values) for values in zip(*branches, strict=True)]


def kill_group() -> None:
    os.killpg(int(os.environ["VICTIM_GROUP"]), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def arm(what: str) -> None:
    """Kill at a certain step, seen through the standard library so that nothing of the program has to be touched."""
    if not what or hasattr(sys, "armed_victim"):
        return
    sys.armed_victim = True  # type: ignore[attr-defined]
    kind, _, number = what.partition(":")
    # All processes count in one file.
    counter = os.open(os.environ["VICTIM_COUNT"], os.O_APPEND | os.O_WRONLY | os.O_CREAT)

    def count() -> None:
        os.write(counter, b"x")
        if os.fstat(counter).st_size >= int(number):
            kill_group()

    def hear(event: str, args: Any) -> None:
        if event == "os.rename" and ".deodar-staging-" in str(args[0]):
            count()

    if kind == "rename":
        sys.addaudithook(hear)
        return
    if os.getpid() != int(os.environ["VICTIM_GROUP"]):
        return
    connect = sqlite3.connect

    def connect_and_count(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        connection = connect(*args, **kwargs)
        connection.set_trace_callback(lambda statement: count())
        return connection

    sqlite3.connect = connect_and_count


def main() -> None:
    from deodar.io import DataCatalog
    from deodar.pipeline import node, pipeline
    from deodar.runner import ParallelRunner, SequentialRunner, ThreadRunner
    from deodar.runner._memory import remembering

    name, folder, mode = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    branches = [branch0, branch1, branch2, branch3]
    middle = [f"m{number}" for number in range(WIDTH)]
    nodes = [node(source, "raw", "s", name="source")]
    nodes += [node(func, "s", out, name=func.__name__) for func, out in zip(branches, middle, strict=True)]
    nodes += [
        node(keep, "m0", ["kept", "turned", "parts", "leaves"], name="keep"),
        node(total, middle, "sum", name="total"),
    ]
    files: dict[str, dict[str, Any]] = {
        out: {"type": "json.JSONDataset", "filepath": str(folder / f"{out}.json")}
        for out in ("raw", "kept", "turned", "sum")
    }
    files["turned"]["versioned"] = True
    files["leaves"] = {"type": "leaves.LeavesDataset", "filepath": str(folder / "leaves")}
    files["parts"] = {
        "type": "partitions.PartitionedDataset",
        "path": str(folder / "parts"),
        "dataset": "text.TextDataset",
        "filename_suffix": ".txt",
    }
    runners = {
        "sequential": SequentialRunner,
        "thread": lambda: ThreadRunner(max_workers=2),
        "process": lambda: ParallelRunner(max_workers=2),
    }
    os.environ["VICTIM_GROUP"] = str(os.getpid())
    os.environ["VICTIM_COUNT"] = str(folder / f"{mode}.count")
    os.environ["VICTIM_KILL"] = sys.argv[4] if len(sys.argv) > 4 else ""
    arm(os.environ["VICTIM_KILL"])
    options: dict[str, Any] = {"resume": True} if mode == "resume" else {}
    print("ready", flush=True)
    with remembering(folder / "home", spill="always", wants_results=False, **options):
        runners[name]().run(pipeline(nodes), DataCatalog.from_config(files))


if __name__ == "__main__":
    logging.disable(logging.INFO)
    main()
