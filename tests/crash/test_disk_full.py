"""A disk that is full in the middle of a save: the old data stays, and the error names it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import resource, signal, sys
from deodar.io import DataCatalog, DatasetError

kind, path, limit = sys.argv[1:]
catalog = DataCatalog.from_config({"cars": {"type": kind, "filepath": path}})
data = ["old", "x" * 200_000]
catalog.save("cars", "old" if "text" in kind else data[0])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
try:
    catalog.save("cars", data[1])
except DatasetError as error:
    print(error)
print("left:", catalog.load("cars"))
"""


@pytest.mark.parametrize("limit", [5, 70_000])
@pytest.mark.parametrize("kind", ["text.TextDataset", "json.JSONDataset", "pickle.PickleDataset", "yaml.YAMLDataset"])
def test_a_file_that_may_not_grow_leaves_the_old_one(kind: str, limit: int, tmp_path: Path) -> None:
    path = tmp_path / "cars.dat"
    program = [sys.executable, "-c", PROGRAM, kind, str(path), str(limit)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("cars: ")
    assert f"There was no room for '{path}'. What was there before is still there." in done.stdout
    assert done.stdout.endswith("left: old\n")
    assert [found.name for found in tmp_path.iterdir()] == ["cars.dat"]


FULL = """
import errno, os, sys
from deodar.io import DataCatalog, DatasetError

path = sys.argv[1]
catalog = DataCatalog.from_config({"cars": {"type": "text.TextDataset", "filepath": path}})
catalog.save("cars", "old")
mkdir = os.mkdir
def full(folder, *args, **kwargs):
    if ".deodar-staging-" in str(folder):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), folder)
    return mkdir(folder, *args, **kwargs)
os.mkdir = full
try:
    catalog.save("cars", "new")
except DatasetError as error:
    print(error)
print("left:", catalog.load("cars"))
"""


def test_a_disk_without_room_for_a_folder_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "cars.txt"
    done = subprocess.run([sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, timeout=60)
    assert f"No space left on device: '{path}'" in done.stdout
    assert done.stdout.endswith("left: old\n")
