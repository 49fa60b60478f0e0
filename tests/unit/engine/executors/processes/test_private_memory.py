"""What of a process's memory is its own."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

import pytest

from deodar.engine.executors.processes.private_memory import MemoryLooks, memory_of

SIZE = 64 << 20


@pytest.fixture
def mapped(tmp_path: Path) -> mmap.mmap:
    path = tmp_path / "large"
    path.write_bytes(b"x" * SIZE)
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)


def test_what_is_mapped_and_read_is_not_a_tasks_own(mapped: mmap.mmap) -> None:
    before = memory_of(os.getpid())
    looks = MemoryLooks(os.getpid())
    assert mapped.find(b"y") == -1
    looks.look()
    assert looks.own_share(SIZE, before) < SIZE / 4


def test_what_is_written_is_a_tasks_own(mapped: mmap.mmap) -> None:
    before = memory_of(os.getpid())
    looks = MemoryLooks(os.getpid())
    mapped[:] = b"z" * SIZE
    looks.look()
    assert looks.own_share(2 * SIZE, before) > SIZE * 0.9


def test_a_task_that_nobody_looked_at_is_charged_with_all() -> None:
    assert MemoryLooks(os.getpid()).own_share(SIZE, memory_of(os.getpid())) == SIZE


def test_a_process_that_is_gone_is_not_looked_at_again() -> None:
    looks = MemoryLooks(2**30)
    looks.look()
    assert looks.next_at == float("inf")
