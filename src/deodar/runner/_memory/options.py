"""Runs that remember: what a run asks of its memory, and the memory while the run goes on.

``MemoryOptions`` travel in ``Inherited.state``, or some of their fields in a dictionary: a session fills in the rest.
Without them a run remembers nothing and costs nothing.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..._records import dataclass, field, replace
from .._inherited import Inherited, inherit, inherited

if TYPE_CHECKING:
    from ...engine.driver import Gate
    from ...engine.observers import Observer
    from ...pipeline import Pipeline
    from .._catalog import Catalog
    from .._compile import CompiledPipeline
    from .._pinned_versions import PinnedVersions
    from .standing import Inquiry

logger = logging.getLogger(__name__)

Mode = Literal["record", "incremental", "resume"]
Spill = Literal["never", "on-failure", "always"]
SPILL: tuple[str, ...] = ("never", "on-failure", "always")


class RunMemoryError(Exception):
    """What was asked of the run memory cannot be done."""


@dataclass(frozen=True, slots=True)
class MemoryOptions:
    """What a run asks of its memory.

    Attributes:
        home: the folder of the journal and the stored values; None means ``.deodar`` in the current folder.
        mode: ``record`` only remembers; ``incremental`` runs what changed; ``resume`` finishes an earlier run.
        resume: the id of that run, or how it begins; None is the last one.
        force: names of nodes that run in any case.
        scope: runs learn from others of the same scope: the environment.
        spill: when values in memory are stored, so that a later run need not make them again.
        value_limit: the most bytes of one stored value.
        store_limit: the most bytes of all stored values.
        wants_results: whether the caller will look at results that are in memory alone.
        keep_runs: how many of the latest runs the journal keeps, and a tenth more; None for all.
        wait: seconds to wait for other runs that write the same outputs; None for as long as they live.
        facts: what the journal shall know of the run.
    """

    home: Path | None = None
    mode: Mode = "record"
    resume: str | None = None
    force: tuple[str, ...] = ()
    scope: str = ""
    spill: Spill = "on-failure"
    value_limit: int | None = 1 << 30
    store_limit: int | None = 10 << 30
    wants_results: bool = True
    keep_runs: int | None = 1000
    wait: float | None = 3600.0
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a run asks of its memory, and what its memory could tell before any dataset was built."""

    options: MemoryOptions
    inquiry: Inquiry

    @property
    def mode(self) -> Mode:
        """As in the options."""
        return self.options.mode


class ActiveMemory:
    """The memory of one run. This one remembers nothing.

    Attributes:
        observers: to be told of events before all others.
        gate: to be asked before nodes start.
        is_settled: whether it is certain that nothing runs.
    """

    observers: tuple[Observer, ...] = ()
    gate: Gate | None = None
    is_settled = False

    def work(self, work: Any) -> Any:
        """Return the work to run in place of the given one."""
        return work

    def connect(self, executor: Any) -> None:
        """Take the executor that will run the tasks."""


NO_MEMORY = ActiveMemory()


@contextlib.contextmanager
def remembered(
    project: Inherited, compiled: CompiledPipeline, catalog: Catalog, work: Any, versions: PinnedVersions
) -> Iterator[ActiveMemory]:
    """Give a run the memory that it inherits.

    A run that only wants to be remembered goes on without when that is not possible.

    Args:
        versions: are settled before anything is decided.

    Raises:
        RunMemoryError: if the run was to build on an earlier one and cannot.
    """
    state = project.state
    inquiry, options = (state.inquiry, state.options) if isinstance(state, Foreseen) else (None, _options(state))
    if options is None:
        yield NO_MEMORY
        return
    with contextlib.ExitStack() as stack:
        if inquiry is not None:
            # What is known of this run says nothing of one that a node of it starts.
            stack.enter_context(inherit(replace(project, state=options)))
        if inquiry is not None and inquiry.standing is not None:
            names = [task.name for task in compiled.graph.tasks]
            yield inquiry.settle(stack, inquiry.standing, names, getattr(work, "run_id", None))
            return
        # Imported here: sqlite3, ast and their like are needed by runs that remember alone.
        from .run import open_memory

        memory = open_memory(stack, options, project, compiled, catalog, work, versions, inquiry)
        yield memory or NO_MEMORY


