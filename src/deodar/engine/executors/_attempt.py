"""One attempt at a task in this process, timed, and said how it ended."""

from __future__ import annotations

import time

from ..commands import Submit
from ..events import TaskEnded, TaskFailed
from ..model import Failure, FailureKind, TaskReport
from .protocol import Channel, Work

NO_FACTS: dict[str, object] = {}


def run_attempt(
    work: Work | None,
    order: Submit,
    worker: str,
    *,
    catch: type[BaseException] = Exception,
    channel: Channel | None = None,
    measured: bool = True,
) -> TaskEnded | TaskFailed:
    """Run one attempt in this thread.

    Args:
        catch: what counts as the task's failure; anything else (``KeyboardInterrupt`` in the driver's thread)
            passes through.
        measured: note the CPU time; it takes two system calls, several microseconds.
    """
    started, clock, cpu = time.time(), time.perf_counter(), time.thread_time() if measured else 0.0
    try:
        if work is None:
            raise RuntimeError("The executor was given no work: call begin() first.")
        facts = work.run(order.task, order.attempt, channel)
    except catch as error:
        return TaskFailed(order.task, order.attempt, Failure(FailureKind.ERROR, error), worker)
    seconds = time.perf_counter() - clock
    cpu = time.thread_time() - cpu if measured else 0.0
    report = TaskReport(started, seconds, cpu, 0, (), NO_FACTS if facts is None else facts)
    return TaskEnded(order.task, order.attempt, report, worker)
