"""Tasks in worker processes, whatever the start method."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from deodar.engine.commands import Submit
from deodar.engine.events import TaskEnded, TaskFailed, TaskStarted, ValuesHeld, WindowChanged, WorkerStarted
from deodar.engine.executors.processes import ProcessExecutor, pool
from deodar.engine.model import FailureKind, Resources, RetryPolicy, TaskId
from deodar.engine.transport.pickling import UnportableValueError

from . import jobs
from .harness import Job, JobWork, graph_of, run_jobs

METHODS = ("forkserver", "spawn", "fork")


@pytest.fixture(params=METHODS)
def method(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_task_runs_in_another_process(method: str) -> None:
    (found,) = run_jobs([Job(jobs.pid)], method=method).results
    assert found != os.getpid()


def test_a_chain_of_values_arrives(method: str) -> None:
    chain = [Job(jobs.add, ["a"], "b"), Job(jobs.add, ["b", "a"], "c")]
    assert run_jobs(chain, given={"a": 4}, keep=["c"], method=method).values["c"] == 8


def test_a_closure_runs(method: str) -> None:
    step = 3
    assert run_jobs([Job(lambda: 4 + step)], method=method).results == [7]


def test_a_large_value_reaches_every_reader_whole(method: str) -> None:
    readers = [Job(jobs.zero_and_total, ["a"]) for _ in range(6)]
    outcome = run_jobs([Job(jobs.big, [], "a"), *readers], method=method)
    assert outcome.results[1:] == [int(np.arange(200_000).sum())] * 6


def test_a_kept_value_stays_when_the_executor_is_closed() -> None:
    array = run_jobs([Job(jobs.big, [], "a")], keep=["a"]).values["a"]
    array[0] = 9
    assert array[0] == 9 and array[-1] == 199_999


def test_values_that_nobody_reads_any_more_are_removed(tmp_path: Path) -> None:
    outcome = run_jobs([Job(jobs.big, [], "a"), Job(jobs.total, ["a"], "b"), Job(jobs.add, ["b"])])
    assert outcome.executor.shelf.writer.traffic.packed > 0 and not outcome.executor._holdings.names()


def test_a_run_over_its_budget_of_shared_memory_ends_well() -> None:
    outcome = run_jobs([Job(jobs.big, [], "a"), Job(jobs.total, ["a"])], budget=0)
    assert outcome.results[1] == int(np.arange(200_000).sum())


def test_many_small_inputs_of_one_task_arrive() -> None:
    given = {f"v{i}": "x" * 20_000 for i in range(30)}
    outcome = run_jobs([Job(lambda *texts: sum(map(len, texts)), list(given))], given=given)
    assert outcome.results == [600_000]


# --- the pool -----------------------------------------------------------------------------------------------------


def test_the_next_run_uses_the_same_workers() -> None:
    first, second = (set(run_jobs([Job(jobs.pid)] * 2, workers=1).results) for _ in range(2))
    assert first == second


def test_forked_workers_are_never_kept() -> None:
    first, second = (run_jobs([Job(jobs.pid)], workers=1, method="fork").results for _ in range(2))
    assert first != second


def test_a_changed_environment_gets_fresh_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    before = run_jobs([Job(jobs.pid)], workers=1).results
    monkeypatch.setenv("PROJECT_MODE", "new")
    outcome = run_jobs([Job(jobs.pid), Job(lambda: jobs.environment("PROJECT_MODE"))], workers=1)
    assert outcome.results[0] != before[0] and outcome.results[1] == "new"


def test_a_variable_that_is_gone_here_is_gone_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROJECT_MODE", "old")
    run_jobs([Job(jobs.nothing)], workers=1)
    monkeypatch.delenv("PROJECT_MODE")
    assert run_jobs([Job(lambda: jobs.environment("PROJECT_MODE"))], workers=1).results == [None]


def test_a_module_that_was_edited_is_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "edited_module.py"
    module.write_text("VALUE = 1\n")
    monkeypatch.syspath_prepend(tmp_path)

    def value() -> int:
        import edited_module  # type: ignore[import-not-found]

        return int(edited_module.VALUE)

    assert run_jobs([Job(value)], workers=1).results == [1]
    module.write_text("VALUE = 22\n")
    later = module.stat().st_mtime + 10
    os.utime(module, (later, later))
    assert run_jobs([Job(value)], workers=1).results == [22]


def test_nobody_waits_for_the_end_of_a_worker_that_has_an_old_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "lingering_module.py"
    module.write_text("import threading\nlinger = threading.Thread(target=threading.Event().wait, args=(600,)).start\n")
    monkeypatch.syspath_prepend(tmp_path)

    def linger() -> int:
        import lingering_module  # type: ignore[import-not-found]

        lingering_module.linger()
        return os.getpid()

    before = run_jobs([Job(linger)], workers=1).results
    later = module.stat().st_mtime + 10
    os.utime(module, (later, later))
    assert run_jobs([Job(jobs.pid)], workers=1).results != before


def test_closing_the_pools_does_not_wait_for_what_the_program_started() -> None:
    run_jobs([Job(jobs.nothing)], workers=1)
    sockets = [link.fd for link in psutil.Process().net_connections("unix")]
    bystander = subprocess.Popen(["sleep", "600"], pass_fds=sockets)
    try:
        pool.close_idle_pools()
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_worker_sees_the_folder_and_the_path_of_the_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    assert run_jobs([Job(os.getcwd), Job(lambda: sys.path[0])]).results == [str(tmp_path), str(tmp_path)]


def test_a_module_made_in_memory_goes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    module = type(sys)("made_up_module")
    exec("def twice(x):\n    return 2 * x\n", module.__dict__)
    monkeypatch.setitem(sys.modules, "made_up_module", module)
    assert run_jobs([Job(module.twice, ["a"])], given={"a": 4}).results == [8]


def test_no_more_workers_start_than_there_are_tasks() -> None:
    assert len(run_jobs([Job(jobs.nothing)], workers=8).of(WorkerStarted)) == 1


def test_closing_the_pools_ends_their_processes() -> None:
    (worker,) = run_jobs([Job(jobs.pid)], workers=1).results
    pool.close_idle_pools()
    assert not psutil.pid_exists(worker)


def test_a_number_of_workers_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="not 0"):
        ProcessExecutor(0)


def test_work_that_cannot_travel_is_refused_with_its_type() -> None:
    lock = threading.Lock()
    with pytest.raises(UnportableValueError, match="lock"):
        run_jobs([Job(lambda: lock)])


# --- in the driver's process --------------------------------------------------------------------------------------


def test_a_task_that_cannot_travel_runs_in_the_drivers_process() -> None:
    lock = threading.Lock()
    outcome = run_jobs([Job(lambda: (lock.locked(), os.getpid()), options={"in_driver": True})])
    assert outcome.results == [(False, os.getpid())]


def test_values_go_from_the_drivers_process_to_workers_and_back() -> None:
    here = {"in_driver": True}
    chain = [
        Job(jobs.big, [], "a"),
        Job(lambda a: a + 1, ["a"], "b", options=here),
        Job(jobs.total, ["b"], "c"),
    ]
    assert run_jobs(chain, keep=["c"]).values["c"] == int(np.arange(1, 200_001).sum())


def test_a_value_that_cannot_travel_goes_between_tasks_in_the_drivers_process() -> None:
    here = {"in_driver": True}
    chain = [
        Job(threading.Lock, [], "lock", options=here),
        Job(lambda lock: lock.acquire(timeout=1), ["lock"], options=here),
    ]
    outcome = run_jobs(chain)
    assert outcome.status == "completed"


def test_a_value_that_cannot_travel_fails_the_task_that_makes_it_for_a_worker() -> None:
    outcome = run_jobs(
        [Job(threading.Lock, [], "lock", options={"in_driver": True}), Job(jobs.nothing, ["lock"])],
    )
    assert isinstance(outcome.failure(0).error, UnportableValueError)


def test_an_input_that_cannot_travel_fails_its_reader_and_names_it() -> None:
    outcome = run_jobs([Job(jobs.nothing, ["lock"], name="reader")], given={"lock": threading.Lock()})
    assert "'lock' of 'reader'" in str(outcome.failure(0).error)


def test_an_error_in_the_drivers_process_is_the_very_object() -> None:
    error = RuntimeError("mine")

    def fail() -> None:
        raise error

    assert run_jobs([Job(fail, options={"in_driver": True})]).failure().error is error


# --- what is told -------------------------------------------------------------------------------------------------


def test_every_task_is_told_to_start_and_then_to_end_once() -> None:
    outcome = run_jobs([Job(jobs.nothing)] * 50)
    told = [(type(e), e.task) for e in outcome.events if isinstance(e, (TaskStarted, TaskEnded))]
    assert len(told) == len(set(told)) == 100
    assert all(told.index((TaskStarted, task)) < told.index((TaskEnded, task)) for task in range(50))


def test_a_report_has_times_and_sizes() -> None:
    outcome = run_jobs([Job(jobs.big, [], "a"), Job(jobs.total, ["a"])])
    report = outcome.of(TaskEnded)[0].report
    assert report.seconds > 0 and report.started > 1e9 and dict(report.sizes)[0] > 1_600_000


def test_a_report_has_the_memory_that_the_attempt_took_and_not_what_earlier_ones_took() -> None:
    chain = [Job(lambda: jobs.use(150)), Job(lambda: jobs.use(20))]
    large, small = (e.report.peak_memory for e in run_jobs(chain, workers=1).of(TaskEnded))
    assert 140 << 20 < large < 200 << 20 and small < 60 << 20


def test_a_large_input_is_not_counted_as_memory_of_its_readers(tmp_path: Path) -> None:
    noticed, over = tmp_path / "noticed", threading.Event()

    def read(array: Any) -> None:
        jobs.total(array)
        jobs.wait_for(str(noticed))  # or it might end before the driver has looked at it

    def watch() -> None:
        while not noticed.exists() and not over.wait(0.01):
            for link in [link for each in list(pool._all) for link in list(each.links.values())]:
                if link.looks is not None and link.looks._shared > 150 << 20:
                    noticed.touch()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        chain = [Job(lambda: jobs.zeros(150), [], "a"), Job(read, ["a"]), Job(jobs.double, ["a"])]
        made, shared, doubled = (e.report.peak_memory for e in run_jobs(chain, workers=1).of(TaskEnded))
    finally:
        over.set()
        watcher.join()
    assert shared < 100 << 20 and made > 140 << 20 and doubled > 140 << 20


def test_what_a_task_writes_into_shared_memory_counts_as_its_memory() -> None:
    # Too small to be handed over, so it is there twice.
    (made,) = run_jobs([Job(lambda: [jobs.zeros(40), jobs.zeros(40)], [], "a")]).of(TaskEnded)
    assert made.report.peak_memory > 150 << 20


def test_the_memory_that_values_hold_is_told_and_told_again_when_they_are_freed() -> None:
    outcome = run_jobs([Job(lambda: jobs.zeros(80), [], "a"), Job(jobs.total, ["a"])])
    held = [event.size for event in outcome.of(ValuesHeld)]
    assert held[0] >= 80 << 20 and held[-1] < 1 << 20


def test_a_report_has_the_processor_time() -> None:
    outcome = run_jobs([Job(lambda: sum(range(2_000_000)) and None)])
    assert outcome.of(TaskEnded)[0].report.cpu_seconds > 0.005


def test_short_tasks_open_the_window() -> None:
    outcome = run_jobs([Job(jobs.nothing)] * 30)
    assert max(event.window for event in outcome.of(WindowChanged)) > 8


def test_a_task_sees_the_devices_that_it_asked_for() -> None:
    two = {"resources": Resources(gpu=2)}
    seen = [Job(lambda: jobs.environment("CUDA_VISIBLE_DEVICES"), options=options) for options in (two, {})]
    assert run_jobs(seen, workers=1).results == ["0,1", None]


def test_devices_are_those_the_user_made_visible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,7")
    one = {"resources": Resources(gpu=1)}
    assert run_jobs([Job(lambda: jobs.environment("CUDA_VISIBLE_DEVICES"), options=one)]).results == ["5"]


def test_thread_libraries_get_a_workers_share_of_the_cores() -> None:
    (found,) = run_jobs([Job(lambda: jobs.environment("OMP_NUM_THREADS"))], workers=os.cpu_count() or 1).results
    assert found == "1"


def test_a_thread_limit_that_the_user_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "13")
    assert run_jobs([Job(lambda: jobs.environment("OMP_NUM_THREADS"))]).results == ["13"]


def test_a_task_never_waits_behind_a_long_one(tmp_path: Path) -> None:
    # Many short tasks open the window; then one that waits for a file which the task behind it writes.
    signal = str(tmp_path / "go")
    short = [Job(jobs.nothing) for _ in range(60)]
    outcome = run_jobs(
        [
            *short,
            Job(lambda: jobs.wait_for(signal) and None),
            *short,
            Job(lambda: jobs.note(signal) and None),
        ]
    )
    assert outcome.status == "completed"


# --- failures -----------------------------------------------------------------------------------------------------


def test_an_error_arrives_with_its_type_and_arguments(method: str) -> None:
    error = run_jobs([Job(jobs.fail)], method=method).failure().error
    assert type(error) is KeyError and error.args == ("missing", 7)


def test_the_traceback_of_the_worker_is_the_cause() -> None:
    failure = run_jobs([Job(jobs.fail)]).failure()
    assert "in fail" in str(failure.error.__cause__) and "in fail" in failure.traceback


def test_the_traceback_begins_with_the_users_frame() -> None:
    lines = run_jobs([Job(jobs.fail)]).failure().traceback.splitlines()
    assert "engine/executors/processes/worker" not in lines[1]


def test_causes_of_an_error_arrive_with_it() -> None:
    error = run_jobs([Job(jobs.fail_with_cause)]).failure().error
    assert type(error) is ValueError and type(error.__cause__) is KeyError


def test_an_error_that_does_not_unpickle_arrives_with_type_and_attributes() -> None:
    error = run_jobs([Job(jobs.fail_awkwardly)]).failure().error
    assert isinstance(error, jobs.AwkwardError) and (error.first, error.second) == ("one", 2)


def test_an_error_that_holds_what_cannot_be_pickled_arrives_with_its_type_and_without_that() -> None:
    error = run_jobs([Job(jobs.fail_stuck)]).failure().error
    assert type(error) is jobs.StuckError and str(error) == "no way out" and not hasattr(error, "lock")


def test_an_error_that_cannot_be_made_here_has_a_stand_in_with_its_names_and_text() -> None:
    error = run_jobs([Job(jobs.fail_sealed)]).failure().error
    assert (type(error).__name__, str(error)) == ("SealedError", "no way out")


def test_the_stand_in_of_an_error_is_caught_as_the_built_in_class_that_the_error_was() -> None:
    outcome = run_jobs([Job(jobs.fail_sealed, options={"retry": RetryPolicy(attempts=2, retry_on=("OSError",))})])
    assert isinstance(outcome.failure().error, OSError)
    assert len(outcome.of(TaskFailed)) == 2


def test_a_closure_that_fails_is_shown_with_its_file_and_line() -> None:
    def fail_here() -> None:
        raise ValueError("here")

    trace = run_jobs([Job(fail_here)]).failure().traceback
    assert f'File "{__file__}"' in trace and 'raise ValueError("here")' in trace


def test_of_an_error_inside_the_package_one_frame_is_shown() -> None:
    trace = run_jobs([Job(threading.Lock, [], "a")]).failure().traceback
    assert trace.count("processes/worker.py") <= 1 and trace.count("pickling.py") <= 3


def test_leaving_the_program_in_a_task_is_a_failure_of_that_task() -> None:
    outcome = run_jobs([Job(jobs.leave), Job(jobs.pid)], workers=1)
    assert type(outcome.failure().error) is SystemExit and len(outcome.results) == 1


def test_what_a_failed_task_gave_is_removed() -> None:
    def give_and_fail(channel_value: int) -> None:
        raise RuntimeError(channel_value)

    outcome = run_jobs([Job(give_and_fail, ["a"], "b")], given={"a": 1})
    assert outcome.failure().kind is FailureKind.ERROR and outcome.executor._holdings.names() == [0]


def test_an_input_is_still_there_for_others_when_one_reader_fails() -> None:
    outcome = run_jobs([Job(jobs.big, [], "a"), Job(lambda a: jobs.fail(), ["a"]), Job(jobs.total, ["a"])])
    assert outcome.results[-1] == int(np.arange(200_000).sum())


# --- what tasks do to their worker ----------------------------------------------------------------------------------


def test_a_task_finds_the_drivers_folder_whatever_an_earlier_one_did() -> None:
    outcome = run_jobs([Job(jobs.move_away), Job(os.getcwd)], workers=1)
    assert outcome.results == [os.sep, os.getcwd()]


@pytest.mark.parametrize("leave", [jobs.fork_and_return, jobs.fork_and_exit, jobs.fork_and_fail])
def test_a_process_that_a_task_forks_does_not_answer_in_its_place(leave: Any) -> None:
    outcome = run_jobs([Job(leave), Job(jobs.pid)], workers=1)
    assert outcome.status == "completed" and outcome.results[0] == outcome.results[1]


def test_a_task_that_closes_the_standard_output_is_not_missed() -> None:
    outcome = run_jobs([Job(jobs.close_output), Job(jobs.pid)], workers=1)
    assert outcome.status == "completed"


def test_a_worker_that_cannot_answer_any_more_is_replaced_though_a_thread_of_its_task_goes_on() -> None:
    outcome = run_jobs([Job(jobs.leave_a_thread_and_close_everything), Job(jobs.pid)], workers=1)
    assert outcome.failure().exit_code == 1 and len(outcome.results) == 1


# --- cancelling ---------------------------------------------------------------------------------------------------


def test_when_a_run_stops_what_is_running_is_ended_and_what_waits_never_begins(tmp_path: Path) -> None:
    begun, late = tmp_path / "begun", tmp_path / "late"
    here, there = str(begun), str(late)

    def hang() -> None:
        Path(here).write_text("")
        jobs.hang()

    def fail() -> None:
        jobs.wait_for(here)
        jobs.fail()

    outcome = run_jobs([Job(hang), Job(fail), *[Job(lambda: jobs.note(there) and None)] * 5], on_error="stop")
    assert outcome.failure(0).kind is FailureKind.CANCELLED and not late.exists()


def test_the_pool_serves_again_after_a_run_that_stopped() -> None:
    run_jobs([Job(jobs.hang), Job(jobs.fail)], on_error="stop")
    assert len(run_jobs([Job(jobs.pid)] * 4).results) == 4


def test_leaving_with_an_error_ends_what_runs_and_leaves_a_pool_that_serves() -> None:
    running = [Job(jobs.hang)] * 2
    with pytest.raises(RuntimeError, match="no more"), ProcessExecutor(2) as executor:
        executor.begin(graph_of(running, {}, []), JobWork(running, {}, None))
        executor.submit(Submit(TaskId(0), 1))
        while not [event for event in executor.wait(None) if isinstance(event, TaskStarted)]:
            pass
        raise RuntimeError("no more")
    assert len(run_jobs([Job(jobs.pid)] * 4).results) == 4


def test_a_worker_at_rest_holds_nothing_of_the_run_that_is_over(tmp_path: Path) -> None:
    released = tmp_path / "released"
    place = str(released)

    class Held:
        def touch(self) -> None:
            """Be used."""

        def __del__(self) -> None:
            # In the worker only; the one here lives as long as this function.
            if os.getpid() != here:
                Path(place).write_text("")

    here = os.getpid()
    held = Held()
    run_jobs([Job(lambda: held.touch())], workers=1)
    assert jobs.wait_for(place) == place
