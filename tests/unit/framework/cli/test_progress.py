"""What the terminal shows of a run."""

from __future__ import annotations

import pytest

from deodar.engine.events import (
    RunEnded,
    RunStarted,
    TaskEnded,
    TaskFailed,
    TaskRetried,
    TaskReused,
    TaskSkipped,
    TaskStarted,
)
from deodar.engine.model import Failure, FailureKind, TaskId, TaskReport
from deodar.framework.cli._progress import RunTally, span, status_line, summary


def tally(*events: object, names: tuple[str, ...] = ("a", "b", "c")) -> RunTally:
    made = RunTally()
    for event in (RunStarted(len(names), names), *events):
        made.observe(event)  # type: ignore[arg-type]
    return made


def ended(task: int, seconds: float = 0.0) -> TaskEnded:
    return TaskEnded(TaskId(task), 1, TaskReport(0.0, seconds), "w")


def failed(task: int) -> TaskFailed:
    return TaskFailed(TaskId(task), 1, Failure(FailureKind.ERROR, ValueError("first line\nsecond")), "w")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (9.94, "9.9 s"), (12, "12 s"), (185, "3 min 05 s"), (7800, "2 h 10 min")]
)
def test_durations_read_as_people_say_them(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_a_run_that_went_well_is_one_line() -> None:
    (line,) = summary(tally(ended(0), ended(1), ended(2), RunEnded("completed")))
    assert line.startswith("Done: 3 nodes in 0.0 s (3 run)")


def test_slow_nodes_are_named_slowest_first() -> None:
    lines = summary(tally(ended(0, 1.0), ended(1, 3.0), ended(2, 0.1), RunEnded("completed")))
    assert lines[1] == "  slowest  b 3.0 s, a 1.0 s"


def test_failed_and_skipped_nodes_are_listed_with_the_reason() -> None:
    lines = summary(tally(failed(0), TaskSkipped(TaskId(1), TaskId(0)), ended(2), RunEnded("failed")))
    assert lines[0].startswith("Failed: 3 nodes")
    assert "  failed   a: ValueError: first line" in lines
    assert "  skipped  b, because a failed" in lines


def test_what_was_reused_and_retried_is_counted() -> None:
    events = (TaskReused(TaskId(0), "unchanged"), failed(1), TaskRetried(TaskId(1), 2, 0.0), ended(1), ended(2))
    (line,) = summary(tally(*events, RunEnded("completed")))
    assert "(2 run, 1 reused, 1 retries)" in line


def test_what_never_started_is_counted() -> None:
    assert "2 not started" in summary(tally(failed(0), RunEnded("failed")))[0]


def test_the_moving_line_says_how_far_and_what_runs_longest() -> None:
    line = status_line(tally(ended(0), TaskStarted(TaskId(1), 1, "w"), TaskStarted(TaskId(2), 1, "w")), 200)
    assert " 1/3 " in line
    assert "b (0.0 s) and 1 more" in line


def test_the_moving_line_fits_the_terminal() -> None:
    assert len(status_line(tally(TaskStarted(TaskId(0), 1, "w"), names=("x" * 300,)), 80)) < 80
