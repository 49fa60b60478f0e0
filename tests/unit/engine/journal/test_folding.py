"""When the journal's log is folded into its file: beside a run, and not when the file is closed."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path

from deodar.engine.events import RunStarted, TaskEnded
from deodar.engine.journal.recorder import Recorder, RunHeader
from deodar.engine.journal.store import FILE_NAME, Journal
from deodar.engine.model import TaskId, TaskReport


def note(journal: Journal, key: str) -> None:
    assert journal.write(lambda connection: connection.execute("INSERT INTO memo VALUES (?, '', 0)", (key,)))


def keys(path: Path) -> list[str]:
    with Journal(path, read_only=True) as journal:
        return [row[0] for row in journal.read("SELECT key FROM memo ORDER BY key")]


def keys_without_log(journal: Journal, folder: Path) -> list[str]:
    """Return what is in the file itself."""
    folder.mkdir()
    shutil.copy(journal.path, folder / FILE_NAME)
    return keys(folder / FILE_NAME)


def test_closing_leaves_the_log_for_the_next_to_read(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    with Journal(path) as journal:
        journal.fold()
        note(journal, "a")
    written = path.read_bytes()
    assert (tmp_path / f"{FILE_NAME}-wal").stat().st_size > 0
    assert keys(path) == ["a"]
    assert path.read_bytes() == written


def test_folding_brings_what_is_committed_into_the_file(tmp_path: Path) -> None:
    with Journal(tmp_path / FILE_NAME) as journal:
        journal.fold()
        note(journal, "a")
        assert keys_without_log(journal, tmp_path / "before") == []
        journal.fold()
        assert keys_without_log(journal, tmp_path / "after") == ["a"]


def test_folding_goes_on_beside_a_writer(tmp_path: Path) -> None:
    with Journal(tmp_path / FILE_NAME) as journal:
        note(journal, "a")
        with journal.transaction() as connection:
            connection.execute("INSERT INTO memo VALUES ('b', '', 0)")
            journal.fold()
            assert keys_without_log(journal, tmp_path / "copy") == ["a"]
        assert keys(journal.path) == ["a", "b"]


def test_folding_a_file_that_is_gone_harms_nobody(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "home" / FILE_NAME)
    journal.close()
    shutil.rmtree(tmp_path / "home")
    journal.fold()


class Folded(Journal):
    """Says when it was folded, and by which thread."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.by: list[str] = []
        self.seen = threading.Event()

    def fold(self) -> None:
        super().fold()
        self.by.append(threading.current_thread().name)
        self.seen.set()


def test_the_log_of_a_long_run_is_folded_beside_it(tmp_path: Path) -> None:
    tasks = 100_000
    with Folded(tmp_path / FILE_NAME) as journal, Recorder(journal, RunHeader("r1"), ["x"] * tasks) as recorder:
        recorder.observe(RunStarted(tasks))
        deadline = time.monotonic() + 30
        for number in range(tasks):
            if journal.seen.is_set() or time.monotonic() > deadline:
                break
            recorder.observe(TaskEnded(TaskId(number), 1, TaskReport(time.time(), 0.0, 0.0, 0, (), {}), "w"))
            recorder.flush()
        assert journal.by[0] == "deodar-journal"
