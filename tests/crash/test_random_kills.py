"""A process is killed at a random moment of a run: results are right or their loss is named, and nothing is left."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from . import harness_processes as h

PROGRAM = str(Path(__file__).with_name("random_kills.py"))
METHODS = ("forkserver", "spawn", "fork")


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", range(0, 270, 45))
@pytest.mark.parametrize("method", METHODS)
def test_a_worker_or_the_launcher_killed_at_a_random_moment_costs_its_own_task_at_most(method: str, seed: int) -> None:
    done = subprocess.run(
        [sys.executable, PROGRAM, method, str(seed), "45"], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", range(70))
@pytest.mark.parametrize("method", METHODS)
def test_a_driver_killed_at_a_random_moment_leaves_nothing(method: str, seed: int) -> None:
    driver = subprocess.Popen(
        [sys.executable, PROGRAM, method, str(seed), "1000"], stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        # From before its first process to the middle of a later run.
        threading.Event().wait(random.Random(seed).uniform(0.1, 1.5))
        assert driver.poll() is None
    finally:
        driver.send_signal(signal.SIGKILL)
        driver.wait()
    h.eventually(lambda: not of_session(driver.pid), "all its processes ended")
    h.run([lambda _: None])
    assert not h.left_in_memory(driver.pid)


def of_session(leader: int) -> list[int]:
    """Return the processes of a session, which those that change their group do not leave."""
    found = []
    for pid in psutil.pids():
        try:
            if os.getsid(pid) == leader and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                found.append(pid)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found
