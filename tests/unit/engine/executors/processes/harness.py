"""Small runs on worker processes: jobs are functions, values are named. Imports no test framework: workers load it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from deodar.engine.driver import Driver
from deodar.engine.events import Event, TaskFailed, WorkerLost
from deodar.engine.executors.processes import ProcessExecutor
from deodar.engine.executors.protocol import Channel
from deodar.engine.graph import TaskGraph
from deodar.engine.model import Failure, RunPolicy, TaskSpec, ValueId, ValueSpec


@dataclass
class Job:
    """A task: ``call`` gets what it ``reads`` and returns what it ``writes``."""

    call: Callable[..., Any]
    reads: Sequence[str] = ()
    writes: str | None = None
    name: str = ""
    options: dict[str, Any] = field(default_factory=dict)


class JobWork:
    def __init__(self, jobs: Sequence[Job], numbers: dict[str, int], prepare: Callable[[], None] | None) -> None:
        self.jobs = list(jobs)
        self.numbers = numbers
        self._prepare = prepare

    def __getstate__(self) -> dict[str, Any]:
        jobs = [None if job.options.get("in_driver") else job for job in self.jobs]
        return {**self.__dict__, "jobs": jobs}

    def prepare(self, worker: str) -> None:
        if self._prepare is not None:
            self._prepare()

    def run(self, task: int, attempt: int, channel: Channel | None) -> dict[str, object] | None:
        assert channel is not None
        job = self.jobs[task]
        result = job.call(*[channel.take(ValueId(self.numbers[name])) for name in job.reads])
        if job.writes is not None:
            channel.give(ValueId(self.numbers[job.writes]), result)
            return None
        return {"result": result}


@dataclass
class Outcome:
    status: str
    events: list[Event]
    executor: ProcessExecutor
    driver: Driver
    values: dict[str, Any]

    def failure(self, task: int = 0) -> Failure:
        return self.driver.scheduler.failures[task]

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def results(self) -> list[Any]:
        ended = {e.task: e.report.facts.get("result") for e in self.events if type(e).__name__ == "TaskEnded"}
        return [ended[task] for task in sorted(ended)]


class Recorder:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def observe(self, event: Event) -> None:
        self.events.append(event)


def graph_of(jobs: Sequence[Job], values: dict[str, int], kept: Sequence[str]) -> TaskGraph:
    makers = {job.writes: number for number, job in enumerate(jobs) if job.writes}
    children: list[list[int]] = [[] for _ in jobs]
    for number, job in enumerate(jobs):
        for maker in sorted({makers[name] for name in job.reads if name in makers}):
            children[maker].append(number)
    tasks = [
        TaskSpec(
            job.name or f"task {number}",
            tuple(ValueId(values[name]) for name in job.reads),
            () if job.writes is None else (ValueId(values[job.writes]),),
            **job.options,
        )
        for number, job in enumerate(jobs)
    ]
    specs = [ValueSpec(name, carried=True, kept=name in kept) for name in values]
    return TaskGraph(tasks, specs, children)


def run_jobs(
    jobs: Sequence[Job],
    *,
    given: dict[str, Any] | None = None,
    keep: Sequence[str] = (),
    workers: int = 2,
    on_error: str = "continue",
    prepare: Callable[[], None] | None = None,
    observers: Sequence[Any] = (),
    **options: Any,
) -> Outcome:
    """Run jobs to the end and return all that can be known of it; ``keep`` names the values to fetch."""
    given = given or {}
    names = [*given, *(name for job in jobs for name in (*job.reads, job.writes) if name)]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    graph = graph_of(jobs, numbers, [*keep, *given])
    recorder, values = Recorder(), {}
    with ProcessExecutor(workers, **options) as executor:
        driver = Driver(
            graph,
            executor,
            observers=[recorder, *observers],
            policy=RunPolicy(on_error=on_error),  # type: ignore[arg-type]
            seed=lambda e: [e.put(ValueId(numbers[name]), data) for name, data in given.items()] and None,
        )
        status = driver.run(JobWork(jobs, numbers, prepare))
        values = {name: executor.fetch(ValueId(numbers[name])) for name in keep}
    return Outcome(status, recorder.events, executor, driver, values)


def failed_tasks(outcome: Outcome) -> list[int]:
    return [event.task for event in outcome.of(TaskFailed)]


def lost_workers(outcome: Outcome) -> list[WorkerLost]:
    return outcome.of(WorkerLost)
