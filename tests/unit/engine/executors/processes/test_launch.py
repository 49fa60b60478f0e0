"""Choosing a start method, and finding this package in a fresh interpreter under either name."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deodar.engine.executors.processes.launch import start_method

NAMES = ("DEODAR_MP_CONTEXT", "KEDRO_MP_CONTEXT")


@pytest.fixture(autouse=True)
def nothing_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def test_no_process_is_forked_by_default() -> None:
    assert start_method() == "forkserver"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_the_environment_chooses_the_method(name: str, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, method)
    assert start_method() == method


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_choice_is_none(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "")
    assert start_method() == "forkserver"


def test_an_unknown_choice_gives_the_default_and_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("KEDRO_MP_CONTEXT", "teleport")
    with caplog.at_level(logging.WARNING):
        assert start_method() == "forkserver"
    assert "'teleport'" in caplog.text


def test_what_is_asked_for_in_code_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEODAR_MP_CONTEXT", "fork")
    assert start_method("spawn") == "spawn"


DROPIN = """
import sys
from deodar.compat import install
install()
from kedro.engine.executors.processes import ProcessExecutor
from kedro.engine.driver import Driver
from kedro.engine.graph import TaskGraph
from kedro.engine.model import TaskSpec
class Work:
    def prepare(self, worker): pass
    def run(self, task, attempt, channel):
        import kedro, sys
        return {"module": type(channel).__module__, "same": sys.modules["kedro"].__file__}
class Seen:
    def observe(self, event):
        if type(event).__name__ == "TaskEnded": print(event.report.facts["module"])
with ProcessExecutor(1, method=sys.argv[1]) as executor:
    Driver(TaskGraph([TaskSpec("t")], [], [[]]), executor, observers=[Seen()]).run(Work())
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_under_the_drop_in_workers_have_the_other_name_too(method: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DEODAR_DROPIN"}
    done = subprocess.run(
        [sys.executable, "-c", DROPIN, method], capture_output=True, text=True, timeout=60, env=environment
    )
    assert done.stdout == "kedro.engine.executors.processes.worker\n", done.stderr


def test_the_package_is_found_though_it_is_on_no_path_of_the_interpreter(tmp_path: Path) -> None:
    source = str(Path(start_method.__code__.co_filename).resolve().parents[4])
    program = f"""if True:
        import sys
        sys.path.insert(0, {source!r}); sys.path.insert(0, {str(Path(__file__).parent)!r})
        from harness import Job, run_jobs
        from jobs import add
        sys.path.remove({source!r})
        print(run_jobs([Job(add, ["a"])], given={{"a": 5}}).results)
    """
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, cwd=tmp_path, check=True
    )
    assert done.stdout == "[5]\n"
