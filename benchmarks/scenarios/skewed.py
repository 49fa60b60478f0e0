"""Makespan of a skewed graph on two workers by the best possible: ``skewed.py PACKAGE``; start-up included.

One node that takes as long as all others together, which stand in chains: who does not know how long nodes take runs
the chains first. The second run has learned from the journal of the first.
"""

import importlib
import json
import logging
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

package = sys.argv[1]
io, pipelines, runners = (importlib.import_module(f"{package}.{name}") for name in ("io", "pipeline", "runner"))
inherited = importlib.import_module(f"{package}.runner._inherited")
memory = importlib.import_module(f"{package}.runner._memory")
learned_costs = importlib.import_module(f"{package}.engine.journal.records").learned_costs
logging.disable(logging.CRITICAL)

LONG, SHORT, CHAINS, LINKS = 4.0, 0.2, 4, 5
WORKERS = 2
# No schedule is shorter than the longest node, or than all work shared evenly; here one meets both.
BEST = max(LONG, SHORT * LINKS, (LONG + SHORT * CHAINS * LINKS) / WORKERS)


def wait(length):
    time.sleep(length)
    return length


def run(home: Path) -> float:
    nodes = [
        pipelines.node(wait, f"short{chain}_{link}", f"short{chain}_{link + 1}", name=f"n{chain}_{link}")
        for chain in range(CHAINS)
        for link in range(LINKS)
    ]
    nodes.append(pipelines.node(wait, "long", "end", name="long"))
    data = {"long": io.MemoryDataset(LONG), **{f"short{chain}_0": io.MemoryDataset(SHORT) for chain in range(CHAINS)}}
    seconds, peaks = learned_costs(home, "")
    started = time.perf_counter()
    with memory.remembering(home=home):
        known = replace(inherited.inherited(), costs=seconds, peaks=peaks)
        with inherited.inherit(known):
            runners.ParallelRunner(max_workers=WORKERS).run(pipelines.Pipeline(nodes), io.DataCatalog(data))
    return time.perf_counter() - started


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        unlearned, learned = run(Path(folder)), run(Path(folder))
    print(json.dumps({"unlearned": unlearned / BEST, "learned": learned / BEST}))
