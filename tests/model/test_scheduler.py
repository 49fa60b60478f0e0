"""The scheduler against a naive oracle, on random graphs whose tasks end in random order."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from deodar.engine.commands import Submit
from deodar.engine.driver import Driver
from deodar.engine.executors.scripted import ScriptedExecutor
from deodar.engine.graph import TaskGraph
from deodar.engine.model import (
    OnError,
    Resources,
    RetryPolicy,
    RunPolicy,
    TaskId,
    TaskSpec,
    ValueId,
    ValueSpec,
)


@dataclass
class Case:
    """A random run: task ``i`` writes value ``i`` and reads the values of its parents."""

    parents: list[list[int]]
    window: int
    picks: list[int]
    failing: set[int] = field(default_factory=set)
    by_cost: bool = False

    @property
    def size(self) -> int:
        return len(self.parents)

    def graph(self, retry: RetryPolicy | None = None) -> TaskGraph:
        children: list[list[TaskId]] = [[] for _ in self.parents]
        for task, parents in enumerate(self.parents):
            for parent in parents:
                children[parent].append(TaskId(task))
        tasks = [
            TaskSpec(
                f"t{task}",
                reads=tuple(ValueId(p) for p in parents),
                writes=(ValueId(task),),
                retry=retry or RetryPolicy(),
            )
            for task, parents in enumerate(self.parents)
        ]
        values = [ValueSpec(f"v{task}", kept=not children[task]) for task in range(self.size)]
        return TaskGraph(tasks, values, children)

    def run(self, on_error: OnError = "drain", retry: RetryPolicy | None = None) -> tuple[Driver, ScriptedExecutor]:
        picks = iter(self.picks * (4 * self.size + 4))

        def script(running: list[Submit]) -> tuple[Submit, BaseException | None]:
            order = running[next(picks) % len(running)]
            return order, ValueError(str(order.task)) if order.task in self.failing else None

        executor = ScriptedExecutor(script, window=self.window)
        policy = RunPolicy(on_error=on_error, by_cost=self.by_cost)
        driver = Driver(self.graph(retry), executor, policy=policy)
        driver.run(work=None)  # type: ignore[arg-type]  # the script is the work
        return driver, executor

    def descendants(self, roots: set[int]) -> set[int]:
        found: set[int] = set()
        for task in range(self.size):
            if any(parent in roots or parent in found for parent in self.parents[task]):
                found.add(task)
        return found


@st.composite
def cases(draw: st.DrawFn, *, failures: bool = False) -> Case:
    size = draw(st.integers(1, 14))
    parents = [sorted(draw(st.sets(st.integers(0, task - 1), max_size=4))) if task else [] for task in range(size)]
    failing = draw(st.sets(st.integers(0, size - 1), min_size=1, max_size=3)) if failures else set()
    return Case(
        parents,
        draw(st.integers(1, 5)),
        draw(st.lists(st.integers(0, 20), min_size=1, max_size=20)),
        failing,
        draw(st.booleans()),
    )


def assert_parents_first(case: Case, driver: Driver, executor: ScriptedExecutor) -> None:
    """No task was submitted that has a parent which did not end well."""
    done = set(driver.scheduler.done)
    for order in executor.submitted:
        assert set(case.parents[order.task]) <= done


@given(cases())
def test_every_task_runs_once_after_its_parents_within_the_window(case: Case) -> None:
    driver, executor = case.run()
    assert sorted(driver.scheduler.done) == list(range(case.size))
    assert len(executor.submitted) == case.size
    assert executor.most_running <= case.window
    position = {task: number for number, task in enumerate(driver.scheduler.done)}
    assert all(position[parent] < position[task] for task in range(case.size) for parent in case.parents[task])


@given(cases())
def test_a_window_that_has_room_is_never_left_empty_while_a_task_is_ready(case: Case) -> None:
    done: set[int] = set()
    idle: list[tuple[int, set[int]]] = []

    def script(running: list[Submit]) -> tuple[Submit, None]:
        names = {order.task for order in running}
        ready = {t for t in range(case.size) if t not in done | names and set(case.parents[t]) <= done}
        idle.append((len(running), ready))
        done.add(running[0].task)
        return running[0], None

    executor = ScriptedExecutor(script, window=case.window)
    Driver(case.graph(), executor).run(work=None)  # type: ignore[arg-type]
    assert all(running == case.window or not ready for running, ready in idle)


@given(cases())
def test_with_one_slot_and_no_costs_the_order_of_the_graph_is_kept(case: Case) -> None:
    case.window, case.by_cost = 1, False
    driver, _ = case.run()
    assert driver.scheduler.done == list(range(case.size))


@given(cases())
def test_each_value_is_freed_once_and_only_those_that_are_not_kept(case: Case) -> None:
    _, executor = case.run()
    kept = {value for value, spec in enumerate(case.graph().values) if spec.kept}
    assert sorted(executor.freed) == sorted(set(range(case.size)) - kept)


@given(cases(failures=True))
def test_continue_runs_all_that_does_not_depend_on_a_failure(case: Case) -> None:
    driver, executor = case.run("continue")
    after = case.descendants(case.failing)
    assert set(driver.scheduler.skipped) == after
    assert set(driver.scheduler.failures) == case.failing - after
    assert set(driver.scheduler.done) == set(range(case.size)) - case.failing - after
    assert_parents_first(case, driver, executor)


@given(cases(failures=True))
def test_every_skipped_task_names_a_failed_ancestor(case: Case) -> None:
    driver, _ = case.run("continue")
    for task, because in driver.scheduler.skipped.items():
        assert because in driver.scheduler.failures
        assert task in case.descendants({because})


@given(cases(failures=True))
def test_stop_submits_nothing_after_the_first_failure(case: Case) -> None:
    picks = iter(case.picks * (4 * case.size + 4))
    submitted_at_failure: list[int] = []

    def script(running: list[Submit]) -> tuple[Submit, BaseException | None]:
        order = running[next(picks) % len(running)]
        if order.task not in case.failing:
            return order, None
        submitted_at_failure.append(len(executor.submitted))
        return order, ValueError(str(order.task))

    executor = ScriptedExecutor(script, window=case.window)
    driver = Driver(case.graph(), executor, policy=RunPolicy(on_error="stop"))
    driver.run(work=None)  # type: ignore[arg-type]  # the script is the work
    assert len(executor.submitted) == submitted_at_failure[0]
    assert len(driver.scheduler.done) + len(driver.scheduler.failures) == len(executor.submitted)


@given(cases(failures=True))
def test_drain_runs_what_was_ready_and_nothing_that_became_ready_later(case: Case) -> None:
    driver, executor = case.run("drain")
    done_before: set[int] = set()
    picks = iter(case.picks * (4 * case.size + 4))
    # The oracle replays the run by hand, with plain sets.
    waiting = {t: set(p) for t, p in enumerate(case.parents)}
    order = [s.task for s in executor.submitted]
    running: list[int] = []
    submitted, failed = 0, False
    allowed = {t for t, p in waiting.items() if not p}
    while submitted < len(order) or running:
        while len(running) < case.window and submitted < len(order) and order[submitted] in allowed:
            running.append(order[submitted])
            submitted += 1
        assert running, "something was submitted that was not allowed"
        task = running.pop(next(picks) % len(running))
        if task in case.failing:
            failed = True
            continue
        done_before.add(task)
        if not failed:
            allowed |= {t for t, p in waiting.items() if p <= done_before}
    assert done_before == set(driver.scheduler.done)
    assert set(order) == allowed


@given(cases(failures=True), st.integers(2, 4))
def test_a_task_is_tried_as_often_as_its_policy_allows(case: Case, attempts: int) -> None:
    driver, executor = case.run("continue", RetryPolicy(attempts=attempts))
    tried = [order.attempt for order in executor.submitted if order.task in driver.scheduler.failures]
    assert sorted(tried) == sorted(list(range(1, attempts + 1)) * len(driver.scheduler.failures))


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 5), st.booleans()), min_size=1, max_size=12),
    st.integers(1, 6),
    st.lists(st.integers(0, 9), min_size=1),
)
def test_what_runs_together_never_exceeds_the_budget(
    demands: list[tuple[int, int, bool]], window: int, picks: list[int]
) -> None:
    budget = Resources(cpu=3, memory=6, tokens=(("excel", 1),))
    tasks = [
        TaskSpec(f"t{n}", resources=Resources(cpu=cpu, memory=memory, tokens=(("excel", 1),) if token else ()))
        for n, (cpu, memory, token) in enumerate(demands)
    ]
    numbers = iter(picks * 20)
    worst: list[tuple[float, int, int]] = []

    def script(running: list[Submit]) -> tuple[Submit, None]:
        held = [tasks[order.task].resources for order in running]
        worst.append((sum(r.cpu for r in held), sum(r.memory for r in held), sum(len(r.tokens) for r in held)))
        return running[next(numbers) % len(running)], None

    executor = ScriptedExecutor(script, window=window)
    driver = Driver(TaskGraph(tasks, [], [[] for _ in tasks]), executor, policy=RunPolicy(budget=budget))
    assert driver.run(work=None) == "completed"  # type: ignore[arg-type]
    assert all(cpu <= 3 and memory <= 6 and tokens <= 1 for cpu, memory, tokens in worst)
    assert len(driver.scheduler.done) == len(tasks)
