"""What to say of a worker that died: which task it took along, how it ended, and whether memory was the reason."""

from __future__ import annotations

import os
import signal

from ..machine import kills_for_memory, memory_limit
from ..model import Failure, FailureKind, TaskSpec

_NEAR = 0.8
"""A worker killed with at least this share of the memory limit was probably killed for it."""


class WorkerDiedError(RuntimeError):
    """The process that ran a task died, and took nothing else along.

    Attributes:
        task: the task's name.
        exit_code: negative is a signal; None when it could not be learnt.
        peak_memory: bytes; 0 when unknown.
    """

    def __init__(self, task: str, exit_code: int | None, peak_memory: int, hint: str = "") -> None:
        super().__init__(task, exit_code, peak_memory, hint)
        self.task = task
        self.exit_code = exit_code
        self.peak_memory = peak_memory
        self.hint = hint

    def __str__(self) -> str:
        peak = f"; its memory peaked at {_in_words(self.peak_memory)}" if self.peak_memory else ""
        hint = f" {self.hint}" if self.hint else ""
        return f"The worker that ran {self.task!r} died: {how_it_ended(self.exit_code)}{peak}.{hint}"


class WorkerOutOfMemoryError(WorkerDiedError, MemoryError):
    """The system killed the process that ran a task because memory was out."""


class TaskTimeoutError(TimeoutError):
    """A task ran longer than it may, and was ended with its worker.

    Attributes:
        task: the task's name.
        limit: seconds.
    """

    def __init__(self, task: str, limit: float) -> None:
        super().__init__(task, limit)
        self.task = task
        self.limit = limit

    def __str__(self) -> str:
        return f"{self.task!r} ran longer than its limit of {self.limit:g} s and was ended. Raise its timeout?"


class TaskCancelledError(RuntimeError):
    """A task was ended because its run is over, or was never begun.

    Attributes:
        task: the task's name.
    """

    def __init__(self, task: str) -> None:
        super().__init__(task)
        self.task = task

    def __str__(self) -> str:
        return f"{self.task!r} was cancelled."


class WorkerNotReadyError(RuntimeError):
    """Workers cannot be made ready for a run, so no task of it can start."""

    @classmethod
    def because_of(cls, error: BaseException) -> WorkerNotReadyError:
        """Return the error to raise when one could not prepare itself."""
        return cls(
            f"A worker could not be made ready: {type(error).__name__}: {str(error).rstrip('.')}. "
            "What the tasks use must be importable, and loadable, in another process."
        )

    @classmethod
    def refused(cls, reason: int) -> WorkerNotReadyError:
        """Return the error to raise when the system starts none; the reason is its error number."""
        return cls(
            f"No worker process can be started: {os.strerror(reason)}. Memory, or the number of processes (ulimit -u, "
            "or the limit of a container), may be at its end. Use fewer workers, or threads (ThreadRunner)."
        )

    @classmethod
    def after(cls, deaths: int, exit_code: int | None) -> WorkerNotReadyError:
        """Return the error to raise when so many in a row have died before they were ready."""
        return cls(
            f"{deaths} workers in a row died before they were ready: {how_it_ended(exit_code)}. "
            "What they import, or what is done to prepare them, ends the process."
        )


class MemoryWatch:
    """Knows how often the system has killed for memory, and how much there is."""

    def __init__(self) -> None:
        self._kills = kills_for_memory()

    def failure_of(self, spec: TaskSpec, doom: FailureKind | None, exit_code: int | None, peak: int) -> Failure:
        """Return the failure of a task whose worker died.

        Args:
            doom: why we killed it; None when it died by itself.
        """
        task = spec.name
        if doom is FailureKind.TIMEOUT:
            return Failure(doom, TaskTimeoutError(task, spec.timeout or 0.0), "", exit_code, peak)
        if doom is FailureKind.CANCELLED:
            return Failure(doom, TaskCancelledError(task), "", exit_code, peak)
        if self._was_for_memory(exit_code, peak):
            hint = (
                "The system killed it because memory was out. Declare the memory it needs, or let it run alone, "
                "or give it less data."
            )
            error: WorkerDiedError = WorkerOutOfMemoryError(task, exit_code, peak, hint)
            return Failure(FailureKind.MEMORY, error, "", exit_code, peak)
        hint = ""
        if exit_code in (-signal.SIGKILL, 128 + signal.SIGKILL):
            hint = "If nobody killed it by hand, memory may have been out."
        return Failure(FailureKind.LOST, WorkerDiedError(task, exit_code, peak, hint), "", exit_code, peak)

    def _was_for_memory(self, exit_code: int | None, peak: int) -> bool:
        if exit_code != -signal.SIGKILL:
            return False
        before, self._kills = self._kills, kills_for_memory()
        return self._kills > before or ((limit := memory_limit()) > 0 and peak >= _NEAR * limit)


def how_it_ended(exit_code: int | None) -> str:
    """Return an exit code in words."""
    if exit_code is None:
        return "how is not known"
    if exit_code >= 0:
        return f"it exited with code {exit_code}"
    try:
        return f"killed by signal {-exit_code} ({signal.Signals(-exit_code).name})"
    except ValueError:
        return f"killed by signal {-exit_code}"


def _in_words(size: int) -> str:
    return f"{size / (1 << 30):.1f} GB" if size >= 1 << 30 else f"{size / (1 << 20):.0f} MB"


class ClusterLostError(ConnectionError):
    """The engine of a cluster is not there any more.

    Attributes:
        cluster: what was lost.
    """

    def __init__(self, cluster: str, reason: str) -> None:
        super().__init__(cluster, reason)
        self.cluster = cluster
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"{self.cluster} is lost: {self.reason}. Start it again, and the run by --resume: what had ended is kept."
        )
