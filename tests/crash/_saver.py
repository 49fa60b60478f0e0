"""A program that saves over old data again and again, is killed at every instant, and says what it found each time.

Usage: _saver.py KIND FOLDER. Prints one JSON object: what was found after each instant.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROWS = 4000


def table(word: str) -> dict[str, list[Any]]:
    return {"name": [f"{word}-{number}" for number in range(ROWS)], "number": list(range(ROWS))}


def frame(word: str) -> Any:
    import pandas

    return pandas.DataFrame(table(word))


def sheet(word: str) -> Any:
    made = frame(word).head(200)
    if word == "warm":
        made.to_excel(io.BytesIO())
    return made


def polars_frame(word: str) -> Any:
    import polars

    return polars.DataFrame(table(word))


def array(word: str) -> Any:
    import numpy

    return numpy.full(ROWS, len(word) if word == "old" else 9)


def figure(word: str) -> Any:
    from matplotlib.figure import Figure

    made = Figure(figsize=(2, 2), dpi=50)
    made.add_subplot().set_title(word)
    if word == "warm":
        # What is imported now need not be imported in each child.
        made.savefig(io.BytesIO())
    return made


def chart(word: str) -> Any:
    from plotly.graph_objects import Figure

    return Figure(data=[{"type": "scatter", "y": list(range(ROWS)), "name": word}])


def text(word: str) -> str:
    return f"{word}\n" * ROWS


def figures(word: str) -> dict[str, Any]:
    return {"one.png": figure(word), f"{word}.png": figure(word)}


def parts(word: str) -> dict[str, str]:
    return {name: text(word) for name in ("a", "b", "c")}


Make = Callable[[str], Any]
KINDS: dict[str, tuple[dict[str, Any], str, Make]] = {
    "text": ({"type": "text.TextDataset"}, "x.txt", text),
    "text-synced": ({"type": "text.TextDataset", "metadata": {"deodar": {"fsync": True}}}, "x.txt", text),
    "text-versioned": ({"type": "text.TextDataset", "versioned": True}, "x.txt", text),
    "json": ({"type": "json.JSONDataset"}, "x.json", table),
    "yaml": ({"type": "yaml.YAMLDataset"}, "x.yml", lambda word: {word: list(range(600))}),
    "pickle": ({"type": "pickle.PickleDataset"}, "x.pkl", table),
    "csv": ({"type": "pandas.CSVDataset"}, "x.csv", frame),
    "csv-gz": ({"type": "pandas.CSVDataset", "save_args": {"compression": "gzip"}}, "x.csv.gz", frame),
    "parquet": ({"type": "pandas.ParquetDataset"}, "x.parquet", frame),
    "parquet-versioned": ({"type": "pandas.ParquetDataset", "versioned": True}, "x.parquet", frame),
    "excel": ({"type": "pandas.ExcelDataset"}, "x.xlsx", sheet),
    "feather": ({"type": "pandas.FeatherDataset"}, "x.feather", frame),
    "pandas-json": ({"type": "pandas.JSONDataset"}, "x.json", frame),
    "polars-csv": ({"type": "polars.CSVDataset"}, "x.csv", polars_frame),
    "polars": ({"type": "polars.EagerPolarsDataset", "file_format": "parquet"}, "x.parquet", polars_frame),
    "numpy": ({"type": "numpy.NumpyDataset"}, "x.npy", array),
    "plotly": ({"type": "plotly.JSONDataset"}, "x.json", chart),
    "figure": ({"type": "matplotlib.MatplotlibDataset"}, "x.png", figure),
    "figures": ({"type": "matplotlib.MatplotlibDataset", "overwrite": True}, "figures", figures),
    "figures-added": ({"type": "matplotlib.MatplotlibDataset"}, "figures", figures),
    "partitions": (
        {"type": "partitions.PartitionedDataset", "dataset": "text.TextDataset", "filename_suffix": ".txt"},
        "parts",
        parts,
    ),
}


def equal(loaded: Any, made: Any) -> bool:
    return bool(loaded.equals(made) if hasattr(loaded, "equals") else loaded == made)


def main() -> None:
    # The program is started by its path: its folder is where this is found.
    from killed_saves import Stage, kill_everywhere

    kind, folder = sys.argv[1], Path(sys.argv[2])
    entry, name, make = KINDS[kind]
    make("warm")
    place = {"path" if kind == "partitions" else "filepath": str(folder / name)}
    stage = Stage(folder, {**entry, **place}, make, equal, parts=kind == "partitions")
    print(json.dumps(kill_everywhere(stage)))


if __name__ == "__main__":
    main()
