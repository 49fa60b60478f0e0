"""Every test starts and ends without warm workers, and must leave nothing behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from deodar.engine.executors.processes.pool import close_idle_pools


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    yield
    mine = f"deodar-values-{os.getpid()}-"
    left = [path for root in ("/dev/shm", "/var/tmp", "/tmp") for path in Path(root).glob(f"{mine}*")]
    assert not left


@pytest.fixture(scope="session", autouse=True)
def workers_end_with_the_session() -> Iterator[None]:
    yield
    close_idle_pools()
