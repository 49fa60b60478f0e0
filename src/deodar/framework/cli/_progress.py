"""What the terminal shows of a run: a line that moves while it runs, and a summary when it is over.

The line is for people: it appears on a terminal only, below the log. The summary goes to standard error, so that a
script that reads standard output is not disturbed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..._records import replace
from ...engine.events import (
    AllReused,
    Event,
    RunEnded,
    RunStarted,
    RunStatus,
    TaskEnded,
    TaskFailed,
    TaskRetried,
    TaskReused,
    TaskSkipped,
    TaskStarted,
)
from ...engine.model import TaskId
from ...runner._inherited import inherit, inherited

if TYPE_CHECKING:
    from collections.abc import Sequence


SLOWEST = 3
"""How many nodes the summary names, when a run took long enough to ask."""
WORTH_NAMING = 0.5
"""Seconds that a node must have taken to be named as slow."""
LISTED = 10
"""How many failed or skipped nodes are listed each."""


class RunTally:
    """What has happened in a run so far. An observer; owned by the display."""

    def __init__(self, when_nodes_run: Callable[[], None] | None = None) -> None:
        self._when_nodes_run = when_nodes_run
        self.names: Sequence[str] = ()
        self.running: dict[TaskId, float] = {}
        self.seconds: dict[TaskId, float] = {}
        self.reused: list[TaskId] = []
        self.failed: dict[TaskId, BaseException] = {}
        self.skipped: dict[TaskId, TaskId] = {}
        self.retries = 0
        self.status: RunStatus | None = None
        self.began = time.monotonic()
        self.ended: float | None = None

    def observe(self, event: Event) -> None:
        """Take note of one event."""
        match event:
            case TaskStarted(task=task):
                self.running[task] = time.monotonic()
            case TaskEnded(task=task, report=report):
                self.running.pop(task, None)
                self.seconds[task] = report.seconds
                self.failed.pop(task, None)
            case TaskFailed(task=task, failure=failure):
                self.running.pop(task, None)
                self.failed[task] = failure.error
            case TaskReused(task=task):
                self.reused.append(task)
            case AllReused(reasons=reasons):
                self.reused.extend(TaskId(task) for task in range(len(reasons)))
            case TaskRetried():
                self.retries += 1
            case TaskSkipped(task=task, because=because):
                self.skipped[task] = because
            case RunStarted(names=names):
                self.names, self.began = names, time.monotonic()
                if self._when_nodes_run is not None:
                    self._when_nodes_run()
            case RunEnded(status=status):
                self.status, self.ended = status, time.monotonic()
            case _:
                pass

    @property
    def elapsed(self) -> float:
        """Seconds since the run began, or that it took."""
        return (self.ended or time.monotonic()) - self.began

    @property
    def over(self) -> int:
        """How many nodes are over, in whatever way."""
        return len(self.seconds) + len(self.reused) + len(self.failed) + len(self.skipped)


def summary(tally: RunTally) -> list[str]:
    """Return the lines that say how a run went."""
    total = len(tally.names)
    parts = [f"{len(tally.seconds)} run"]
    parts += [f"{len(tally.reused)} reused"] if tally.reused else []
    parts += [f"{len(tally.failed)} failed"] if tally.failed else []
    parts += [f"{len(tally.skipped)} skipped"] if tally.skipped else []
    left = total - tally.over
    parts += [f"{left} not started"] if left > 0 else []
    parts += [f"{tally.retries} retries"] if tally.retries else []
    words = {"completed": "Done", "failed": "Failed", "cancelled": "Cancelled", "stuck": "Stuck"}
    nodes = "1 node" if total == 1 else f"{total} nodes"
    lines = [f"{words.get(tally.status or '', 'Ended')}: {nodes} in {span(tally.elapsed)} ({', '.join(parts)})."]
    slow = sorted(tally.seconds.items(), key=lambda item: -item[1])[:SLOWEST]
    named = [f"{tally.names[task]} {span(seconds)}" for task, seconds in slow if seconds >= WORTH_NAMING]
    if named and total > 1:
        lines.append("  slowest  " + ", ".join(named))
    for task, error in list(tally.failed.items())[:LISTED]:
        text = (str(error).strip().splitlines() or [""])[0]
        lines.append(f"  failed   {tally.names[task]}: {type(error).__name__}: {text}")
    for task, because in list(tally.skipped.items())[:LISTED]:
        lines.append(f"  skipped  {tally.names[task]}, because {tally.names[because]} failed")
    if len(tally.skipped) > LISTED:
        lines.append(f"  skipped  and {len(tally.skipped) - LISTED} more")
    return lines


def span(seconds: float) -> str:
    """Return a duration as people say it: ``0.4 s``, ``12 s``, ``3 min 05 s``, ``2 h 10 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def status_line(tally: RunTally, width: int) -> str:
    """Return the moving line: how far, how long, and what runs longest."""
    total = max(len(tally.names), 1)
    filled = round(20 * tally.over / total)
    line = f"{'━' * filled}{'╌' * (20 - filled)} {tally.over}/{len(tally.names)}  {span(tally.elapsed)}"
    if tally.failed:
        line += f"  {len(tally.failed)} failed"
    running = sorted(tally.running.items(), key=lambda item: item[1])
    if running:
        task, since = running[0]
        line += f"  {tally.names[task]} ({span(time.monotonic() - since)})"
        line += f" and {len(running) - 1} more" if len(running) > 1 else ""
    return line[: width - 1]


class _Line:
    """Draws the moving line with Rich, below what the log prints on the same console."""

    def __init__(self, tally: RunTally) -> None:
        # Imported here: only a terminal needs it. The handler of the log writes to the same global console.
        import rich
        from rich.live import Live

        self._tally = tally
        self._console = rich.get_console()
        self._live = Live(
            console=self._console,
            get_renderable=self._render,
            refresh_per_second=4,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def _render(self) -> Any:
        from rich.text import Text

        return Text(status_line(self._tally, self._console.width), style="cyan", no_wrap=True)

    def __enter__(self) -> None:
        self._live.start()

    def __exit__(self, *details: object) -> None:
        self._live.stop()


@contextmanager
def shown(when_nodes_run: Callable[[], None] | None = None) -> Iterator[None]:
    """Show the runs of this block on the terminal.

    Args:
        when_nodes_run: called when all is planned, and nodes are about to run.
    """
    tally = RunTally(when_nodes_run)
    outer = inherited()
    with inherit(replace(outer, observers=(*outer.observers, tally))):
        try:
            if sys.stdout.isatty():
                with _Line(tally):
                    yield
            else:
                yield
        finally:
            if tally.status is not None:
                sys.stderr.write("\n".join((*summary(tally), "")))
                sys.stderr.flush()
