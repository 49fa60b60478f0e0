"""Cost of a journal: ``journal.py PACKAGE``. CPU seconds per event, and a run with it as a multiple of one without.

A run is taken by the clock, too: what waits for the disk costs no CPU time.
"""

import contextlib
import importlib
import json
import logging
import statistics
import sys
import tempfile
import time
from pathlib import Path

package = sys.argv[1]
io, pipelines, runners = (importlib.import_module(f"{package}.{name}") for name in ("io", "pipeline", "runner"))
recorder, store, events, model = (
    importlib.import_module(f"{package}.engine.{name}")
    for name in ("journal.recorder", "journal.store", "events", "model")
)
logging.disable(logging.CRITICAL)
TASKS = 5_000
PAIRS = 11


def per_event() -> float:
    """Return the seconds of all threads for each event of a run of short tasks, closing included."""
    with tempfile.TemporaryDirectory() as place, store.Journal(Path(place, "journal.db")) as journal:
        names = [f"n{n}" for n in range(TASKS)]
        started = time.process_time()
        with recorder.Recorder(journal, recorder.RunHeader("run"), names) as observer:
            observer.observe(events.RunStarted(TASKS, tuple(names)))
            for task in range(TASKS):
                observer.observe(events.TaskStarted(model.TaskId(task), 1, "main"))
                observer.observe(events.TaskEnded(model.TaskId(task), 1, model.TaskReport(time.time(), 0.0), "main"))
            observer.observe(events.RunEnded("completed"))
        return (time.process_time() - started) / (2 * TASKS)


def ten_ms(x):
    # Busy, not asleep, and by the time of its own thread: what the journal does beside it counts.
    until = time.thread_time() + 0.01
    while time.thread_time() < until:
        pass
    return x


def one_run(memory) -> tuple[float, float]:
    """Return the CPU seconds of a run of 100 nodes of 10 ms, and its seconds."""
    parts = [pipelines.node(ten_ms, f"d{n}", f"d{n + 1}", name=f"n{n}") for n in range(100)]
    catalog = io.DataCatalog({"d0": io.MemoryDataset(1)})
    pipeline = pipelines.Pipeline(parts)
    started = time.process_time(), time.perf_counter()
    with memory:
        runners.SequentialRunner().run(pipeline, catalog)
    return time.process_time() - started[0], time.perf_counter() - started[1]


def ratios() -> dict[str, float]:
    """Return what a run with a journal costs, as a multiple of one without; in turns."""
    with tempfile.TemporaryDirectory() as place:
        one_run(runners.remembering(place))
        pairs = [(one_run(runners.remembering(place)), one_run(contextlib.nullcontext())) for _ in range(PAIRS)]
    return {
        what: statistics.median(on[n] for on, _ in pairs) / statistics.median(off[n] for _, off in pairs)
        for n, what in enumerate(("cpu", "clock"))
    }


if __name__ == "__main__":
    print(json.dumps({"event": statistics.median(per_event() for _ in range(5)), **ratios()}))
