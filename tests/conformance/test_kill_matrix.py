"""A node takes its worker along, in every way and under every start method: who is told, of what, how often."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deodar.engine.events import Event, TaskFailed
from deodar.io import DataCatalog, MemoryDataset
from deodar.pipeline import Pipeline, node
from deodar.runner import ParallelRunner
from deodar.runner._inherited import Inherited, inherit

from . import scenarios as s

BYSTANDERS = 4
SMALL_MACHINE = 150_000_000

# How a node ends its worker, and what is to be said of that: the error's class, the exit code, words of the message.
ENDS: dict[str, tuple[Callable[[int], int], str, int, str]] = {
    "SIGKILL": (s.die, "WorkerDiedError", -signal.SIGKILL, "memory may have been out"),
    "SIGSEGV": (s.crash, "WorkerDiedError", -signal.SIGSEGV, "SIGSEGV"),
    "exit": (s.leave_at_once, "WorkerDiedError", 41, "exited with code 41"),
    "memory": (s.fill_memory_and_die, "WorkerOutOfMemoryError", -signal.SIGKILL, "because memory was out"),
}


class Failures:
    def __init__(self) -> None:
        self.seen: list[TaskFailed] = []

    def observe(self, event: Event) -> None:
        if isinstance(event, TaskFailed):
            self.seen.append(event)


@pytest.mark.parametrize("method", ["forkserver", "spawn", "fork"])
@pytest.mark.parametrize("end", ENDS)
def test_a_node_that_takes_its_worker_along_is_told_of_once_and_harms_nobody(
    end: str, method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, kind, code, words = ENDS[end]
    monkeypatch.setenv("DEODAR_MP_CONTEXT", method)
    monkeypatch.setenv("DEODAR_MEMORY_LIMIT", str(SMALL_MACHINE if end == "memory" else 64 << 30))
    (tmp_path / "out").mkdir()
    logs = {f"o{n}": s.FileLog(str(tmp_path / "out" / f"o{n}")) for n in range(BYSTANDERS)}
    nodes = [node(s.increment, "a", f"o{n}", name=f"good{n}") for n in range(BYSTANDERS)]
    failures, hooks = Failures(), tmp_path / "hooks"
    with (
        inherit(Inherited(on_error="continue", observers=(failures,))),
        pytest.raises(Exception, match="doomed") as caught,
    ):
        ParallelRunner(max_workers=2).run(
            Pipeline([*nodes, node(call, "a", "x", name="doomed")]),
            DataCatalog({"a": MemoryDataset(1), **logs}),
            s.hook_manager(str(hooks)),
        )
    error: Any = caught.value
    assert (type(error).__name__, error.task, error.exit_code) == (kind, "doomed", code)
    assert words in str(error) and error.peak_memory > 1 << 20
    assert [event.failure.error for event in failures.seen] == [error]
    told = [line for line in hooks.read_text().splitlines() if line.startswith("on_node_error")]
    assert told == [f"on_node_error doomed {kind}"]
    assert len(list((tmp_path / "out").iterdir())) == BYSTANDERS


def test_a_hook_finds_out_in_the_main_process_what_the_dead_node_was_given() -> None:
    found: list[Any] = []
    manager = s.hook_manager(os.devnull)
    manager.register(s.InputsOfFailures(found))
    data = DataCatalog({"a": MemoryDataset(20)})
    nodes = [node(s.increment, "a", "b", name="before"), node(s.die_of_two, ["a", "b"], "x", name="doomed")]
    with pytest.raises(Exception, match="doomed"):
        ParallelRunner(max_workers=1).run(Pipeline(nodes), data, manager)
    assert found == [(os.getpid(), {"a": 20, "b": 21})]


def test_a_timeout_is_told_to_the_hooks_too(tmp_path: Path) -> None:
    hooks = tmp_path / "hooks"
    policies = {"nodes": {"hangs": {"timeout": "200ms"}}}
    with inherit(Inherited(execution=policies)), pytest.raises(TimeoutError, match="hangs"):
        ParallelRunner(max_workers=1).run(
            Pipeline([node(s.sleep_for_ever, "a", "b", name="hangs")]),
            DataCatalog({"a": MemoryDataset(1)}),
            s.hook_manager(str(hooks)),
        )
    assert "on_node_error hangs TaskTimeoutError" in hooks.read_text()


def test_a_node_killed_for_memory_is_tried_again_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEODAR_MEMORY_LIMIT", str(SMALL_MACHINE))
    policies = {"nodes": {"large": {"on_memory": "alone"}}}
    nodes = [node(s.note_times, ["path", f"n{n}"], f"o{n}", name=f"small{n}") for n in range(6)]
    nodes.append(node(s.die_for_memory_once, "path", "x", name="large"))
    data = {"path": MemoryDataset(str(tmp_path)), **{f"n{n}": MemoryDataset(n) for n in range(6)}}
    failures = Failures()
    with inherit(Inherited(execution=policies, observers=(failures,))):
        results = ParallelRunner(max_workers=2).run(Pipeline(nodes), DataCatalog(data))
    assert len(failures.seen) == 1 and failures.seen[0].failure.kind.value == "memory"
    began, ended = results["x"].load()
    others = [results[f"o{n}"].load() for n in range(6)]
    assert all(other_end <= began or other_begin >= ended for other_begin, other_end in others)
