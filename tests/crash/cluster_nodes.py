"""Importable nodes that get the processes of a cluster killed."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

import psutil


def block_the_first_time(fifo: str) -> int:
    """Tell who runs this and wait to be killed; return when run again."""
    marker = Path(f"{fifo}.seen")
    if marker.exists():
        return 42
    marker.touch()
    Path(fifo).write_text(str(os.getpid()))  # waits until somebody reads
    threading.Event().wait()
    return 0


def double(array: Any, folder: str) -> Any:
    """Return a large value, and note which process made it, and so has it."""
    with Path(folder, "made").open("a") as file:
        file.write(f"{os.getpid()}\n")
    return array * 2


def total_after_killing_the_maker(array: Any, other: Any, folder: str) -> float:
    """Kill the process that made the input, the first time."""
    marker = Path(folder, "killed")
    if not marker.exists():
        marker.touch()
        maker = int(Path(folder, "made").read_text().split()[0])
        os.kill(maker, signal.SIGKILL)
        if maker == os.getpid():
            threading.Event().wait()
    return float(array.sum() + other.sum())


def kill_and_go_on(process: int) -> None:
    """Kill a process, and never end."""
    os.kill(process, signal.SIGKILL)
    threading.Event().wait()


def kill_the_head_of(driver: int) -> None:
    """Kill the head of Ray that a process started, and never end."""
    heads = [known for known in psutil.Process(driver).children(recursive=True) if known.name() == "gcs_server"]
    assert heads
    for head in heads:
        head.kill()
    threading.Event().wait()
