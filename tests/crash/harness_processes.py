"""Programs to kill: runs on worker processes in a driver's process of their own. Imports no test framework."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from deodar.engine.driver import Driver
from deodar.engine.executors.processes import ProcessExecutor
from deodar.engine.graph import TaskGraph
from deodar.engine.model import Failure, RunPolicy, TaskSpec, ValueId, ValueSpec

FIND_ME = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})"
LONG = 30.0
"""Seconds that no step may take, however busy the machine is."""


class Work:
    """Runs functions by task number; ``prepare`` may do something first."""

    def __init__(self, calls: list[Callable[[Any], Any]], prepare: Callable[[], None] | None = None) -> None:
        self.calls = calls
        self._prepare = prepare

    def prepare(self, worker: str) -> None:
        if self._prepare is not None:
            self._prepare()

    def run(self, task: int, attempt: int, channel: Any) -> dict[str, object]:
        return {"result": self.calls[task](channel), "pid": os.getpid()}


class Recorder:
    def __init__(self, then: Callable[[Any], None] | None) -> None:
        self.events: list[Any] = []
        self._then = then

    def observe(self, event: Any) -> None:
        self.events.append(event)
        if self._then is not None:
            self._then(event)

    def of(self, name: str) -> list[Any]:
        return [event for event in self.events if type(event).__name__ == name]


class Run:
    """A finished run."""

    def __init__(self, status: str, recorder: Recorder, driver: Driver, executor: ProcessExecutor) -> None:
        self.status = status
        self.recorder = recorder
        self.failures: dict[int, Failure] = dict(driver.scheduler.failures)
        self.done = set(driver.scheduler.done)
        self.executor = executor

    @property
    def lost(self) -> list[Any]:
        return self.recorder.of("WorkerLost")


def run(
    calls: list[Callable[[Any], Any]],
    *,
    workers: int = 2,
    prepare: Callable[[], None] | None = None,
    observe: Callable[[Any], None] | None = None,
    method: str | None = None,
    **options: Any,
) -> Run:
    """Run independent tasks, each with the task's own channel; task 0 may write value 0."""
    specs = [TaskSpec(f"task {n}", writes=(ValueId(0),) if n == 0 else (), **options) for n in range(len(calls))]
    graph = TaskGraph(specs, [ValueSpec("value", carried=True, kept=True)], [[] for _ in calls])
    recorder = Recorder(observe)
    with ProcessExecutor(workers, method=method) as executor:
        driver = Driver(graph, executor, observers=[recorder], policy=RunPolicy(on_error="continue"))
        return Run(driver.run(Work(calls, prepare)), recorder, driver, executor)


def eventually(claim: Callable[[], Any], what: str) -> Any:
    """Return what a claim gives once it holds; fail if it never does."""
    limit = time.monotonic() + LONG
    pause = threading.Event()
    while time.monotonic() < limit:
        if found := claim():
            return found
        pause.wait(0.01)
    raise AssertionError(f"It never came about that {what}.")


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def left_in_memory(pid: int) -> list[Path]:
    """Return what a process left on the shelf."""
    return [path for root in ("/dev/shm", "/var/tmp", "/tmp") for path in Path(root).glob(f"deodar-values-{pid}-*")]


class Program:
    """A driver in a process of its own, running code that may use this module as ``h``."""

    def __init__(self, code: str, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                f"{FIND_ME}\n{code}",
                *arguments,
            ],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.tree: set[int] = {self.process.pid}

    def await_file(self, name: str) -> str:
        """Wait until the program or its workers wrote a file, and note all processes there are then."""
        path = self.folder / name

        def look() -> bool:
            assert self.process.poll() is None or path.exists(), self.process.communicate()
            return path.exists() and path.read_text() != ""

        eventually(look, f"{name} was written")
        self.tree |= {child.pid for child in psutil.Process(self.process.pid).children(recursive=True)}
        return path.read_text()

    def kill(self, number: int = signal.SIGKILL) -> None:
        os.kill(self.process.pid, number)

    def finish(self, seconds: float = LONG) -> tuple[int, str, str]:
        out, error = self.process.communicate(timeout=seconds)
        return self.process.returncode, out, error

    def assert_all_gone(self) -> None:
        for pid in self.tree:
            eventually(lambda pid=pid: is_gone(pid), f"process {pid} ended")


def dump(path: str, value: object) -> None:
    """Write a file that appears whole."""
    draft = Path(f"{path}.part-{os.getpid()}")
    draft.write_text(json.dumps(value))
    draft.rename(path)
