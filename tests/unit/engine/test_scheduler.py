"""The scheduler's decisions, one by one."""

from __future__ import annotations

from deodar.engine.commands import Announce, Cancel, Finish, Free, Submit, Wake
from deodar.engine.events import (
    Interrupted,
    RetryDue,
    TaskEnded,
    TaskFailed,
    TaskRetried,
    TaskReused,
    TaskSkipped,
    ValuesHeld,
    WindowChanged,
)
from deodar.engine.graph import TaskGraph
from deodar.engine.model import (
    Failure,
    FailureKind,
    Resources,
    RetryPolicy,
    RunPolicy,
    TaskId,
    TaskReport,
    TaskSpec,
    ValueId,
    ValueSpec,
)
from deodar.engine.scheduler import Scheduler

A, B, C = TaskId(0), TaskId(1), TaskId(2)


def ended(task: TaskId) -> TaskEnded:
    return TaskEnded(task, 1, TaskReport(0.0, 0.0), "w")


def failed(task: TaskId, kind: FailureKind = FailureKind.ERROR, error: BaseException | None = None) -> TaskFailed:
    return TaskFailed(task, 1, Failure(kind, error or ValueError("x")), "w")


def chain(**first: object) -> TaskGraph:
    tasks = [TaskSpec("a", writes=(ValueId(0),), **first), TaskSpec("b", reads=(ValueId(0),))]  # type: ignore[arg-type]
    return TaskGraph(tasks, [ValueSpec("v")], [[B], []])


def test_an_empty_graph_is_completed_at_once() -> None:
    assert Scheduler(TaskGraph([], [], []), window=1).start() == [Finish("completed")]


def test_a_value_is_freed_before_the_next_task_is_submitted() -> None:
    graph = TaskGraph(
        [TaskSpec("a", writes=(ValueId(0),)), TaskSpec("b", reads=(ValueId(0),)), TaskSpec("c")],
        [ValueSpec("v")],
        [[B], [C], []],
    )
    scheduler = Scheduler(graph, window=1)
    assert scheduler.start() == [Submit(A, 1)]
    assert scheduler.handle(ended(A)) == [Submit(B, 1)]
    assert scheduler.handle(ended(B)) == [Free(ValueId(0)), Submit(C, 1)]


def test_a_reused_task_wakes_its_children_like_one_that_ran() -> None:
    scheduler = Scheduler(chain(), window=1)
    scheduler.start()
    assert scheduler.handle(TaskReused(A, "unchanged")) == [Submit(B, 1)]


def test_tasks_that_wait_for_parents_outside_the_graph_are_stuck() -> None:
    graph = TaskGraph([TaskSpec("a"), TaskSpec("b")], [], [[], []], waits=[0, 1])
    scheduler = Scheduler(graph, window=2)
    scheduler.start()
    assert scheduler.handle(ended(A)) == [Finish("stuck")]


def test_a_failed_task_with_attempts_left_waits_with_backoff() -> None:
    policy = RetryPolicy(attempts=3, delay=2.0, backoff=3.0, jitter=0.5)
    scheduler = Scheduler(chain(retry=policy), window=1)
    scheduler.start()
    assert scheduler.handle(failed(A)) == [Announce(TaskRetried(A, 2, 2.0)), Wake(A, 2.0, 1.0)]
    assert scheduler.handle(RetryDue(A)) == [Submit(A, 2)]
    assert scheduler.handle(failed(A)) == [Announce(TaskRetried(A, 3, 6.0)), Wake(A, 6.0, 3.0)]


def test_only_the_named_errors_and_their_subclasses_are_retried() -> None:
    scheduler = Scheduler(chain(retry=RetryPolicy(attempts=2, retry_on=("OSError",))), window=1)
    scheduler.start()
    assert any(isinstance(c, Wake) for c in scheduler.handle(failed(A, error=ConnectionError("gone"))))
    other = Scheduler(chain(retry=RetryPolicy(attempts=2, retry_on=("OSError",))), window=1)
    other.start()
    assert other.handle(failed(A, error=ValueError("no"))) == [Finish("failed")]


