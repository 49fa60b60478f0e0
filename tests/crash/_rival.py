"""A run that saves two outputs, one from the other, and may be held up in between.

Usage: _rival.py FOLDER WORD VERSION WAIT FIFO. VERSION is that of its outputs, or ``-`` without versions. WAIT says how
long other runs are waited for. FIFO names one that somebody has to write to before the run goes on; ``-`` for none.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from deodar.io import DataCatalog, MemoryDataset
from deodar.pipeline import Pipeline, node
from deodar.runner import SequentialRunner, remembering


def make(word: str) -> str:
    return f"data of {word}"


def wait(data: str, fifo: str) -> str:
    print("saved", flush=True)
    if fifo != "-":
        Path(fifo).read_text()
    return data


def use(data: str, waited: str) -> str:
    return f"made from {data}"


def main() -> None:
    folder, word, version, patience, fifo = sys.argv[1:]
    entries = {
        name: {"type": "text.TextDataset", "filepath": f"{folder}/{name}.txt", "versioned": version != "-"}
        for name in ("middle", "end")
    }
    catalog = DataCatalog.from_config(entries, save_version=None if version == "-" else version)
    catalog["word"], catalog["fifo"] = MemoryDataset(word), MemoryDataset(fifo)
    nodes = [
        node(make, "word", "middle", name="make"),
        node(wait, ["middle", "fifo"], "waited", name="wait"),
        node(use, ["middle", "waited"], "end", name="use"),
    ]
    with remembering(f"{folder}/home", wants_results=False, wait=float(patience)):
        SequentialRunner().run(Pipeline(nodes), catalog)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    main()
