"""When the processes of a parallel run start, and when none does."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from deodar.engine.executors.processes.pool import close_idle_pools
from deodar.io import AbstractDataset, DataCatalog, MemoryDataset
from deodar.pipeline import Pipeline, node
from deodar.runner import ParallelRunner
from deodar.runner._memory import remembering

Processes = Callable[[], list[psutil.Process]]
pytestmark = pytest.mark.usefixtures("no_idle_pools")


class Watched(AbstractDataset[Any, Any]):
    """Notes in the main process how many others there are when it is packed, and can be told to refuse."""

    seen: list[int]
    processes: Processes | None = None

    def __init__(self, path: Path, *, travels: bool = True) -> None:
        self._path = path
        self._travels = travels
        self.seen = []

    def __getstate__(self) -> dict[str, Any]:
        assert self.processes is not None
        self.seen.append(len(self.processes()))
        if not self._travels:
            raise TypeError("it stays")
        return {**self.__dict__, "processes": None}

    def load(self) -> Any:
        return self._path.read_text()

    def save(self, data: Any) -> None:
        self._path.write_text(data)

    def _exists(self) -> bool:
        return self._path.exists()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}


def watched(folder: Path, processes: Processes, *, travels: bool = True) -> Watched:
    dataset = Watched(folder / "loud", travels=travels)
    # Not an argument: those are a part of the dataset, and travel.
    dataset.processes = processes
    return dataset


def shout(text: str) -> str:
    return text.upper()


ONE = Pipeline([node(shout, "text", "loud", name="shout")])


def catalog(loud: Any) -> DataCatalog:
    return DataCatalog({"text": MemoryDataset("hey"), "loud": loud})


def test_workers_start_while_the_run_is_prepared(tmp_path: Path, new_processes: Processes) -> None:
    loud = watched(tmp_path, new_processes)
    ParallelRunner(2).run(ONE, catalog(loud))
    assert loud.seen[0] > 0
    assert loud.load() == "HEY"


def test_a_run_that_cannot_begin_leaves_no_process(new_processes: Processes) -> None:
    with pytest.raises(ValueError, match="not found"):
        ParallelRunner(2).run(ONE, DataCatalog({}))
    assert not new_processes()


def test_nodes_that_all_stay_in_the_main_process_leave_no_worker(tmp_path: Path, new_processes: Processes) -> None:
    loud = watched(tmp_path, new_processes, travels=False)
    ParallelRunner(2).run(ONE, catalog(loud))
    assert loud.load() == "HEY"
    close_idle_pools()
    assert not new_processes()


def test_an_empty_run_starts_no_process(new_processes: Processes) -> None:
    ParallelRunner(2).run(Pipeline([]), DataCatalog({}))
    assert not new_processes()


def test_a_run_that_has_nothing_to_do_starts_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_processes: Processes
) -> None:
    monkeypatch.chdir(tmp_path)
    loud = watched(tmp_path, new_processes)
    with remembering(incremental=True, wants_results=False):
        ParallelRunner(2).run(ONE, catalog(loud))
        assert new_processes()
        close_idle_pools()
        ParallelRunner(2).run(ONE, catalog(loud))
        assert not new_processes()


def test_an_unknown_start_method_is_told_of_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("DEODAR_MP_CONTEXT", "teleport")
    with caplog.at_level(logging.WARNING):
        assert ParallelRunner(1).run(ONE, catalog(MemoryDataset()))["loud"].load() == "HEY"
    assert caplog.text.count("'teleport'") == 1


def test_the_runner_brings_no_multiprocessing_along() -> None:
    program = """if True:
        import sys
        from deodar.runner import ParallelRunner
        from deodar.runner.parallel_runner import ParallelRunner
        print([name for name in sys.modules if name in ("multiprocessing", "concurrent.futures", "subprocess")])
        from deodar.engine.executors.processes import ProcessExecutor
        print([name for name in sys.modules if name in ("multiprocessing", "hmac", "shutil", "json", "tempfile")])
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n[]\n"
