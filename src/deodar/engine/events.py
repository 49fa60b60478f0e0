"""What happened. The one vocabulary: the scheduler decides on it, the journal stores it, displays show it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from .._records import dataclass
from .model import Failure, TaskId, TaskReport, ValueId

RunStatus = Literal["completed", "failed", "cancelled", "stuck"]


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run begins.

    Attributes:
        tasks: how many there are.
        names: of the tasks, by number.
    """

    tasks: int
    names: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class RunEnded:
    """A run is over; nothing of it is running any more."""

    status: RunStatus


@dataclass(frozen=True, slots=True)
class TaskStarted:
    """An attempt begins on a worker."""

    task: TaskId
    attempt: int
    worker: str


@dataclass(frozen=True, slots=True)
class TaskEnded:
    """An attempt ended well: all that the task writes is there."""

    task: TaskId
    attempt: int
    report: TaskReport
    worker: str


@dataclass(frozen=True, slots=True)
class TaskReused:
    """A task did not have to run: what it writes is there, and equal to what it would write."""

    task: TaskId
    reason: str


@dataclass(frozen=True, slots=True)
class AllReused:
    """No task of the run had to run.

    Attributes:
        reasons: why, for each task.
    """

    reasons: Sequence[str]


@dataclass(frozen=True, slots=True)
class TaskFailed:
    """An attempt ended badly, whatever the reason."""

    task: TaskId
    attempt: int
    failure: Failure
    worker: str


@dataclass(frozen=True, slots=True)
class TaskRetried:
    """A failed task will be tried again."""

    task: TaskId
    attempt: int
    delay: float


@dataclass(frozen=True, slots=True)
class RetryDue:
    """The delay before an attempt is over."""

    task: TaskId


@dataclass(frozen=True, slots=True)
class TaskSkipped:
    """A task will not run, because an ancestor failed."""

    task: TaskId
    because: TaskId


@dataclass(frozen=True, slots=True)
class ValueFreed:
    """Nobody will read this value again."""

    value: ValueId


@dataclass(frozen=True, slots=True)
class WorkerStarted:
    """A worker is ready to take tasks."""

    worker: str
    pid: int


@dataclass(frozen=True, slots=True)
class WorkerLost:
    """A worker died; the task it was running, if any, is told of by a ``TaskFailed`` of its own."""

    worker: str
    exit_code: int | None
    task: TaskId | None


@dataclass(frozen=True, slots=True)
class WindowChanged:
    """The executor now wants at most this many tasks submitted and not ended."""

    window: int


@dataclass(frozen=True, slots=True)
class ValuesHeld:
    """The carried values now hold so many bytes of memory, which tasks cannot have."""

    size: int


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The user wants the run to end now."""


Event: TypeAlias = (
    RunStarted
    | RunEnded
    | TaskStarted
    | TaskEnded
    | TaskReused
    | AllReused
    | TaskFailed
    | TaskRetried
    | RetryDue
    | TaskSkipped
    | ValueFreed
    | WorkerStarted
    | WorkerLost
    | WindowChanged
    | ValuesHeld
    | Interrupted
)
