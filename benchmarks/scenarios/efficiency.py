"""Share of the time of two workers that nodes get: ``efficiency.py PACKAGE TASKS MILLISECONDS``; start-up included."""

import importlib
import json
import logging
import sys
import time

package, tasks, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) / 1000
io, pipelines, runners = (importlib.import_module(f"{package}.{name}") for name in ("io", "pipeline", "runner"))
logging.disable(logging.CRITICAL)


def wait(length):
    time.sleep(length)
    return length


if __name__ == "__main__":
    parts = [pipelines.node(wait, "length", f"done{n}", name=f"n{n}") for n in range(tasks)]
    catalog_class = io.SharedMemoryDataCatalog if package == "kedro" else io.DataCatalog
    started = time.perf_counter()
    runners.ParallelRunner(max_workers=2).run(
        pipelines.Pipeline(parts), catalog_class({"length": io.MemoryDataset(seconds)})
    )
    print(json.dumps(tasks * seconds / 2 / (time.perf_counter() - started)))
