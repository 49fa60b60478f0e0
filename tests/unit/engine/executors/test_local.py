"""The executors of this process: inline, threads, and any futures executor."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from concurrent.futures.thread import BrokenThreadPool
from typing import Any

import pytest

from deodar.engine.driver import Driver
from deodar.engine.events import (
    AllReused,
    Event,
    RunEnded,
    RunStarted,
    TaskEnded,
    TaskFailed,
    TaskStarted,
    ValueFreed,
)
from deodar.engine.executors.futures import FuturesExecutor
from deodar.engine.executors.inline import InlineExecutor
from deodar.engine.executors.protocol import Channel, Executor
from deodar.engine.executors.threads import DaemonThreadPool, ThreadsExecutor
from deodar.engine.graph import TaskGraph
from deodar.engine.model import RetryPolicy, RunPolicy, TaskId, TaskSpec, ValueId, ValueSpec


class Calls:
    """Work made of one function of the task's number."""

    def __init__(self, function: Callable[[int], Any]) -> None:
        self._function = function

    def prepare(self, worker: str) -> None:
        raise AssertionError("not in the driver's process")

    def run(self, task: TaskId, attempt: int, channel: Channel | None) -> dict[str, object] | None:
        result: dict[str, object] | None = self._function(task)
        return result


class Notes:
    """An observer that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def observe(self, event: Event) -> None:
        self.events.append(event)


def graph(size: int, *, chain: bool = False, **spec: Any) -> TaskGraph:
    children = [[TaskId(n + 1)] if chain and n + 1 < size else [] for n in range(size)]
    return TaskGraph([TaskSpec(f"t{n}", **spec) for n in range(size)], [], children)


LOCAL: dict[str, Callable[[], Executor]] = {
    "inline": InlineExecutor,
    "threads": lambda: ThreadsExecutor(2),
    "futures": lambda: FuturesExecutor(ThreadPoolExecutor(2), window=2),
}


@pytest.fixture(params=LOCAL)
def executor(request: pytest.FixtureRequest) -> Executor:
    return LOCAL[request.param]()


def run(executor: Executor, graph: TaskGraph, function: Callable[[int], Any], **options: Any) -> tuple[Driver, Notes]:
    notes = Notes()
    driver = Driver(graph, executor, observers=[notes], **options)
    with executor:
        driver.run(Calls(function))
    return driver, notes


def test_every_attempt_is_told_of_by_a_start_and_one_end(executor: Executor) -> None:
    _, notes = run(executor, graph(5), lambda task: None)
    for task in range(5):
        mine = [type(e) for e in notes.events if isinstance(e, (TaskStarted, TaskEnded)) and e.task == task]
        assert mine == [TaskStarted, TaskEnded]


def test_facts_of_the_work_are_in_the_report(executor: Executor) -> None:
    _, notes = run(executor, graph(1), lambda task: {"rows": 3})
    (end,) = [e for e in notes.events if isinstance(e, TaskEnded)]
    assert end.report.facts == {"rows": 3}


def test_a_failure_keeps_the_very_error(executor: Executor) -> None:
    error = KeyError("mine")

    def fail(task: int) -> None:
        raise error

    driver, notes = run(executor, graph(1), fail)
    assert driver.scheduler.failures[TaskId(0)].error is error
    assert notes.events[-1] == RunEnded("failed")


def test_a_chain_runs_in_order(executor: Executor) -> None:
    order: list[int] = []
    run(executor, graph(20, chain=True), order.append)
    assert order == list(range(20))


def test_a_retry_waits_for_its_delay_and_then_succeeds(executor: Executor) -> None:
    tries: list[int] = []

    def second_time(task: int) -> None:
        tries.append(task)
        if len(tries) == 1:
            raise OSError("not yet")

    driver, _ = run(executor, graph(1, retry=RetryPolicy(attempts=2, delay=0.01, jitter=0.5)), second_time)
    assert driver.scheduler.done == [TaskId(0)]


def test_two_threads_really_overlap() -> None:
    meeting = threading.Barrier(2, timeout=30)
    driver, _ = run(ThreadsExecutor(2), graph(2), lambda task: meeting.wait() and None)
    assert len(driver.scheduler.done) == 2


def test_the_inline_executor_stays_in_the_callers_thread() -> None:
    seen: set[int] = set()
    run(InlineExecutor(), graph(3), lambda task: seen.add(threading.get_ident()))
    assert seen == {threading.get_ident()}


def test_an_interrupt_in_the_callers_thread_passes_through() -> None:
    def interrupt(task: int) -> None:
        raise KeyboardInterrupt

    notes = Notes()
    executor = InlineExecutor()
    with pytest.raises(KeyboardInterrupt), executor:
        Driver(graph(2), executor, observers=[notes]).run(Calls(interrupt))
    assert notes.events[-1] == RunEnded("cancelled")


def test_an_observer_that_fails_is_dropped_and_the_run_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def observe(self, event: Event) -> None:
            raise RuntimeError("I cannot watch this")

    executor = InlineExecutor()
    driver = Driver(graph(3), executor, observers=[Broken()])
    with executor:
        assert driver.run(Calls(lambda task: None)) == "completed"
    assert caplog.text.count("is not told of anything more") == 1


def test_a_task_that_the_gate_lets_off_does_not_run() -> None:
    ran: list[int] = []

    class Gate:
        def reasons_to_reuse_all(self) -> None:
            return None

        def reason_to_reuse(self, task: TaskId) -> str | None:
            return "unchanged" if task == 0 else None

    driver, _ = run(InlineExecutor(), graph(2, chain=True), ran.append, gate=Gate())
    assert ran == [1]
    assert driver.scheduler.done == [TaskId(0), TaskId(1)]


class ReusesAll:
    """A gate that knows from the start that nothing has to run."""

    def reasons_to_reuse_all(self) -> list[str]:
        return ["unchanged", "unchanged too"]

    def reason_to_reuse(self, task: TaskId) -> str:
        raise AssertionError("not asked for each task")


def test_a_run_with_nothing_to_do_tells_so_once_and_schedules_none(executor: Executor) -> None:
    specs = [TaskSpec("a", writes=(ValueId(0),)), TaskSpec("b", reads=(ValueId(0),), writes=(ValueId(1),))]
    values = [ValueSpec("x"), ValueSpec("y", kept=True)]
    freed: list[ValueId] = []
    ran: list[int] = []
    chain = TaskGraph(specs, values, [[TaskId(1)], []])
    driver, notes = run(executor, chain, ran.append, gate=ReusesAll(), on_free=freed.append)
    assert ran == []
    assert freed == [ValueId(0)]
    assert notes.events == [
        RunStarted(2, ("a", "b")),
        AllReused(["unchanged", "unchanged too"]),
        ValueFreed(ValueId(0)),
        RunEnded("completed"),
    ]
    assert "scheduler" not in vars(driver)


def test_a_graph_that_cannot_end_is_stuck_whatever_could_be_reused() -> None:
    class Gate(ReusesAll):
        def reason_to_reuse(self, task: TaskId) -> str:
            return "unchanged"

    impossible = TaskGraph([TaskSpec("a"), TaskSpec("b")], [], [[], []], [0, 1])
    _, notes = run(InlineExecutor(), impossible, lambda task: None, gate=Gate())
    assert notes.events[-1] == RunEnded("stuck")


def test_carried_values_are_not_asked_of_executors_that_carry_none(executor: Executor) -> None:
    with pytest.raises(LookupError, match="carries no values"):
        executor.fetch(ValueId(0))


def test_a_pool_that_refuses_fails_the_task_not_the_engine() -> None:
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    executor = FuturesExecutor(pool, window=1, call_for=lambda task: lambda: None)
    driver, _ = run(executor, graph(1), lambda task: None)
    assert isinstance(driver.scheduler.failures[TaskId(0)].error, RuntimeError)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("given", ["work", "calls"])
def test_a_pool_that_breaks_fails_its_tasks_instead_of_keeping_the_driver_waiting(given: str) -> None:
    def broken() -> None:
        raise OSError("no room for a thread")

    pool = ThreadPoolExecutor(1, initializer=broken)
    executor = FuturesExecutor(pool, window=1, call_for=None if given == "work" else lambda task: lambda: None)
    driver, _ = run(executor, graph(2), lambda task: None)
    assert all(isinstance(failure.error, BrokenThreadPool) for failure in driver.scheduler.failures.values())
    assert driver.scheduler.failures


def test_a_future_that_was_cancelled_is_a_failure_of_that_kind() -> None:
    class Cancelling(ThreadPoolExecutor):
        def submit(self, *arguments: Any, **options: Any) -> Future[Any]:  # type: ignore[override]
            future: Future[Any] = Future()
            future.cancel()
            future.set_running_or_notify_cancel()
            return future

    executor = FuturesExecutor(Cancelling(1), window=1, call_for=lambda task: lambda: None)
    driver, notes = run(executor, graph(1), lambda task: None, policy=RunPolicy(on_error="stop"))
    assert isinstance(driver.scheduler.failures[TaskId(0)].error, CancelledError)
    assert any(isinstance(event, TaskFailed) for event in notes.events)


# --- the pool of daemon threads ---------------------------------------------------------------------------------


def test_the_pool_runs_calls_and_hands_back_results() -> None:
    with DaemonThreadPool(2) as pool:
        assert [f.result(30) for f in [pool.submit(pow, 2, n) for n in range(5)]] == [1, 2, 4, 8, 16]


def test_the_pool_hands_back_errors() -> None:
    with DaemonThreadPool(1) as pool, pytest.raises(ZeroDivisionError):
        pool.submit(lambda: 1 / 0).result(30)


def test_the_pool_takes_nothing_after_shutdown() -> None:
    pool = DaemonThreadPool(1)
    pool.shutdown()
    with pytest.raises(RuntimeError, match="after shutdown"):
        pool.submit(print)


def test_calls_that_wait_are_dropped_when_the_pool_is_told_so() -> None:
    pool, gate = DaemonThreadPool(1), threading.Event()
    running = threading.Event()

    def hold() -> None:
        running.set()
        gate.wait(30)

    first, second = pool.submit(hold), pool.submit(print)
    assert running.wait(30)
    pool.shutdown(wait=False, cancel_futures=True)
    gate.set()
    assert (first.result(30), second.cancelled()) == (None, True)


def test_threads_of_the_pool_do_not_hold_up_the_end_of_the_process() -> None:
    with DaemonThreadPool(1) as pool:
        assert pool.submit(lambda: threading.current_thread().daemon).result(30)


def test_a_pool_needs_a_thread() -> None:
    with pytest.raises(ValueError, match="positive"):
        DaemonThreadPool(0)
