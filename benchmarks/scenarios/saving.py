"""A staged save: ``saving.py PACKAGE FOLDER MEGABYTES``. Beside one in place, and beside the same two by hand.

The four take turns, in an order that is drawn; medians. The old file is on the disk when it is replaced, as one of an
earlier run would be.
"""

import importlib
import json
import logging
import os
import pickle
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

package, folder, megabytes = sys.argv[1], sys.argv[2], int(sys.argv[3])
pickles = importlib.import_module(f"{package}.datasets.pickle")
logging.disable(logging.CRITICAL)


def write(path, data) -> None:
    with open(path, "wb") as file:
        pickle.dump(data, file)


def write_and_replace(path, data) -> None:
    write(f"{path}.new", data)
    os.replace(f"{path}.new", path)


def seconds(save, data, path: Path, is_new: bool) -> float:
    if is_new:
        path.unlink(missing_ok=True)
    else:
        path.touch()
        with path.open("rb") as file:
            os.fsync(file)
    started = time.perf_counter()
    save(path, data)
    return time.perf_counter() - started


def medians(place: str, data: bytes, is_new: bool) -> dict[str, float]:
    def by_dataset(atomic: bool):
        made = {}

        def save(path: Path, data) -> None:
            if path not in made:
                made[path] = pickles.PickleDataset(filepath=str(path), metadata={"deodar": {"atomic": atomic}})
            made[path].save(data)

        return save

    ways = {
        "staged": by_dataset(True),
        "in place": by_dataset(False),
        "replaced by hand": write_and_replace,
        "in place by hand": write,
    }
    found = {name: [] for name in ways}
    for turn in range(41):
        for name, save in random.sample(list(ways.items()), 4):
            taken = seconds(save, data, Path(place, f"{name}.pkl"), is_new)
            if turn:
                found[name].append(taken)
    return {name: statistics.median(times) for name, times in found.items()}


if __name__ == "__main__":
    content = os.urandom(megabytes << 20)
    with tempfile.TemporaryDirectory(dir=folder) as where:
        print(json.dumps({"new": medians(where, content, True), "old": medians(where, content, False)}))
