"""What this machine, or the container we are in, has: how much memory there is, and whether it ran out."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from .. import _environment


def kills_for_memory() -> int:
    """Return how many processes the system has killed for memory so far, here or anywhere: compare two answers."""
    if sys.platform != "linux":
        return 0
    count = 0
    for path in [*_control_group_files("memory.events", "memory.oom_control"), Path("/proc/vmstat")]:
        with contextlib.suppress(OSError, ValueError):
            for line in path.read_text().splitlines():
                name, _, number = line.partition(" ")
                if name == "oom_kill":
                    count += int(number)
    return count


def memory_limit() -> int:
    """Return the bytes of memory that there are for this process; 0 when unknown.

    ``DEODAR_MEMORY_LIMIT`` says so where the system does not: a batch queue, say, that kills by itself.
    """
    declared = _environment.read("MEMORY_LIMIT")
    if declared is not None:
        if not declared.isdecimal():
            raise ValueError(f"DEODAR_MEMORY_LIMIT is {declared!r}, expected a number of bytes such as 8000000000.")
        return int(declared)
    try:
        limit = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 0
    for path in _control_group_files("memory.max", "memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):
            limit = min(limit, int(path.read_text()))
    return limit


def gpu_count() -> int:
    """Return how many GPUs this process may use: what the environment lists, else what the driver shows, else 0."""
    listed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if listed is not None:
        return len([device for device in listed.split(",") if device.strip() and device.strip() != "-1"])
    with contextlib.suppress(OSError):
        return len(list(Path("/proc/driver/nvidia/gpus").iterdir()))
    return 0


def _control_group_files(name_v2: str, name_v1: str) -> list[Path]:
    """Return where this process's own memory group may tell; in a container its root, outside the path of the group."""
    found = []
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            below = path.lstrip("/")
            if not controllers:
                found += [Path("/sys/fs/cgroup") / below / name_v2, Path("/sys/fs/cgroup") / name_v2]
            elif "memory" in controllers.split(","):
                found += [Path("/sys/fs/cgroup/memory") / below / name_v1, Path("/sys/fs/cgroup/memory") / name_v1]
    return found
