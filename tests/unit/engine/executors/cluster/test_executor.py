"""The driver's side of a cluster, with an engine that launches nothing by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from deodar.engine.commands import Submit
from deodar.engine.events import TaskFailed
from deodar.engine.executors.cluster.executor import ClusterExecutor
from deodar.engine.executors.cluster.flight import Flight
from deodar.engine.executors.cluster.worker import Mission
from deodar.engine.graph import TaskGraph
from deodar.engine.model import FailureKind, Resources, TaskId, TaskSpec, ValueId
from deodar.engine.transport.parcel import Parcel


class IdleCluster(ClusterExecutor[Any]):
    """Takes what is posted, and never launches it."""

    def __init__(self) -> None:
        super().__init__("idle", Resources(2.0))
        self.posted: list[Flight] = []

    def _open(self, mission: Mission) -> None:
        """Nobody has to know of it."""

    def _post(self, flight: Flight) -> None:
        self.posted.append(flight)

    def _harvest(self, flight: Flight, written: Mapping[ValueId, int]) -> Mapping[ValueId, Any]:
        raise AssertionError("nothing ends here")

    def _hold(self, parcel: Parcel) -> Any:
        return parcel

    def _bring_all(self, values: Sequence[ValueId]) -> dict[ValueId, Parcel]:
        return {value: self._refs[value] for value in values}

    def _end(self, flight: Flight) -> None:
        raise AssertionError("nothing runs here")

    def _given_up(self, flight: Flight) -> BaseException | None:
        return None

    def ask_workers(self, function: Callable[..., Any], *arguments: Any) -> dict[str, Any]:
        return {}

    def _shut(self) -> None:
        """Nothing is open."""


class NoWork:
    def prepare(self, worker: str) -> None:
        """Nothing to do."""

    def run(self, task: TaskId, attempt: int, channel: Any) -> None:
        """Nothing to do."""


def test_a_task_that_is_cancelled_before_it_was_launched_has_ended() -> None:
    with IdleCluster() as cluster:
        cluster.begin(TaskGraph([TaskSpec("first"), TaskSpec("second")], [], [(), ()]), NoWork())
        cluster.submit(Submit(TaskId(0), 1))
        cluster.submit(Submit(TaskId(1), 1))
        cluster.cancel(TaskId(0))
        (event,) = cluster.wait(0.0)
        assert isinstance(event, TaskFailed)
        assert (event.task, event.failure.kind) == (TaskId(0), FailureKind.CANCELLED)
        assert [cluster._is_active(flight) for flight in cluster.posted] == [False, True]
