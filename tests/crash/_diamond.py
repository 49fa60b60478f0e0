"""A program with a diamond of thirty nodes and nothing but memory between them, to be killed and started again.

Usage: _diamond.py RUNNER FOLDER MODE SPILL [key=value ...], where MODE is ``fresh`` or ``resume`` and the rest is for
``Pipeline.filter``. Each node marks each of its runs in a file.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

WIDTH = 28
SECONDS = float(os.environ.get("DIAMOND_SECONDS", "0.01"))


def ran(name: str) -> None:
    with Path(os.environ["DIAMOND_MARKS"], name).open("a") as file:
        file.write("x")


def source(raw: list[int]) -> list[int]:
    time.sleep(SECONDS)
    ran("source")
    return [value * 2 for value in raw]


def branch(number: int) -> Callable[[list[int]], list[int]]:
    def add(values: list[int]) -> list[int]:
        time.sleep(SECONDS)
        ran(f"branch{number}")
        return [value + number for value in values]

    return add


def total(*branches: list[int]) -> list[int]:
    time.sleep(SECONDS)
    ran("total")
    return [sum(values) for values in zip(*branches, strict=True)]


def main() -> None:
    from deodar.io import DataCatalog
    from deodar.pipeline import Pipeline, node
    from deodar.runner import ParallelRunner, SequentialRunner, ThreadRunner, remembering

    name, folder, mode, spill, *chosen = sys.argv[1:]
    middle = [f"m{number}" for number in range(WIDTH)]
    nodes = [node(source, "raw", "s", name="source", tags="even"), node(total, middle, "sum", name="total")]
    nodes += [
        node(branch(number), "s", out, name=f"branch{number}", tags="even" if number % 2 == 0 else "odd")
        for number, out in enumerate(middle)
    ]
    sliced = {key: value.split(",") for key, _, value in (item.partition("=") for item in chosen)}
    pipeline = Pipeline(nodes).filter(**sliced) if sliced else Pipeline(nodes)  # type: ignore[arg-type]
    runners: dict[str, Callable[[], Any]] = {
        "sequential": SequentialRunner,
        "thread": lambda: ThreadRunner(max_workers=2),
        "process": lambda: ParallelRunner(max_workers=2),
    }
    files = {out: {"type": "json.JSONDataset", "filepath": str(Path(folder) / f"{out}.json")} for out in ("raw", "sum")}
    options: dict[str, Any] = {"resume": True} if mode == "resume" else {}
    print("ready", flush=True)
    with remembering(Path(folder) / "home", spill=spill, wants_results=False, **options):  # type: ignore[arg-type]
        runners[name]().run(pipeline, DataCatalog.from_config(files))


if __name__ == "__main__":
    logging.disable(logging.INFO)
    main()
