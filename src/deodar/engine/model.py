"""The nouns of the engine: tasks, values, what a task may use, and how it can fail."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Literal, NewType

from .._records import dataclass, field

TaskId = NewType("TaskId", int)
ValueId = NewType("ValueId", int)

OnError = Literal["stop", "drain", "continue"]
"""What a failed task means for the rest of a run.

``stop``: nothing more starts, what runs is cancelled where the executor can. ``drain``: what was ready when the
task failed still runs. ``continue``: everything that does not depend on the failed task runs.
"""


class FailureKind(enum.Enum):
    """Why a task did not end well."""

    ERROR = "error"
    LOST = "lost"
    MEMORY = "memory"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Resources:
    """What a task holds while it runs.

    Attributes:
        cpu: slots; 1 is one worker.
        memory: bytes; 0 means unknown, and is always admitted.
        gpu: devices.
        tokens: named tokens and how many of each, sorted by name; a token of which the budget has one is a mutex.
    """

    cpu: float = 1.0
    memory: int = 0
    gpu: int = 0
    tokens: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often, when and for what a failed task is tried again.

    Attributes:
        attempts: all attempts together; 1 means no retry.
        delay: seconds before the second attempt.
        backoff: factor on the delay for each further attempt.
        jitter: share of the delay (0 to 1) that is drawn at random on top.
        retry_on: names of exception classes, bare or dotted (a base class counts); empty means any.
        alone_after_memory: run the attempt after a memory kill, or a ``MemoryError``, with no other task beside it,
            once, even when ``attempts`` is 1.
    """

    attempts: int = 1
    delay: float = 0.0
    backoff: float = 2.0
    jitter: float = 0.0
    retry_on: tuple[str, ...] = ()
    alone_after_memory: bool = False


NO_RETRY = RetryPolicy()
ONE_SLOT = Resources()
UNLIMITED = Resources(cpu=float("inf"))


@dataclass(frozen=True, slots=True)
class RunPolicy:
    """How a run is scheduled.

    Attributes:
        on_error: what a task that failed for good means for the others.
        budget: what all running tasks may hold together.
        by_cost: prefer what starts the dearest chain; otherwise the order of the graph decides.
    """

    on_error: OnError = "drain"
    budget: Resources = UNLIMITED
    by_cost: bool = False


DEFAULT_POLICY = RunPolicy()


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """One task of a graph: its name outside, what it reads and writes, and the policy it runs under.

    Attributes:
        timeout: seconds for one attempt; None means no limit.
        in_driver: it must run in the driver's process (it cannot travel).
        cost: expected seconds, for the critical path; 1.0 when nothing is known.
    """

    name: str
    reads: tuple[ValueId, ...] = ()
    writes: tuple[ValueId, ...] = ()
    resources: Resources = ONE_SLOT
    retry: RetryPolicy = NO_RETRY
    timeout: float | None = None
    in_driver: bool = False
    cost: float = 1.0


@dataclass(frozen=True, slots=True)
class ValueSpec:
    """One value of a graph.

    Attributes:
        carried: the engine moves it (it lives in memory); otherwise tasks find it by themselves.
        kept: it is never freed: it was there before the run, or is a result of it.
    """

    name: str
    carried: bool = False
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed, in words that survive a process border.

    Attributes:
        error: the exception, as it was raised; after a border, unpickled, or a stand-in with the same text.
        traceback: the formatted traceback of where it happened; empty when the error carries its own.
        exit_code: of a worker that died; negative is a signal, as in ``Popen.returncode``.
        peak_memory: bytes, of the worker that died; 0 when unknown.
    """

    kind: FailureKind
    error: BaseException
    traceback: str = ""
    exit_code: int | None = None
    peak_memory: int = 0


@dataclass(frozen=True, slots=True)
class TaskReport:
    """What an attempt that ended well cost.

    Attributes:
        started: seconds since the epoch.
        seconds: wall time.
        cpu_seconds: of the process or thread that ran it; 0.0 when not measured.
        peak_memory: bytes over the worker's level before; 0 when not measured.
        sizes: bytes of each carried value that it wrote.
        facts: what the work wants remembered of this attempt (stamps of what it saved, row counts, …);
            small and picklable.
    """

    started: float
    seconds: float
    cpu_seconds: float = 0.0
    peak_memory: int = 0
    sizes: tuple[tuple[ValueId, int], ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)