def test_a_task_killed_for_memory_runs_again_alone() -> None:
    graph = TaskGraph([TaskSpec("a", retry=RetryPolicy(alone_after_memory=True)), TaskSpec("b")], [], [[], []])
    scheduler = Scheduler(graph, window=2)
    assert scheduler.start() == [Submit(A, 1), Submit(B, 1)]
    assert scheduler.handle(failed(A, FailureKind.MEMORY)) == [Announce(TaskRetried(A, 2, 0.0))]
    assert scheduler.handle(ended(B)) == [Submit(A, 2, alone=True)]
    assert scheduler.handle(failed(A, FailureKind.MEMORY)) == [Finish("failed")]


def test_nothing_is_submitted_beside_a_task_that_runs_alone() -> None:
    tasks = [TaskSpec("a", retry=RetryPolicy(alone_after_memory=True)), TaskSpec("b"), TaskSpec("c")]
    scheduler = Scheduler(TaskGraph(tasks, [], [[], [], []]), window=1)
    scheduler.start()
    assert Submit(A, 2, alone=True) in scheduler.handle(failed(A, FailureKind.MEMORY))
    assert scheduler.handle(WindowChanged(3)) == []
    assert scheduler.handle(ended(A)) == [Submit(B, 1), Submit(C, 1)]


def test_stop_cancels_what_is_running() -> None:
    graph = TaskGraph([TaskSpec("a"), TaskSpec("b")], [], [[], []])
    scheduler = Scheduler(graph, window=2, policy=RunPolicy(on_error="stop"))
    scheduler.start()
    assert scheduler.handle(failed(A)) == [Cancel(B)]
    assert scheduler.handle(failed(B, FailureKind.CANCELLED)) == [Finish("failed")]


def test_continue_frees_what_only_skipped_tasks_would_have_read() -> None:
    tasks = [
        TaskSpec("a", writes=(ValueId(0),)),
        TaskSpec("b", writes=(ValueId(1),)),
        TaskSpec("c", reads=(ValueId(0), ValueId(1))),
    ]
    graph = TaskGraph(tasks, [ValueSpec("u"), ValueSpec("v")], [[C], [C], []])
    scheduler = Scheduler(graph, window=1, policy=RunPolicy(on_error="continue"))
    scheduler.start()
    scheduler.handle(ended(A))
    commands = scheduler.handle(failed(B))
    assert Announce(TaskSkipped(C, B)) in commands
    assert Free(ValueId(0)) in commands


def test_an_interrupted_run_ends_as_cancelled_when_its_tasks_have_ended() -> None:
    scheduler = Scheduler(chain(), window=1)
    scheduler.start()
    assert scheduler.handle(Interrupted()) == [Cancel(A)]
    assert scheduler.handle(failed(A, FailureKind.CANCELLED)) == [Finish("cancelled")]


def test_memory_that_values_hold_is_nothing_that_tasks_can_have() -> None:
    specs = [TaskSpec(f"t{n}", resources=Resources(memory=40)) for n in range(3)]
    policy = RunPolicy(budget=Resources(cpu=8, memory=100))
    scheduler = Scheduler(TaskGraph(specs, [], [[], [], []]), window=8, policy=policy)
    assert scheduler.start() == [Submit(TaskId(0), 1), Submit(TaskId(1), 1)]
    scheduler.handle(ValuesHeld(30))
    assert scheduler.handle(ended(TaskId(0))) == []
    assert scheduler.handle(ValuesHeld(0)) == [Submit(TaskId(2), 1)]


def test_the_start_of_the_dearest_chain_is_preferred_by_cost() -> None:
    tasks = [TaskSpec("short", cost=1), TaskSpec("head", cost=1), TaskSpec("tail", cost=9)]
    graph = TaskGraph(tasks, [], [[], [C], []])
    scheduler = Scheduler(graph, window=1, policy=RunPolicy(by_cost=True))
    assert scheduler.start() == [Submit(B, 1)]
