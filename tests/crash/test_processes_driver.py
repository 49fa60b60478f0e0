"""The driver killed or interrupted: every process of its tree ends, and nothing stays in shared memory."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from . import harness_processes as h

RUNNING = """
import os, threading, sys
import numpy as np
import harness_processes as h

method, step = sys.argv[1:]
def work(channel):
    channel.give(0, np.ones(1_000_000))
    h.dump("worker", os.getpid())
    if step == "c":
        pow(7, 10**9)
    threading.Event().wait()
def prepare():
    if step == "prepare":
        h.dump("worker", os.getpid())
        threading.Event().wait()
try:
    h.run([work, lambda _: threading.Event().wait()], method=method, prepare=prepare)
except KeyboardInterrupt:
    h.dump("interrupted", True)
    raise
"""


@pytest.mark.parametrize("method", ["forkserver", "spawn", "fork"])
@pytest.mark.parametrize("step", ["prepare", "python", "c"])
def test_a_driver_killed_outright_leaves_no_process(method: str, step: str, tmp_path: Path) -> None:
    program = h.Program(RUNNING, tmp_path, method, step)
    program.await_file("worker")
    assert len(program.tree) >= 3
    program.kill()
    program.finish()
    program.assert_all_gone()


def test_what_a_killed_driver_left_in_memory_is_swept_by_the_next_run(tmp_path: Path) -> None:
    program = h.Program(RUNNING, tmp_path, "forkserver", "python")
    program.await_file("worker")
    program.kill()
    program.finish()
    # Any run on this machine would do, so that what was left may be gone by now.
    h.run([lambda _: None])
    assert not h.left_in_memory(program.process.pid)


@pytest.mark.parametrize("step", ["prepare", "python", "c"])
def test_an_interrupt_ends_everything_within_three_seconds(step: str, tmp_path: Path) -> None:
    program = h.Program(RUNNING, tmp_path, "forkserver", step)
    program.await_file("worker")
    begun = time.monotonic()
    program.kill(signal.SIGINT)
    code, _, _ = program.finish()
    program.assert_all_gone()
    assert time.monotonic() - begun < 3.0 and code != 0
    assert (tmp_path / "interrupted").exists() and not h.left_in_memory(program.process.pid)


STUBBORN = """
import os, threading
import harness_processes as h

def work(_):
    h.dump("worker", os.getpid())
    while True:
        try:
            threading.Event().wait()
        except BaseException:
            h.dump("asked", True)
h.run([work])
"""


def test_a_second_interrupt_kills_at_once_what_will_not_end(tmp_path: Path) -> None:
    program = h.Program(STUBBORN, tmp_path)
    program.await_file("worker")
    program.kill(signal.SIGINT)
    program.await_file("asked")
    program.kill(signal.SIGINT)
    program.finish()
    program.assert_all_gone()


def test_an_interrupt_to_every_process_at_once_is_the_drivers_to_handle(tmp_path: Path) -> None:
    program = h.Program(RUNNING, tmp_path, "forkserver", "python")
    program.await_file("worker")
    for pid in program.tree - {program.process.pid}:
        os.kill(pid, signal.SIGINT)
    program.kill(signal.SIGINT)  # the last, as it ends the others
    program.finish()
    program.assert_all_gone()
    assert (tmp_path / "interrupted").exists()


FORKING = """
import os, threading, sys
import harness_processes as h

def work(_):
    h.dump("worker", os.getpid())
    threading.Event().wait()
def fork_bystander(event):
    if type(event).__name__ == "TaskStarted" and not os.fork():
        h.dump("bystander", os.getpid())
        threading.Event().wait()
h.run([work], observe=fork_bystander)
"""


def test_workers_end_though_something_that_the_driver_forked_lives_on(tmp_path: Path) -> None:
    program = h.Program(FORKING, tmp_path)
    program.await_file("worker")
    bystander = int(program.await_file("bystander"))
    program.kill()
    program.process.wait(h.LONG)
    program.tree.discard(bystander)
    try:
        program.assert_all_gone()
    finally:
        os.kill(bystander, signal.SIGKILL)


THREADS = """
import os, sys, threading
import numpy as np, polars as pl
import harness_processes as h

def settings():
    # What a project's settings.py does that starts threads of Polars, of BLAS, of its own.
    pl.DataFrame({"a": range(100_000)}).lazy().group_by("a").len().collect()
    a = np.random.rand(300, 300); a @ a
    threading.Thread(target=threading.Event().wait, daemon=True).start()
settings()
threading.Thread(target=threading.Event().wait, daemon=True).start()
def work(_):
    frame = pl.DataFrame({"a": range(1000)}).lazy().group_by("a").len().collect()
    b = np.random.rand(200, 200)
    return frame.height + int((b @ b).shape[0])
from deodar.engine.executors.processes.pool import close_idle_pools
for n in range(int(sys.argv[1])):
    assert h.run([work, work], prepare=settings).status == "completed"
    if n % 12 == 0:
        close_idle_pools()
close_idle_pools()
assert not h.psutil.Process().children(recursive=True)
print("all well")
"""


@pytest.mark.slow
def test_fifty_runs_of_a_driver_with_threads_of_libraries_do_not_hang(tmp_path: Path) -> None:
    program = h.Program(THREADS, tmp_path, "50")
    code, out, error = program.finish(4 * h.LONG)
    assert (code, out) == (0, "all well\n"), error
    assert not h.left_in_memory(program.process.pid)


UNGUARDED = """
import harness_processes as h
print(h.run([lambda _: None] * 3).status)
"""


def test_a_script_that_guards_nothing_runs_once(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(f"{h.FIND_ME}\n{UNGUARDED}")
    program = h.Program(f"import runpy; runpy.run_path({str(script)!r}, run_name='__main__')", tmp_path)
    assert program.finish()[1] == "completed\n"


CLOSING = """
import atexit, os, sys
import harness_processes as h

def work(_):
    atexit.register(h.dump, "at exit", os.getpid())
    return os.getpid()
h.run([work])
"""


def test_the_end_of_the_program_ends_the_workers_as_programs_end(tmp_path: Path) -> None:
    program = h.Program(CLOSING, tmp_path)
    assert program.finish()[0] == 0
    assert (tmp_path / "at exit").exists() and not h.left_in_memory(program.process.pid)
