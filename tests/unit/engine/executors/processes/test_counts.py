"""What a run costs, counted: messages, bytes, copies, imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from deodar.engine.executors.processes import pool

from . import jobs
from .harness import Job, run_jobs

TASKS = 400


def test_a_task_costs_little_more_than_one_message_each_way() -> None:
    counts = run_jobs([Job(jobs.nothing)] * TASKS).executor.counts
    assert counts.answers == TASKS
    # Where workers do not get to run, others take over what was sent to them.
    assert counts.packets == TASKS + counts.taken_back and counts.taken_back < TASKS


def test_a_task_message_is_a_few_dozen_bytes() -> None:
    counts = run_jobs([Job(jobs.nothing)] * TASKS).executor.counts
    assert counts.packet_bytes / counts.packets < 40


def test_the_message_of_a_task_that_reads_a_large_value_is_short() -> None:
    counts = run_jobs([Job(jobs.big, [], "a"), *[Job(jobs.total, ["a"])] * 20]).executor.counts
    assert counts.packet_bytes / counts.packets < 100


def test_a_large_value_is_written_once_and_never_copied_by_its_readers() -> None:
    jobs_ = [Job(jobs.big, [], "a"), *[Job(jobs.total, ["a"])] * 4]
    outcome = run_jobs(jobs_, given={"seed": list(range(100_000))}, keep=["a"])
    traffic = outcome.executor.shelf.writer.traffic
    assert traffic.mapped == 1 and traffic.files <= 2


def test_a_worker_has_few_modules_when_it_begins_to_look_at_the_work() -> None:
    pool.close_idle_pools()
    program = """if True:
        import sys
        sys.path.insert(0, sys.argv[1])
        from harness import Job, run_jobs
        from jobs import pid
        print(run_jobs([Job(pid)]).executor.counts.modules)
    """
    assert int(run_python(program, str(Path(__file__).parent))) < 140


def test_a_worker_imports_nothing_heavy_before_the_project() -> None:
    program = "import sys; from deodar.engine.executors.processes import launcher, worker; print(*sys.modules)"
    loaded = {name.partition(".")[0] for name in run_python(program).split()}
    heavy = {
        "numpy",
        "pandas",
        "polars",
        "pyarrow",
        "multiprocessing",
        "asyncio",
        "psutil",
        "subprocess",
        "cloudpickle",
    }
    assert not loaded & heavy


def run_python(program: str, *arguments: str) -> str:
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
