"""A staged save over one in place: ``saving.py PACKAGE FOLDER MEGABYTES``. The median of pairs, in turns."""

import importlib
import json
import logging
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

package, folder, megabytes = sys.argv[1], sys.argv[2], int(sys.argv[3])
pickles = importlib.import_module(f"{package}.datasets.pickle")
logging.disable(logging.CRITICAL)


def seconds(dataset, data, path: Path, is_new: bool) -> float:
    if is_new:
        path.unlink(missing_ok=True)
    started = time.perf_counter()
    dataset.save(data)
    return time.perf_counter() - started


def ratio(place: str, data: bytes, is_new: bool) -> float:
    pairs = []
    path = Path(place, "data.pkl")
    made = {
        atomic: pickles.PickleDataset(filepath=str(path), metadata={"deodar": {"atomic": atomic}})
        for atomic in (True, False)
    }
    for _ in range(25):
        pairs.append([seconds(made[atomic], data, path, is_new) for atomic in (True, False)])
    return statistics.median(staged for staged, _ in pairs) / statistics.median(plain for _, plain in pairs)


if __name__ == "__main__":
    content = os.urandom(megabytes << 20)
    with tempfile.TemporaryDirectory(dir=folder) as where:
        print(json.dumps({"new": ratio(where, content, True), "old": ratio(where, content, False)}))
