"""Which tasks are sent to a worker together."""

from __future__ import annotations

import pytest

from deodar.engine.commands import Submit
from deodar.engine.executors._pace import Pace
from deodar.engine.executors.cluster.grouping import CALM, MOST, WORTH, Grouping
from deodar.engine.model import Resources, TaskId, TaskSpec, ValueId

ORDER = Submit(TaskId(0), 1)
SHORT = 0.0001


def grouping(seconds: float | None = SHORT, slots: int = 2) -> Grouping:
    pace = Pace(slots)
    if seconds is not None:
        pace.note(seconds)
    return Grouping(slots, pace)


def test_as_long_as_nothing_is_known_each_goes_by_itself() -> None:
    assert grouping(None).most == 1


@pytest.mark.parametrize(("seconds", "most"), [(SHORT, MOST), (WORTH / 3, 3), (WORTH, 1), (10.0, 1)])
def test_the_longer_tasks_are_the_fewer_go_together(seconds: float, most: int) -> None:
    assert grouping(seconds).most == most


def test_after_something_large_was_written_each_goes_by_itself_for_a_while() -> None:
    known = grouping()
    known.note(10_000_000)
    assert known.most == 1
    for _ in range(CALM):
        known.note(100)
    assert known.most == MOST


@pytest.mark.parametrize(
    "spec",
    [
        TaskSpec("limited", timeout=5.0),
        TaskSpec("on a device", resources=Resources(gpu=1)),
        TaskSpec("heavy", resources=Resources(memory=10**9)),
        TaskSpec("long in earlier runs", cost=30.0),
        TaskSpec("with a large input", reads=(ValueId(7),)),
    ],
    ids=lambda spec: spec.name,
)
def test_what_must_be_seen_to_by_itself_does_not_join(spec: TaskSpec) -> None:
    assert not grouping().may_join(ORDER, spec, {ValueId(7): 10_000_000})


def test_what_is_tried_again_does_not_join() -> None:
    assert grouping().may_join(ORDER, TaskSpec("plain"), {})
    assert not grouping().may_join(Submit(TaskId(0), 2), TaskSpec("plain"), {})


def test_workers_without_work_are_served_before_batches_are_filled() -> None:
    assert [len(batch) for batch in grouping().split(range(8), out=0)] == [2, 2, 2, 2]
    assert [len(batch) for batch in grouping().split(range(8), out=4)] == [8]


def test_no_batch_is_larger_than_it_may_be_and_what_is_first_starts_first() -> None:
    batches = grouping().split(range(100), out=50)
    assert max(map(len, batches)) <= MOST
    assert [batch[0] for batch in batches] == list(range(len(batches)))
    assert sorted(thing for batch in batches for thing in batch) == list(range(100))
