"""Ctrl-C ends a run at once, on every runner, and leaves no process behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from . import harness_processes as h

PROGRAM = Path(__file__).parent / "interrupted_program.py"
PATIENCE = 60.0
"""Seconds to wait for what must happen; generous, as machines are shared."""
SOON = 5.0
"""Seconds in which everything must be gone; the promise is 3, the rest is for a busy machine."""


@pytest.fixture(params=["SequentialRunner", "ThreadRunner", "ParallelRunner"])
def running(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[subprocess.Popen[str], list[psutil.Process]]]:
    started = tmp_path / "started"
    command = [sys.executable, str(PROGRAM), request.param, str(started)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    wanted = 1 if request.param == "SequentialRunner" else 2
    try:
        wait_for_files(tmp_path, wanted, process)
        yield process, psutil.Process(process.pid).children(recursive=True)
    finally:
        process.kill()


def wait_for_files(folder: Path, count: int, process: subprocess.Popen[str]) -> None:
    """Return when the nodes have said that they run."""
    from time import monotonic

    limit = monotonic() + PATIENCE
    while len(list(folder.glob("started.*"))) < count:
        assert monotonic() < limit and process.poll() is None, "the nodes never started"
        # Not a pause: waits for the process to end, which it must not.
        try:
            process.wait(0.02)
        except subprocess.TimeoutExpired:
            continue


def test_ctrl_c_ends_the_program_and_all_it_started(
    running: tuple[subprocess.Popen[str], list[psutil.Process]],
) -> None:
    process, children = running
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=SOON)
    assert process.returncode in (1, -signal.SIGINT, 130), errors
    assert "KeyboardInterrupt" in errors
    _, alive = psutil.wait_procs(children, timeout=SOON)
    assert not alive


def test_nothing_survives_a_killed_driver(running: tuple[subprocess.Popen[str], list[psutil.Process]]) -> None:
    process, children = running
    process.kill()
    process.wait(SOON)
    _, alive = psutil.wait_procs(children, timeout=SOON)
    assert not alive


LEAVING = """
import atexit, signal, sys
import psutil

def say() -> None:
    print("leaving", flush=True)

if __name__ == "__main__":
    import harness_processes as h

    h.run([lambda _: None])
    [launcher] = psutil.Process().children()
    atexit.register(say)  # called first
    launcher.suspend()  # whoever waits for its end has to wait long
    print(launcher.pid, flush=True)
"""


def test_ctrl_c_while_a_program_leaves_is_no_error(tmp_path: Path) -> None:
    program = h.Program(LEAVING, tmp_path)
    stdout = program.process.stdout
    assert stdout is not None
    launcher = psutil.Process(int(stdout.readline()))
    assert stdout.readline() == "leaving\n"
    # The first is heard while workers have time to end, one of the next while the launcher has.
    while True:
        try:
            program.process.wait(0.2)
            break
        except subprocess.TimeoutExpired:
            program.kill(signal.SIGINT)
    _, _, errors = program.finish()
    launcher.resume()
    assert "Traceback" not in errors
    launcher.wait(SOON)


FORKING = """
import os, signal

strikes = [signal.SIGINT]

def strike():
    if strikes:
        os.kill(os.getpid(), strikes.pop())

if __name__ == "__main__":
    import harness_processes as h

    os.register_at_fork(before=strike)
    h.run([lambda _: None], method="fork")
    print("ran on")
"""


def test_ctrl_c_in_the_middle_of_a_fork_is_not_lost(tmp_path: Path) -> None:
    _, output, errors = h.Program(FORKING, tmp_path).finish()
    assert output == "" and errors.endswith("KeyboardInterrupt\n")
