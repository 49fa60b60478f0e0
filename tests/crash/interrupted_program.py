"""A program whose node never ends by itself: ``interrupted_program.py RUNNER STARTED_FILE``."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from deodar import runner as runners
from deodar.io import DataCatalog, MemoryDataset
from deodar.pipeline import Pipeline, node


def hang(path: str, number: int) -> int:
    Path(f"{path}.{number}").write_text(str(os.getpid()))
    while True:
        time.sleep(60)


if __name__ == "__main__":
    name, started = sys.argv[1:]
    pipeline = Pipeline([node(hang, ["path", f"n{n}"], f"out{n}", name=f"hang{n}") for n in range(4)])
    data = {"path": MemoryDataset(started), **{f"n{n}": MemoryDataset(n) for n in range(4)}}
    options = {} if name == "SequentialRunner" else {"max_workers": 2}
    getattr(runners, name)(**options).run(pipeline, DataCatalog(data))
