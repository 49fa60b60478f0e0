"""Large nodes under a memory budget: ``memory_budget.py PACKAGE NODES MEGABYTES BUDGET_IN_MEGABYTES``.

Twice: with the memory of nodes declared, and, after one run that learns it, without. Prints how many nodes were at it
at once, at most, and the peak of the memory of all processes by the budget.
"""

import importlib
import json
import logging
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from _footprint import watched

package, count, size, budget = sys.argv[1], *(int(number) for number in sys.argv[2:5])
io, pipelines, runners = (importlib.import_module(f"{package}.{name}") for name in ("io", "pipeline", "runner"))
inherited = importlib.import_module(f"{package}.runner._inherited")
memory = importlib.import_module(f"{package}.runner._memory")
learned_costs = importlib.import_module(f"{package}.engine.journal.records").learned_costs
logging.disable(logging.CRITICAL)

WORKERS = 6


def hold(megabytes):
    began = time.monotonic()
    held = bytearray(b"x") * (megabytes * 1_000_000)
    time.sleep(1.0)
    return began, time.monotonic(), len(held)


def run(home: Path, execution: dict, *, workers: int = WORKERS) -> dict:
    nodes = [pipelines.node(hold, "size", f"times{n}", name=f"n{n}") for n in range(count)]
    seconds, peaks = learned_costs(home, "")
    with memory.remembering(home=home):
        known = replace(inherited.inherited(), costs=seconds, peaks=peaks, execution=execution)
        with inherited.inherit(known), watched() as footprint:
            results = runners.ParallelRunner(max_workers=workers).run(
                pipelines.Pipeline(nodes), io.DataCatalog({"size": io.MemoryDataset(size)})
            )
    times = [results[f"times{n}"].load() for n in range(count)]
    overlaps = [sum(began <= other < ended for began, ended, _ in times) for other, _, _ in times]
    return {"finished": len(times), "at once": max(overlaps), "peak": footprint.peak / (budget * 1_000_000)}


if __name__ == "__main__":
    limits = {"budget": {"memory": f"{budget}MB"}}
    with tempfile.TemporaryDirectory() as folder:
        declared = run(Path(folder) / "a", {**limits, "default": {"resources": {"memory": f"{size}MB"}}})
        run(Path(folder) / "b", limits, workers=2)
        learned = run(Path(folder) / "b", limits)
    print(json.dumps({"declared": declared, "learned": learned}))
