"""A disk that is full in the middle of a save: the old data stays, and the error names it."""

from __future__ import annotations

import json
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


WAYS = """
import json, resource, signal, sys
from pathlib import Path, PurePosixPath
from deodar.io import AbstractVersionedDataset, DataCatalog, DatasetError

class Tree(AbstractVersionedDataset):
    _protocol = "file"
    def __init__(self, filepath, version=None, metadata=None):
        self.metadata = metadata
        super().__init__(PurePosixPath(filepath), version)
    def load(self):
        raise NotImplementedError
    def save(self, data):
        folder = Path(self._get_save_path())
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in data.items():
            (folder / name).write_text(text)
    def _describe(self):
        return {"filepath": self._filepath}

def found(folder):
    return {str(path.relative_to(folder)): path.read_text()[:20] for path in folder.rglob("*")
            if path.is_file() or ".deodar" in path.name}

folder, way = Path(sys.argv[1]), sys.argv[2]
target = str(folder / "x")
files, parts = {"type": Tree, "filepath": target}, {"type": "partitions.PartitionedDataset", "path": target}
entries = {
    "folder, replaced": {**files, "metadata": {"deodar": {"folder": "replace"}}},
    "folder, merged": {**files, "metadata": {"deodar": {"folder": "merge"}}},
    "version, a folder": {**files, "versioned": True},
    "version": {"type": "text.TextDataset", "filepath": target, "versioned": True},
    "on the disk": {"type": "text.TextDataset", "filepath": target, "metadata": {"deodar": {"fsync": True}}},
    "cached": {"type": "CachedDataset", "dataset": {"type": "text.TextDataset", "filepath": target}},
    "partitions": {**parts, "dataset": "text.TextDataset"},
    "partitions, overwritten": {**parts, "dataset": "text.TextDataset", "overwrite": True},
    "appended": {"type": "text.TextDataset", "filepath": target, "fs_args": {"open_args_save": {"mode": "a"}}},
    "in place": {"type": "text.TextDataset", "filepath": target, "metadata": {"deodar": {"atomic": False}}},
}
is_text = way in ("version", "on the disk", "cached", "appended", "in place")
old, new = {"a": "old", "z": "old"}, {"a": "new", "b": "x" * 200_000}
DataCatalog.from_config({"cars": entries[way]}, save_version="v1").save("cars", "old" if is_text else old)
before = found(folder)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
limits = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (70_000, limits[1]))
catalog = DataCatalog.from_config({"cars": entries[way]}, save_version="v2")
try:
    catalog.save("cars", new["b"] if is_text else new)
except DatasetError as error:
    message = str(error)
after = found(folder)
resource.setrlimit(resource.RLIMIT_FSIZE, limits)
DataCatalog.from_config({"cars": entries[way]}, save_version="v2").save("cars", "new" if is_text else {"a": "new"})
print(json.dumps([before, after, message]))
"""


