"""How many tasks a worker has at hand."""

from __future__ import annotations

from deodar.engine.executors._pace import Pace


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
