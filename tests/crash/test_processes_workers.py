"""Workers killed at each step of their life: the run goes on, the right task is blamed, nothing is left."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from deodar.engine.executors._blame import MemoryWatch, WorkerDiedError, WorkerNotReadyError, WorkerOutOfMemoryError
from deodar.engine.executors.processes.pool import borrow, close_idle_pools, give_back, warmed
from deodar.engine.model import FailureKind, TaskSpec

from . import harness_processes as h

METHODS = ("forkserver", "spawn", "fork")


@pytest.fixture(autouse=True)
def strangers() -> Iterator[set[psutil.Process]]:
    """Return the children from before, such as helpers of the standard library's pools; leave no other behind."""
    # An earlier test's pool may idle in this process, and a run would take its workers.
    close_idle_pools()
    before = set(psutil.Process().children())
    yield before
    close_idle_pools()
    assert set(psutil.Process().children()) <= before and not h.left_in_memory(os.getpid())


def kill_me(_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def exit_hard(_: Any) -> None:
    os._exit(137)


def crash(_: Any) -> None:
    import ctypes

    ctypes.string_at(0)


def nothing(_: Any) -> None:
    """Do nothing."""


def spin_in_c(_: Any) -> None:
    pow(7, 10**9)  # holds the interpreter lock for minutes


def hang(_: Any) -> None:
    threading.Event().wait()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("end", "code"), [(kill_me, -9), (exit_hard, 137), (crash, -11)])
def test_a_task_that_takes_its_worker_along_is_blamed_and_no_other(method: str, end: Any, code: int) -> None:
    run = h.run([nothing] * 10 + [end] + [nothing] * 10, method=method)
    assert (set(run.failures), run.failures[10].exit_code, run.failures[10].kind) == ({10}, code, FailureKind.LOST)
    assert len(run.done) == 20 and len(run.lost) == 1 and run.lost[0].task == 10


def test_the_error_names_the_task_the_signal_and_the_peak_of_memory() -> None:
    def grow_and_die(_: Any) -> None:
        block = bytearray(200 << 20)
        os.kill(os.getpid(), signal.SIGKILL if block else 0)

    failure = h.run([grow_and_die]).failures[0]
    assert isinstance(failure.error, WorkerDiedError)
    assert "'task 0'" in str(failure.error) and "SIGKILL" in str(failure.error)
    assert 200 << 20 < failure.peak_memory < 400 << 20 and "peaked at 2" in str(failure.error)


def test_a_kill_that_nobody_explains_says_that_memory_may_be_why() -> None:
    assert "memory may have been out" in str(h.run([kill_me]).failures[0].error)


def test_every_one_of_many_crashes_is_blamed_on_its_own_task() -> None:
    run = h.run([kill_me if n % 5 == 0 else nothing for n in range(40)])
    assert set(run.failures) == set(range(0, 40, 5)) and len(run.done) == 32


def test_the_pool_heals_to_its_full_size() -> None:
    def meet(mine: Path, other: Path) -> Any:
        def wait(_: Any) -> None:
            mine.write_text("")
            h.eventually(other.exists, "the other task runs at the same time")

        return wait

    folder = Path(os.environ["PYTEST_TMP"])
    a, b = folder / "a", folder / "b"
    run = h.run([kill_me, kill_me, kill_me, meet(a, b), meet(b, a)])
    assert set(run.failures) == {0, 1, 2} and run.done == {3, 4}


@pytest.fixture(autouse=True)
def folder_for_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_TMP", str(tmp_path))


def test_a_worker_killed_while_it_gets_ready_is_replaced() -> None:
    def die_once() -> None:
        first = Path(os.environ["PYTEST_TMP"]) / "first"
        if not first.exists():
            first.write_text("")
            os.kill(os.getpid(), signal.SIGKILL)

    run = h.run([nothing] * 5, workers=1, prepare=die_once)
    assert run.status == "completed" and run.lost[0].task is None


def test_when_no_worker_ever_gets_ready_the_run_ends_with_an_error() -> None:
    with pytest.raises(WorkerNotReadyError, match="killed by signal 9"):
        h.run([nothing], prepare=lambda: os.kill(os.getpid(), signal.SIGKILL))