@contextlib.contextmanager
def foreseen(pipeline: Pipeline, catalog: Catalog, runner: type) -> Iterator[bool]:
    """Have the catalog know every dataset of a run in which nothing has to run; say whether this is one.

    To be entered round the run, before its datasets are built: those of such a run need not be.
    """
    project = inherited()
    options = _options(project.state)
    if options is None or options.mode != "incremental" or options.force or project.gate is not None:
        yield False
        return
    # Imported here, as above.
    from .standing import inquire

    with contextlib.ExitStack() as stack:
        inquiry = inquire(stack, pipeline, catalog, runner, project, options)
        if inquiry is None:
            yield False
            return
        stack.enter_context(inherit(replace(project, state=Foreseen(options, inquiry))))
        if inquiry.standing is not None:
            inquiry.register(catalog)
        yield inquiry.standing is not None


def _options(state: Any) -> MemoryOptions | None:
    # A dictionary is asked for by ``remembering``, and there is no session round this run.
    options = MemoryOptions(**state) if isinstance(state, dict) else state
    return options if isinstance(options, MemoryOptions) else None


def is_selective(project: Inherited) -> bool:
    """Return whether it may turn out that nothing of a run has to run."""
    options = project.state
    mode = options.get("mode") if isinstance(options, dict) else getattr(options, "mode", None)
    return mode in ("incremental", "resume") or project.gate is not None


@contextlib.contextmanager
def remembering(
    home: str | os.PathLike[str] | None = None,
    *,
    incremental: bool = False,
    resume: str | bool | None = None,
    force: Sequence[str] = (),
    spill: Spill | None = None,
    **settings: Any,
) -> Iterator[None]:
    """Have the runs of this block remember: ``session.run``, and ``runner.run`` in plain Python.

    Args:
        home: the folder of the journal. By default that of the session's project, and without a session ``.deodar``
            in the current folder.
        incremental: run only what changed since it last ran.
        resume: finish an earlier run: its id, or True for the last one.
        force: names of nodes that run in any case.
        spill: when values in memory are stored: ``never``, ``on-failure``, ``always``.
        settings: other fields of ``MemoryOptions``.

    Raises:
        ValueError: if both ``incremental`` and ``resume`` are asked for, or ``spill`` is none of the three.
    """
    if incremental and resume:
        raise ValueError("A run is either incremental or resumes another one: ask for one of the two.")
    if spill is not None and spill not in SPILL:
        raise ValueError(f"spill is {spill!r}, expected one of {', '.join(SPILL)}.")
    mode: Mode = "resume" if resume else "incremental" if incremental or force else "record"
    asked: dict[str, Any] = {"mode": mode, "force": tuple(force), **settings}
    if isinstance(resume, str):
        asked["resume"] = resume
    if spill is not None:
        asked["spill"] = spill
    if home is not None:
        asked["home"] = Path(home).absolute()
    with inherit(replace(inherited(), state=asked)):
        yield


def home_of(options: MemoryOptions) -> Path:
    """Return the folder of the journal."""
    return options.home or Path.cwd() / ".deodar"


def new_run_id(taken: Callable[[str], bool], wanted: str | None) -> str:
    """Return the id of a run in the journal: the one it has anyway, as long as no other has it."""
    base = wanted or time.strftime("%Y-%m-%dT%H.%M.%S", time.gmtime()) + f".{time.time_ns() // 1_000_000 % 1000:03d}Z"
    name, number = base, 1
    while taken(name):
        number += 1
        name = f"{base}-{number}"
    return name
