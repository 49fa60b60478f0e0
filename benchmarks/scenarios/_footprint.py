"""How much memory a run takes, all its processes together; what they share counts once."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

EVERY = 0.1
SHELVES = Path("/dev/shm")


class Footprint:
    """The most bytes that this process and all below it took while it was watched."""

    def __init__(self) -> None:
        self.peak = 0
        self._over = threading.Event()

    def _watch(self) -> None:
        while not self._over.wait(EVERY):
            self.peak = max(self.peak, taken())


@contextmanager
def watched() -> Iterator[Footprint]:
    """Watch this process and all below it."""
    footprint = Footprint()
    thread = threading.Thread(target=footprint._watch)
    thread.start()
    try:
        yield footprint
    finally:
        footprint._over.set()
        thread.join()


def taken() -> int:
    """Return what the tree of this process takes now: private memory, and shared memory whether mapped or not."""
    private = mapped = 0
    for pid in tree(os.getpid()):
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue  # it has ended
        sizes = {name: int(size.split()[0]) * 1024 for name, _, size in (line.partition(":") for line in lines[1:])}
        private += sizes["Pss_Anon"] + sizes["Pss_File"]
        mapped += sizes["Pss_Shmem"]
    return private + max(mapped, on_shelves())


def on_shelves() -> int:
    """Return the bytes that this process's runs keep in shared memory."""
    size = 0
    for path in SHELVES.glob(f"deodar-values-{os.getpid()}-*/*"):
        try:
            size += path.stat().st_blocks * 512
        except OSError:
            continue
    return size


def tree(root: int) -> list[int]:
    """Return a process and all below it."""
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        try:
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                todo += map(int, children.read_text().split())
        except OSError:
            continue
    return found
