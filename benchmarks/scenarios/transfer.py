"""One producer, several readers, two workers: ``transfer.py PACKAGE MEGABYTES READERS``.

Prints the seconds of the run, and of the floor: one copy of the array plus all reads on two workers. Then the peak of
the memory of all processes together, in arrays, of a run of its own, as looking costs time.
"""

import importlib
import json
import logging
import sys
import time

import numpy as np
from _footprint import watched

package, size, readers = sys.argv[1], int(sys.argv[2]) * 1_000_000 // 8, int(sys.argv[3])
io, pipelines, runners = (importlib.import_module(f"{package}.{name}") for name in ("io", "pipeline", "runner"))
logging.disable(logging.CRITICAL)


def make(count):
    return np.arange(count, dtype=np.float64)


def total(array):
    return float(array.sum())


def run() -> float:
    parts = [pipelines.node(make, "count", "array", name="make")]
    parts += [pipelines.node(total, "array", f"total{n}", name=f"read{n}") for n in range(readers)]
    shared = package == "kedro"
    catalog = (io.SharedMemoryDataCatalog if shared else io.DataCatalog)({"count": io.MemoryDataset(size)})
    started = time.perf_counter()
    runners.ParallelRunner(max_workers=2).run(pipelines.Pipeline(parts), catalog)
    return time.perf_counter() - started


def floor() -> float:
    array = make(size)
    started = time.perf_counter()
    copied = array.copy()
    once = time.perf_counter()
    total(copied)
    read = time.perf_counter() - once
    start_made = time.perf_counter()
    make(size)
    made = time.perf_counter() - start_made
    return made + (once - started) + read * readers / 2


if __name__ == "__main__":
    run_once = run()
    warm = run()
    with watched() as footprint:
        run()
    peak = footprint.peak / (size * 8)
    print(json.dumps({"first": run_once, "warm": warm, "floor": floor(), "peak": peak}))
