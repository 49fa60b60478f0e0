"""Shared memory and the disk are full while values go from one process to another."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = """
import json, os, sys
from pathlib import Path
from deodar.io import DataCatalog, MemoryDataset
from deodar.pipeline import Pipeline, node
from deodar.runner import ParallelRunner

def make(size):
    return b"x" * size

def told(size):
    pipeline = Pipeline([node(make, "size", "made"), node(len, "made", "length")])
    catalog = DataCatalog({"size": MemoryDataset(size)})
    try:
        return ParallelRunner(max_workers=2).run(pipeline, catalog)["length"].load()
    except Exception as error:
        return str(error)

if __name__ == "__main__":
    answers = [told(int(size)) for size in sys.argv[1:]]
    left = [path.name for root in ("/dev/shm", "/var/tmp") for path in Path(root).glob("deodar-values-*")]
    print(json.dumps([answers, left]))
"""
SHARED_IS_SMALL = "mount -t tmpfs -o size=8m tmpfs /dev/shm"
DISK_IS_SMALL = "mount -t tmpfs -o size=4m tmpfs /var/tmp"
DISK_IS_FULL = "head -c 4194304 /dev/zero > /var/tmp/full"
BIG = 20 << 20


def told_where(folder: Path, places: list[str], *sizes: int) -> tuple[list[Any], list[str]]:
    """Return what came of runs with values of these sizes, in a view of the disks of their own."""
    unshare = shutil.which("unshare")
    mount = " && ".join(places)
    if unshare is None or subprocess.run([unshare, "-rm", "sh", "-c", mount], capture_output=True).returncode:
        pytest.skip("Disks of one's own cannot be made here.")
    program = folder / "program.py"
    program.write_text(PROGRAM)
    command = f'{mount}; exec "$@"'
    arguments = [sys.executable, str(program), *map(str, sizes)]
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(folder)}
    done = subprocess.run(
        [unshare, "-rm", "sh", "-c", command, "sh", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    answers, left = json.loads(done.stdout)
    return answers, left


def test_a_value_that_fits_nowhere_is_told_with_its_size_and_the_next_run_goes_on(tmp_path: Path) -> None:
    (error, length), left = told_where(tmp_path, [SHARED_IS_SMALL, DISK_IS_SMALL], BIG, 1 << 20)
    assert error.startswith("made: ") and "'/var/tmp'" in error
    assert "Neither shared memory nor the disk has room for 20.0 MB that go from one process to another." in error
    assert (length, left) == (1 << 20, [])


def test_a_run_that_finds_no_room_at_all_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    (error,), left = told_where(tmp_path, [SHARED_IS_SMALL, DISK_IS_SMALL, DISK_IS_FULL], 1)
    assert "Neither shared memory nor the disk has room" in error and left == []


def test_a_small_shared_memory_is_passed_over_for_the_disk(tmp_path: Path) -> None:
    assert told_where(tmp_path, [SHARED_IS_SMALL], BIG) == ([BIG], [])
