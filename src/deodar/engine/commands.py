"""What to do next: the scheduler's answers, carried out by the driver."""

from __future__ import annotations

from typing import TypeAlias

from .._records import dataclass
from .events import RunStatus, TaskRetried, TaskSkipped
from .model import TaskId, ValueId


@dataclass(frozen=True, slots=True)
class Submit:
    """Hand a task to the executor. With ``alone``, nothing else is running and nothing else will be submitted."""

    task: TaskId
    attempt: int
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Wake:
    """Tell me ``RetryDue`` after this many seconds (plus up to ``jitter`` of them, drawn at random)."""

    task: TaskId
    delay: float
    jitter: float


@dataclass(frozen=True, slots=True)
class Cancel:
    """End a running task if you can; what comes of it will not be used."""

    task: TaskId


@dataclass(frozen=True, slots=True)
class Free:
    """Nobody will read this value again."""

    value: ValueId


@dataclass(frozen=True, slots=True)
class Announce:
    """Tell the observers what was decided."""

    event: TaskSkipped | TaskRetried


@dataclass(frozen=True, slots=True)
class Finish:
    """Nothing is running and nothing will."""

    status: RunStatus


Command: TypeAlias = Submit | Wake | Cancel | Free | Announce | Finish