def fill_up(folder: Path, way: str) -> tuple[dict[str, str], dict[str, str], str]:
    """Return what was there before a save that found no room, what after it, and what it said."""
    program = [sys.executable, "-c", WAYS, str(folder), way]
    done = subprocess.run(program, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    before, after, message = json.loads(done.stdout)
    return before, after, message


@pytest.mark.parametrize(
    ("way", "named"),
    [
        ("folder, replaced", "x"),
        ("folder, merged", "x"),
        ("version, a folder", "x/v2/x"),
        ("version", "x/v2/x"),
        ("on the disk", "x"),
        ("cached", "x"),
        ("partitions", "x/b"),
        ("partitions, overwritten", "x/b"),
    ],
)
def test_whatever_is_saved_the_old_stays_and_the_next_save_works(way: str, named: str, tmp_path: Path) -> None:
    before, after, message = fill_up(tmp_path, way)
    assert after == before
    assert message.startswith("cars: ")
    assert f"There was no room for '{tmp_path / named}'. What was there before is still there." in message


@pytest.mark.parametrize(("way", "left"), [("appended", "oldxxxxx"), ("in place", "xxxxxxxx")])
def test_what_is_written_in_place_is_said_to_be_in_part(way: str, left: str, tmp_path: Path) -> None:
    _, after, message = fill_up(tmp_path, way)
    assert after["x"].startswith(left)
    assert f"There was no room for '{tmp_path / 'x'}'. It is written in place" in message


FULL = """
import builtins, errno, os, sys
from deodar.datasets.text import TextDataset
from deodar.io import DataCatalog, DatasetError

class Text(TextDataset):
    # What is derived may write more than one file, and has a folder.
    pass

path, what = sys.argv[1:]
catalog = DataCatalog.from_config({"cars": {"type": Text if what == "folder" else TextDataset, "filepath": path}})
catalog.save("cars", "old")
def full(function):
    def refuse(name, *args, **kwargs):
        if ".deodar-staging-" in str(name):
            refused.append(name)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name)
        return function(name, *args, **kwargs)
    return refuse
refused = []
if what == "folder":
    os.mkdir = full(os.mkdir)
else:
    builtins.open = full(open)
try:
    catalog.save("cars", "new")
except DatasetError as error:
    print(error)
print(len(refused), "refused, left:", catalog.load("cars"))
"""


@pytest.mark.parametrize("what", ["folder", "file"])
def test_a_disk_without_room_for_a_name_keeps_the_old_file(what: str, tmp_path: Path) -> None:
    path = tmp_path / "cars.txt"
    done = subprocess.run([sys.executable, "-c", FULL, str(path), what], capture_output=True, text=True, timeout=60)
    assert f"No space left on device: '{path}'" in done.stdout
    assert done.stdout.endswith("1 refused, left: old\n")
    assert [found.name for found in tmp_path.iterdir()] == ["cars.txt"]


RUN = """
import logging, resource, signal, sys
from deodar.io import DataCatalog, MemoryDataset
from deodar.pipeline import node, pipeline
from deodar.runner import SequentialRunner, remembering

home, limit = sys.argv[1:]
logging.basicConfig(level=logging.WARNING, stream=sys.stdout, format="%(message)s")

def make(x):
    return bytes(3 << 20)

nodes = [node(make, "start", "large", name="make"), node(len, "large", "size", name="count")]
catalog = DataCatalog({"start": MemoryDataset(1)})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
with remembering(home, incremental=True, spill="always"):
    print("size:", SequentialRunner().run(pipeline(nodes), catalog)["size"].load())
"""


def run_with_room_for(limit: int, home: Path) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", RUN, str(home), str(limit)]
    return subprocess.run(program, capture_output=True, text=True, timeout=60)


def test_a_value_that_does_not_fit_on_the_disk_is_not_kept_and_the_run_goes_on(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = run_with_room_for(1 << 20, home)
    assert done.returncode == 0, done.stderr
    warned, result = done.stdout.splitlines()
    assert warned.startswith("large could not be kept ([Errno 27] File too large)")
    assert result == f"size: {3 << 20}"
    assert not list((home / "values").glob("tmp-*"))
    # The small one was kept, and does for the next run.
    assert run_with_room_for(1 << 20, home).stdout == f"size: {3 << 20}\n"


@pytest.mark.parametrize("limit", [100_000, 120_000])
def test_a_journal_that_may_not_grow_is_given_up_with_one_warning(limit: int, tmp_path: Path) -> None:
    done = run_with_room_for(limit, tmp_path / "home")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"size: {3 << 20}\n")
    assert done.stdout.count("will not be remembered from here on. Free some space") == 1


def test_an_incremental_run_without_room_for_a_journal_says_so(tmp_path: Path) -> None:
    done = run_with_room_for(40_000, tmp_path / "home")
    assert done.returncode == 1
    assert f"Without its journal in '{tmp_path / 'home'}' no run can build on an earlier one." in done.stderr
