"""How many tasks a worker has at hand."""

from __future__ import annotations

import threading

from deodar.engine.executors._pace import Pace
from deodar.engine.executors._worker import Meter


def depth_after(pace: Pace, *seconds: float) -> int:
    for duration in seconds:
        pace.note(duration)
    return pace.depth


def test_long_tasks_are_not_queued_behind_each_other() -> None:
    assert depth_after(Pace(2), 1.0) == 1


def test_a_brief_task_has_the_next_one_behind_it() -> None:
    assert depth_after(Pace(2), 0.05) == 2


def test_short_tasks_are_as_many_as_the_caller_allows() -> None:
    assert depth_after(Pace(2), 1e-6) == 32
    assert depth_after(Pace(2, 128), 1e-6) == 128


def test_the_window_is_that_of_all_workers() -> None:
    pace = Pace(3, 128)
    pace.note(1e-6)
    assert pace.window == 3 * 128


def test_in_a_process_of_others_their_threads_are_not_counted() -> None:
    alone, among_others = Meter(), Meter(alone=False)
    alone.start()
    among_others.start()
    other = threading.Thread(target=sum, args=(range(3_000_000),))
    other.start()
    other.join()
    # The other thread does all of the work, and this one waits.
    assert among_others.stop()[0] < alone.stop()[0] / 2