def test_an_error_while_workers_get_ready_is_the_cause_of_the_runs_error() -> None:
    def fail() -> None:
        raise KeyError("no such setting")

    with pytest.raises(WorkerNotReadyError, match="no such setting") as caught:
        h.run([nothing], prepare=fail)
    assert isinstance(caught.value.__cause__, KeyError)


def test_a_worker_killed_before_it_was_told_anything_is_replaced() -> None:
    pool = borrow("forkserver")
    link = pool.start_worker()
    h.eventually(lambda: pool.poll(0.1) == [] and link.pid, "the worker started")
    os.kill(link.pid, signal.SIGKILL)
    h.eventually(lambda: h.is_gone(link.pid), "the worker died")
    give_back(pool)
    assert h.run([nothing] * 5, workers=1).status == "completed"


def test_workers_killed_between_two_runs_are_replaced() -> None:
    pids = {event.report.facts["pid"] for event in h.run([nothing] * 10).recorder.of("TaskEnded")}
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    for pid in pids:
        h.eventually(lambda pid=pid: h.is_gone(pid), "the worker died")
    run = h.run([nothing] * 10)
    assert run.status == "completed" and not run.failures


def test_the_launcher_killed_between_two_runs_is_replaced(strangers: set[psutil.Process]) -> None:
    h.run([nothing] * 10)
    (launcher,) = set(psutil.Process().children()) - strangers
    launcher.kill()
    assert h.run([nothing] * 10).status == "completed"


def test_the_launcher_killed_before_it_has_read_anything_is_replaced(strangers: set[psutil.Process]) -> None:
    with warmed("forkserver", 2, ()):
        # It takes some time to boot, and what it was sent waits in its socket.
        (launcher,) = set(psutil.Process().children()) - strangers
        launcher.kill()
        assert h.run([nothing] * 10).status == "completed"


def test_workers_that_all_end_with_their_launcher_are_no_sign_that_none_can_start(
    strangers: set[psutil.Process],
) -> None:
    def kill_launcher(event: Any) -> None:
        if type(event).__name__ == "RunStarted":
            (launcher,) = set(psutil.Process().children()) - strangers
            launcher.kill()

    assert h.run([nothing] * 12, workers=6, observe=kill_launcher).status == "completed"


def test_the_launcher_killed_in_a_run_costs_the_running_task_only() -> None:
    def kill_launcher(_: Any) -> None:
        os.kill(os.getppid(), signal.SIGKILL)
        threading.Event().wait()

    run = h.run([nothing] * 5 + [kill_launcher] + [nothing] * 5, workers=1)
    assert set(run.failures) == {5} and len(run.done) == 10


def test_a_worker_killed_after_it_told_its_result_is_not_missed() -> None:
    # The driver looks away until the worker, which has told its result, is dead.
    def kill_and_look_away(event: Any) -> None:
        if type(event).__name__ == "TaskStarted":
            pid = int(h.eventually(lambda: note.exists() and note.read_text(), "the task ended"))
            worker = psutil.Process(pid)
            h.eventually(lambda: worker.status() == psutil.STATUS_SLEEPING, "the worker waits for more")
            worker.kill()
            h.eventually(lambda: h.is_gone(pid), "the worker died")

    note = Path(os.environ["PYTEST_TMP"]) / "pid"
    place = str(note)
    run = h.run([lambda _: h.dump(place, os.getpid())], workers=1, observe=kill_and_look_away)
    assert run.done == {0} and not run.failures


def test_a_worker_that_told_its_result_and_died_is_given_no_more() -> None:
    # The driver hears of both at once, while a task waits for a worker that is not ready.
    folder = Path(os.environ["PYTEST_TMP"])
    note, first, go = folder / "pid", folder / "first", folder / "go"

    def first_alone() -> None:
        try:
            first.mkdir()
        except FileExistsError:
            h.eventually(go.exists, "the driver let the second worker on")

    def kill_and_look_away(event: Any) -> None:
        if type(event).__name__ == "TaskStarted" and not go.exists():
            pid = int(h.eventually(lambda: note.exists() and note.read_text(), "the task ended"))
            worker = psutil.Process(pid)
            h.eventually(lambda: worker.status() == psutil.STATUS_SLEEPING, "the worker waits for more")
            worker.kill()
            h.eventually(lambda: not psutil.pid_exists(pid), "the launcher took note of its death")
            go.touch()

    run = h.run([lambda _: h.dump(str(note), os.getpid()), nothing], prepare=first_alone, observe=kill_and_look_away)
    assert run.done == {0, 1} and not run.failures


