"""Pools of workers between runs and before them: which processes there are, and for how long."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import psutil
import pytest

from deodar.engine.executors.processes import ProcessExecutor
from deodar.engine.executors.processes.pool import borrow, give_back, warmed

from . import jobs
from .harness import Job, run_jobs

Processes = Callable[[], list[psutil.Process]]
pytestmark = pytest.mark.usefixtures("no_idle_pools")


@pytest.mark.parametrize("method", ["forkserver", "spawn"])
def test_workers_that_were_started_early_are_those_of_the_run(method: str, new_processes: Processes) -> None:
    with warmed(method, 2, ()):
        launcher = new_processes()[0]
        run_jobs([Job(jobs.nothing)] * 4, method=method)
        assert [process for process in new_processes() if process.ppid() == os.getpid()] == [launcher]
        assert len(launcher.children()) == 2


@pytest.mark.parametrize("method", ["forkserver", "spawn"])
def test_workers_that_were_started_early_and_not_used_are_gone(method: str, new_processes: Processes) -> None:
    with warmed(method, 2, ()):
        started = new_processes()
        assert started
    # It may be before the launcher has started any, or in the middle of that.
    psutil.wait_procs(started, timeout=30)
    assert not new_processes()


def test_they_are_gone_when_the_run_fails_before_it_begins(new_processes: Processes) -> None:
    with pytest.raises(ZeroDivisionError), warmed("forkserver", 1, ()):
        raise ZeroDivisionError
    assert not new_processes()


def test_nothing_starts_early_beside_workers_that_wait(new_processes: Processes) -> None:
    run_jobs([Job(jobs.nothing)], workers=1)
    before = new_processes()
    with warmed("forkserver", 2, ()):
        assert new_processes() == before
    assert new_processes() == before


def test_what_is_forked_is_never_forked_early(new_processes: Processes) -> None:
    with warmed("fork", 2, ()):
        assert not new_processes()


def test_workers_that_were_started_early_for_nothing_end() -> None:
    with warmed("forkserver", 3, ()):
        (worker,) = run_jobs([Job(jobs.pid)], workers=3).results
        pool = borrow("forkserver")
        try:
            while [link.pid for link in pool.links.values()] != [worker]:
                pool.poll(30)
        finally:
            give_back(pool)


def test_a_worker_that_an_earlier_run_left_unusable_gives_way_to_a_fresh_one() -> None:
    (spoilt,) = run_jobs([Job(jobs.spoil_process)], workers=1).results
    (fresh,) = run_jobs([Job(jobs.pid)], workers=1).results
    assert fresh != spoilt
    assert run_jobs([Job(jobs.pid)], workers=1).results == [fresh]


def test_new_workers_have_the_modules_that_all_need() -> None:
    def is_loaded() -> bool:
        return "wave" in sys.modules

    with warmed("forkserver", 1, ["wave"]):
        assert run_jobs([Job(is_loaded)], workers=1).results == [True]


def test_a_run_that_may_have_nothing_to_do_starts_workers_for_its_first_task(new_processes: Processes) -> None:
    with ProcessExecutor(2, eager=False):
        assert not new_processes()
    assert run_jobs([Job(jobs.add, ["a"])] * 3, given={"a": 2}, eager=False).results == [2, 2, 2]
