"""Seconds per no-op node: ``overhead.py PACKAGE RUNNER NODES REPEATS``. A chain in memory, logging off."""

import importlib
import json
import logging
import statistics
import sys
import time
import warnings

package, runner_name, nodes, repeats = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
io, pipelines, runners = (importlib.import_module(f"{package}.{name}") for name in ("io", "pipeline", "runner"))
logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")


def same(x):
    return x


def once() -> float:
    # A fan, as a chain gives threads nothing to do beside each other.
    if runner_name == "SequentialRunner":
        parts = [pipelines.node(same, f"d{n}", f"d{n + 1}", name=f"n{n}") for n in range(nodes)]
        runner = runners.SequentialRunner()
    else:
        parts = [pipelines.node(same, "d0", f"d{n + 1}", name=f"n{n}") for n in range(nodes)]
        runner = getattr(runners, runner_name)(max_workers=2)
    pipeline = pipelines.Pipeline(parts)
    catalog_class = io.DataCatalog
    if runner_name == "ParallelRunner" and package == "kedro":
        catalog_class = io.SharedMemoryDataCatalog
    catalog = catalog_class({"d0": io.MemoryDataset(1)})
    started = time.perf_counter()
    runner.run(pipeline, catalog)
    return (time.perf_counter() - started) / nodes


if __name__ == "__main__":
    print(json.dumps(statistics.median(once() for _ in range(repeats))))