def test_a_worker_killed_as_soon_as_its_result_is_known_takes_no_result_along() -> None:
    def kill_worker(event: Any) -> None:
        if type(event).__name__ == "TaskEnded":
            os.kill(event.report.facts["pid"], signal.SIGKILL) if not h.is_gone(event.report.facts["pid"]) else None

    run = h.run([nothing] * 6, observe=kill_worker, workers=1)
    # Whatever it had already begun by then may be lost, and is then blamed; nothing else is.
    assert 0 in run.done and run.done | set(run.failures) == set(range(6))


def test_a_worker_killed_while_it_publishes_leaves_nothing_on_the_shelf() -> None:
    def publish_and_die(channel: Any) -> None:
        channel.give(0, np.ones(1_000_000))
        os.kill(os.getpid(), signal.SIGKILL)

    left: list[str] = []

    def look(event: Any) -> None:
        if type(event).__name__ == "TaskFailed":
            for folder in h.left_in_memory(os.getpid()):
                left.extend(path.name for path in folder.iterdir() if path.name != "ledger")

    run = h.run([publish_and_die], observe=look)
    assert set(run.failures) == {0} and left == [] and run.executor.shelf is not None


def test_a_value_survives_the_worker_that_made_it() -> None:
    def publish(channel: Any) -> None:
        channel.give(0, np.ones(1_000_000))

    def kill_maker(event: Any) -> None:
        if type(event).__name__ == "TaskEnded" and event.task == 0:
            os.kill(event.report.facts["pid"], signal.SIGKILL)

    specs_run = h.run([publish, nothing], workers=1, observe=kill_maker)
    assert 0 in specs_run.done


@pytest.mark.parametrize("block", [hang, spin_in_c])
def test_a_task_over_its_time_is_ended_and_the_others_are_not(block: Any) -> None:
    run = h.run([nothing, block, nothing], timeout=0.3)
    assert (set(run.failures), run.failures[1].kind) == ({1}, FailureKind.TIMEOUT)
    assert isinstance(run.failures[1].error, TimeoutError) and "'task 1'" in str(run.failures[1].error)


def test_a_task_that_is_asked_to_end_may_clear_up(tmp_path: Path) -> None:
    left = tmp_path / "left"

    def clear_up(_: Any) -> None:
        try:
            threading.Event().wait()
        finally:
            left.write_text("")

    h.run([clear_up], timeout=0.3)
    assert left.exists()


def test_a_pool_that_a_task_makes_for_itself_ends_in_silence(capfd: pytest.CaptureFixture[str]) -> None:
    def map_in_pool(_: Any) -> list[int]:
        import math
        import multiprocessing

        with multiprocessing.get_context("fork").Pool(2) as pool:
            return pool.map(math.factorial, range(4))

    run = h.run([map_in_pool])
    assert run.recorder.of("TaskEnded")[0].report.facts["result"] == [1, 1, 2, 6]
    assert "Traceback" not in capfd.readouterr().err


def test_what_a_task_over_its_time_had_started_ends_with_it(tmp_path: Path) -> None:
    note = tmp_path / "child"

    def start_child(_: Any) -> None:
        child = subprocess.Popen(["sleep", "600"])
        note.write_text(str(child.pid))
        child.wait()

    h.run([start_child], timeout=0.5)
    h.eventually(lambda: h.is_gone(int(note.read_text())), "the child ended")


def test_a_kill_that_the_system_counts_as_one_for_memory_is_told_as_that() -> None:
    watch = MemoryWatch()
    watch._kills -= 1  # as if the system had counted one more since
    failure = watch.failure_of(TaskSpec("load"), None, -9, 5 << 30)
    assert failure.kind is FailureKind.MEMORY and isinstance(failure.error, WorkerOutOfMemoryError)
    assert "5.0 GB" in str(failure.error)


def test_a_kill_with_the_memory_nearly_full_is_told_as_one_for_memory() -> None:
    failure = MemoryWatch().failure_of(TaskSpec("load"), None, -9, psutil.virtual_memory().total)
    assert failure.kind is FailureKind.MEMORY
