"""A program that saves over old data again and again, is killed at every instant, and says what it found each time.

Usage: _saver.py KIND FOLDER. Each save happens in a child. ``bytes:N`` lets the system kill it when a file would grow
beyond N bytes; ``step:N`` kills it before its N-th call that makes, opens, moves or removes something.
Prints one JSON object: what was found after each instant.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import resource
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deodar.io import DataCatalog

ROWS = 4000
STEPS = ("open", "os.mkdir", "os.rename", "os.rmdir", "os.remove", "os.link", "os.chmod", "os.listdir", "os.scandir")


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


def catalog_of(kind: str, folder: Path, version: str) -> DataCatalog:
    entry, name, _ = KINDS[kind]
    key = "path" if kind == "partitions" else "filepath"
    return DataCatalog.from_config({"x": {**entry, key: str(folder / name)}}, save_version=version)


def in_child(work: Callable[[], None]) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def tree(folder: Path) -> dict[str, str]:
    """Digest every file, but for staged ones."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".deodar-staging-" not in str(path)
    }


def arm(instant: str, folder: str) -> None:
    how, _, number = instant.partition(":")
    if how == "bytes":
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(number), resource.RLIM_INFINITY))
    else:
        left = int(number)

        def hear(event: str, arguments: Any) -> None:
            nonlocal left
            if event in STEPS and str(arguments[0]).startswith(folder):
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hear)


class Stage:
    """One folder, in which a save is killed."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.folder = folder
        self.make = KINDS[kind][2]
        self.prepare()
        assert self.save() == 0
        self.new = tree(folder)

    def prepare(self) -> None:
        for path in self.folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        code = in_child(lambda: catalog_of(self.kind, self.folder, "v1").save("x", self.make("old")))
        assert code == 0
        self.old = tree(self.folder)

    def save(self, instant: str | None = None) -> int:
        def work() -> None:
            catalog, data = catalog_of(self.kind, self.folder, "v2"), self.make("new")
            catalog.exists("x")
            if instant is not None:
                arm(instant, str(self.folder))
            catalog.save("x", data)

        return in_child(work)

    def find(self) -> str:
        """Say which data is there: the old, the new, or something else."""
        found = tree(self.folder)
        if found in (self.old, self.new):
            return "old" if found == self.old else "new"
        if found.keys() <= self.old.keys() | self.new.keys() and self.kind == "partitions":
            mixed = all(found[name] in (self.old.get(name), self.new.get(name)) for name in found)
            return "whole files" if mixed else f"other: {found}"
        # Formats that note the time of writing.
        return "new" if in_child(lambda: self.check("new")) == 0 else f"other: {sorted(found)}"

    def check(self, word: str) -> None:
        data, wanted = catalog_of(self.kind, self.folder, "v9").load("x"), self.make(word)
        assert data.equals(wanted) if hasattr(data, "equals") else data == wanted


def main() -> None:
    kind, folder = sys.argv[1], Path(sys.argv[2])
    KINDS[kind][2]("warm")
    stage = Stage(kind, folder)
    size = max((folder / name).stat().st_size for name in stage.new)
    stage.prepare()
    instants = [f"bytes:{size * part // 8}" for part in range(8)]
    found: dict[str, str] = {}
    for instant in instants:
        found[instant] = f"{stage.save(instant)} {stage.find()}"
        if not found[instant].endswith(" old"):
            stage.prepare()
    for number in range(1, 200):
        code = stage.save(f"step:{number}")
        found[f"step:{number}"] = f"{code} {stage.find()}"
        if code == 0:
            break
        if number % 3 == 1 or stage.find() != "old":
            again = stage.save()
            left = [str(path) for path in folder.rglob(".deodar-staging-*")]
            found[f"again:{number}"] = f"{again} {stage.find()} {left}"
            stage.prepare()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
