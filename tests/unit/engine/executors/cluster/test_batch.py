"""Attempts that a worker of a cluster is given together."""

from __future__ import annotations

import pickle
from typing import Any

from deodar.engine.executors._wire import DONE, FAILED, LOG
from deodar.engine.executors.cluster.batch import SMALL_ENOUGH, Advance, Batch
from deodar.engine.executors.cluster.worker import Assignment, Correspondent, Ended, NobodyListensError
from deodar.engine.model import TaskId, ValueId
from deodar.engine.transport.parcel import Parcel

FIRST, SECOND, THIRD = (Assignment(TaskId(number), 1) for number in range(3))
LONG = 1000.0
"""Seconds that are not over in a test."""


class Listener:
    def __init__(self) -> None:
        self.listens = True
        self.heard: list[Advance] = []

    def tell(self, news: Advance) -> None:
        if not self.listens:
            raise NobodyListensError
        self.heard.append(news)


def nobody(message: bytes) -> None:
    raise NobodyListensError


def ended(assignment: Assignment, kind: int = DONE, size: int = 10, said: str | None = None) -> Ended:
    correspondent = Correspondent(assignment, "worker", nobody)
    if said is not None:
        correspondent.note(LOG, said)
    given = {ValueId(int(assignment.task)): Parcel(bytes(size))} if kind == DONE else {}
    return Ended(assignment, correspondent, (kind,), given)


def notes_of(message: bytes) -> Any:
    return pickle.loads(message)[4]


def batch(listener: Listener, seconds: float = LONG) -> Batch:
    return Batch(7, [FIRST, SECOND, THIRD], listener.tell, seconds=seconds)


def batch_at_its_second(listener: Listener, first: Ended) -> Batch:
    """Return a batch whose first attempt is over, and whose second has begun."""
    known = batch(listener)
    known.next()
    known.add(first)
    known.next()
    return known


def test_attempts_begin_in_their_order() -> None:
    known = batch(Listener())
    begun = []
    while (assignment := known.next()) is not None:
        begun.append(assignment)
        known.add(ended(assignment))
    assert begun == [FIRST, SECOND, THIRD]
    assert [one.assignment for one in known.ended] == begun


def test_nothing_begins_after_a_failure() -> None:
    known = batch(Listener())
    known.next()
    known.add(ended(FIRST, FAILED))
    assert known.next() is None
    assert [one.assignment for one in known.ended] == [FIRST]


def test_when_the_time_is_over_nothing_begins_but_the_first_does_in_any_case() -> None:
    known = batch(Listener(), seconds=0.0)
    assert known.next() == FIRST
    known.add(ended(FIRST))
    assert known.next() is None


def test_while_one_goes_on_what_ended_is_told_and_what_waits_is_handed_back() -> None:
    listener = Listener()
    known = batch_at_its_second(listener, ended(FIRST, said="done"))
    known.send_ahead()
    (news,) = listener.heard
    assert (news.batch, news.back) == (7, (THIRD,))
    ((assignment, message, values),) = news.ended
    assert (assignment, notes_of(message), values) == (FIRST, [(LOG, "done")], {ValueId(0): bytes(10)})
    assert known.next() is None


def test_what_was_told_is_not_told_again() -> None:
    listener = Listener()
    known = batch_at_its_second(listener, ended(FIRST, said="done"))
    known.send_ahead()
    known.send_ahead()
    assert len(listener.heard) == 1
    assert notes_of(known.ended[0].message()) == []


def test_a_large_value_comes_at_the_end_of_the_batch() -> None:
    listener = Listener()
    known = batch_at_its_second(listener, ended(FIRST, size=SMALL_ENOUGH + 1))
    known.send_ahead()
    assert [(news.ended, news.back) for news in listener.heard] == [((), (THIRD,))]


def test_as_long_as_nobody_listens_nothing_is_lost() -> None:
    listener = Listener()
    known = batch_at_its_second(listener, ended(FIRST, said="done"))
    listener.listens = False
    known.send_ahead()
    listener.listens = True
    known.send_ahead()
    (news,) = listener.heard
    assert notes_of(news.ended[0][1]) == [(LOG, "done")]
    assert news.back == (THIRD,)
