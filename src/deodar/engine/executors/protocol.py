"""What every executor promises, and what it is given to run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, Protocol

from ..commands import Submit
from ..events import Event
from ..graph import TaskGraph
from ..model import TaskId, ValueId


class Channel(Protocol):
    """How a running task takes and gives the values that the engine carries."""

    def take(self, value: ValueId) -> Any:
        """Return a carried value that this task reads. The object is the task's own: it may change it in place."""
        ...

    def give(self, value: ValueId, data: Any) -> None:
        """Hand over a carried value that this task writes; the last one given counts, once the task ended well."""
        ...


class Work(Protocol):
    """What the tasks of a run do. For executors that leave the process it must survive ``cloudpickle``."""

    def prepare(self, worker: str) -> None:
        """Make this process ready, once, before the first task. Not called in the driver's own process."""
        ...

    def run(self, task: TaskId, attempt: int, channel: Channel | None) -> dict[str, object] | None:
        """Run one attempt to its end, or raise what the user's code raised.

        Args:
            channel: None in the driver's process, where values pass by reference and the work knows how.

        Returns:
            Facts for the attempt's report, or None.
        """
        ...


class Executor(Protocol):
    """A place where tasks run: opened with the work of one run, driven from one thread, closed.

    Between ``__enter__`` and ``__exit__`` it serves exactly one run. Leaving with an exception means: end what is
    running as fast as you can; leaving without: everything submitted has ended already.
    """

    name: str
    """For people: ``inline``, ``threads``, ``processes``, …"""

    @property
    def window(self) -> int:
        """How many tasks it wants submitted and not ended, at most. Changes are told by ``WindowChanged``."""
        ...

    @property
    def can_kill(self) -> bool:
        """Whether a running task can be ended from outside (timeouts and ``Cancel`` need that)."""
        ...

    def __enter__(self) -> Executor: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def begin(self, graph: TaskGraph, work: Work) -> None:
        """Take the graph and the work of this run; called once, before the first ``submit``."""
        ...

    def put(self, value: ValueId, data: Any) -> None:
        """Take a carried value that is there before the run."""
        ...

    def submit(self, order: Submit) -> None:
        """Take a task whose parents have all ended. Returns at once."""
        ...

    def cancel(self, task: TaskId) -> None:
        """End a submitted task if possible; it is still told of by exactly one ``TaskEnded`` or ``TaskFailed``."""
        ...

    def free(self, values: Iterable[ValueId]) -> None:
        """Let go of values nobody will read."""
        ...

    def wait(self, timeout: float | None) -> Iterator[Event]:
        """Yield what happened, waiting for at least one event or until ``timeout`` seconds have passed.

        Every submitted attempt gives ``TaskStarted`` at most once and then exactly one ``TaskEnded`` or
        ``TaskFailed``.
        """
        ...

    def fetch(self, value: ValueId) -> Any:
        """Return a carried value after its producer ended; it stays usable when the executor is closed."""
        ...
