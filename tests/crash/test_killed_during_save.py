"""A process that is killed in the middle of a save leaves the old data whole and nothing half-written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, signal, sys
from pathlib import Path, PurePosixPath
from deodar.io import AbstractVersionedDataset, DataCatalog, Version

class Text(AbstractVersionedDataset):
    _protocol = "file"
    def __init__(self, filepath, version=None):
        super().__init__(PurePosixPath(filepath), version)
    def load(self):
        return Path(self._get_load_path()).read_text()
    def save(self, data):
        path = Path(self._get_save_path())
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w") as handle:
            handle.write(data[: len(data) // 2])
            handle.flush()
            if data.startswith("fatal"):
                os.kill(os.getpid(), signal.SIGKILL)
            handle.write(data[len(data) // 2 :])
    def _exists(self):
        return Path(self._get_load_path()).exists()
    def _describe(self):
        return {"filepath": self._filepath}

path, versioned, data = sys.argv[1:]
entry = {"type": Text, "filepath": path, "versioned": versioned == "yes"}
catalog = DataCatalog.from_config({"x": entry}, save_version="v1")
if data == "?":
    print(catalog.load("x") if catalog.exists("x") else "nothing", end="")
else:
    catalog.save("x", data)
"""


def run(path: Path, versioned: str, data: str) -> subprocess.CompletedProcess[str]:
    arguments = [sys.executable, "-c", PROGRAM, str(path), versioned, data]
    return subprocess.run(arguments, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(("versioned", "before", "after"), [("no", "old", "old"), ("yes", None, "nothing")])
def test_a_killed_save_never_happened(tmp_path: Path, versioned: str, before: str | None, after: str) -> None:
    path = tmp_path / "data" / "x.txt"
    if before is not None:
        run(path, versioned, before)
    assert run(path, versioned, "fatal data").returncode == -9
    assert run(path, versioned, "?").stdout == after


@pytest.mark.parametrize("versioned", ["no", "yes"])
def test_after_a_killed_save_the_next_one_works(tmp_path: Path, versioned: str) -> None:
    path = tmp_path / "data" / "x.txt"
    run(path, versioned, "fatal data")
    assert run(path, versioned, "good").returncode == 0
    assert run(path, versioned, "?").stdout == "good"
