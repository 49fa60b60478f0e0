"""What a run inherits from the project that it belongs to.

The session knows the project and the runner must not: so the session describes what a run needs in one value, and
enters it round the run. Without a session (``runner.run(...)`` in plain Python) the value is empty.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._records import dataclass, field

if TYPE_CHECKING:
    from ..engine.driver import Gate
    from ..engine.model import OnError
    from ..engine.observers import Observer
    from ..pipeline import Pipeline
    from ._store import StoreOptions


@dataclass(frozen=True, slots=True)
class Inherited:
    """How a run fits into a project.

    Attributes:
        prepare_worker: makes a fresh process ready for the project (its package configured, its logging set);
            pickled by reference, called once per worker.
        project_hooks: returns the project's hook objects in a prepared worker, for those that cannot be pickled.
        observers: told of the run's events, beside the runner's own.
        execution: the project's execution policies, as read from ``conf/<env>/execution.yml``.
        pipeline_names: of the pipelines that were asked for; execution policies can be declared for them.
        costs: seconds that nodes took in earlier runs, by name.
        peaks: peak memory in bytes that nodes had in earlier runs, by name.
        on_error: what a failed node means for the others; None leaves it to the policies and the runner.
        gate: asked before a node starts whether it has to run.
        state: for the run memory; the runner passes it on and does not look inside.
        store: where a run in pieces keeps what would be in memory alone; None for an ordinary run.
        whole: the pipeline that what runs is a part of, for a run in pieces.
        plain_values: refuse data that plain ``pickle`` cannot take from one process to another.
        hooks: the project's plugin manager, for what its hooks mean to the run memory.
        run_id: wanted by the caller of a session, which makes one up otherwise.
    """

    package_name: str | None = None
    project_path: Path | None = None
    env: str | None = None
    prepare_worker: Callable[[], None] | None = None
    project_hooks: Callable[[], Sequence[Any]] | None = None
    observers: tuple[Observer, ...] = ()
    execution: Mapping[str, Any] = field(default_factory=dict)
    pipeline_names: tuple[str, ...] = ()
    costs: Mapping[str, float] = field(default_factory=dict)
    peaks: Mapping[str, int] = field(default_factory=dict)
    on_error: OnError | None = None
    gate: Gate | None = None
    state: Any = None
    store: StoreOptions | None = None
    whole: Pipeline | None = None
    plain_values: bool = False
    hooks: Any = None
    run_id: str | None = None


NOTHING = Inherited()
_current: ContextVar[Inherited] = ContextVar("inherited", default=NOTHING)


def inherited() -> Inherited:
    """Return what a run that starts now inherits."""
    return _current.get()


@contextlib.contextmanager
def inherit(value: Inherited) -> Iterator[None]:
    """Let runs that start in this block inherit a value."""
    token = _current.set(value)
    try:
        yield
    finally:
        _current.reset(token)
