"""Groups of processes that the kernel limits, where this machine lets us make them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import harness_processes as h

GROUPS = Path("/sys/fs/cgroup")


@contextlib.contextmanager
def limited_group(controller: str, limit: int) -> Iterator[Path]:
    """Make a group of processes with a limit of a controller's, ``memory`` or ``pids``."""
    # Beside our own group and not in it: one with processes of its own may have no limited groups in it.
    is_v1 = (GROUPS / controller).is_dir()
    group = (GROUPS / controller if is_v1 else GROUPS) / f"deodar-test-{os.getpid()}"
    name = "memory.limit_in_bytes" if is_v1 and controller == "memory" else f"{controller}.max"
    try:
        group.mkdir()
        (group / name).write_text(str(limit))
    except OSError as error:
        with contextlib.suppress(OSError):
            group.rmdir()
        pytest.skip(f"A group with limited {controller} cannot be made here: {error}")
    yield group
    h.eventually(lambda: not (group / "cgroup.procs").read_text(), "its processes ended")
    group.rmdir()
