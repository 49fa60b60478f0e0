"""Importable nodes that look at the cluster they run on."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import psutil


def listeners(driver: int) -> list[str]:
    """Return the addresses at which the process of the run, and all that it started, wait for connections."""
    root = psutil.Process(driver)
    found = set()
    for process in (root, *root.children(recursive=True)):
        try:
            found |= {known.laddr.ip for known in process.net_connections("inet") if known.status == "LISTEN"}
        except psutil.NoSuchProcess:
            continue
    return sorted(found)


def reports_to_its_makers(driver: int) -> bool:
    """Return whether the engine may send statistics of use."""
    return os.environ.get("RAY_USAGE_STATS_ENABLED") != "0"


def hang(fifo: str) -> None:
    """Tell that it runs, and go on for ever."""
    Path(fifo).write_text("running")  # waits until somebody reads
    threading.Event().wait()


def say_who_and_hang(fifo: str) -> None:
    """Tell which process runs it, and go on for ever."""
    Path(fifo).write_text(str(os.getpid()))  # waits until somebody reads
    threading.Event().wait()
