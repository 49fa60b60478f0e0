"""Locks on outputs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from deodar.engine.journal.alive import Process
from deodar.engine.journal.locks import OutputBusyError, OutputLocks
from deodar.engine.journal.store import Journal


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.db")


def pretend(journal: Journal, target: str, process: Process, since: float = 4e9) -> None:
    """Put a lock of another process into the file."""
    journal.write(
        lambda connection: connection.execute(
            "INSERT INTO locks VALUES (?, 'other', ?, ?, ?, ?)",
            (target, process.pid, process.host, process.born, since),
        )
    )


@pytest.fixture
def neighbour() -> Process:
    """A process that lives, and is not this one."""
    me = Process.this()
    return Process(1, me.host, "") if Process(1, me.host, "").lives() else me


def test_a_live_holder_is_named(journal: Journal, neighbour: Process) -> None:
    pretend(journal, "/data/x", neighbour)
    with pytest.raises(OutputBusyError, match=r"'/data/x' is being written by run 'other' \(process 1 on"):
        OutputLocks(journal, "mine", ["/data/x"]).__enter__()


def test_all_locks_are_taken_or_none(journal: Journal, neighbour: Process) -> None:
    pretend(journal, "/b", neighbour)
    with pytest.raises(OutputBusyError):
        OutputLocks(journal, "mine", ["/a", "/b"]).__enter__()
    assert [row["target"] for row in journal.read("SELECT target FROM locks")] == ["/b"]


def test_who_is_patient_gets_in_when_the_holder_is_done(journal: Journal, neighbour: Process) -> None:
    pretend(journal, "/a", neighbour)

    def pause(seconds: float) -> None:
        journal.write(lambda connection: connection.execute("DELETE FROM locks"))

    with OutputLocks(journal, "mine", ["/a"], patience=None, pause=pause):
        assert journal.read("SELECT run FROM locks")[0]["run"] == "mine"


def test_the_lock_of_a_dead_process_is_taken_over(journal: Journal) -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait()
    pretend(journal, "/a", Process(child.pid, Process.this().host, ""))
    with OutputLocks(journal, "mine", ["/a"]):
        assert journal.read("SELECT run FROM locks")[0]["run"] == "mine"


def test_a_pid_that_was_given_to_another_process_holds_nothing(journal: Journal, neighbour: Process) -> None:
    pretend(journal, "/a", Process(neighbour.pid, neighbour.host, "another-start"))
    with OutputLocks(journal, "mine", ["/a"]):
        pass


def test_a_run_inside_a_run_is_let_in_and_frees_only_its_own(journal: Journal) -> None:
    with OutputLocks(journal, "outer", ["/a"]):
        with OutputLocks(journal, "inner", ["/a", "/b"]):
            pass
        assert [row["target"] for row in journal.read("SELECT target FROM locks")] == ["/a"]


def test_locks_are_freed_when_the_run_fails(journal: Journal) -> None:
    with pytest.raises(ValueError), OutputLocks(journal, "mine", ["/a"]):
        raise ValueError
    assert journal.read("SELECT * FROM locks") == []


@pytest.mark.parametrize(("since", "free"), [(0.0, True), (4e9, False)])
def test_a_holder_on_another_machine_counts_as_long_as_it_is_heard(journal: Journal, since: float, free: bool) -> None:
    pretend(journal, "/a", Process(1, "elsewhere.invalid", "x"), since)
    if free:
        with OutputLocks(journal, "mine", ["/a"]):
            pass
    else:
        with pytest.raises(OutputBusyError, match="elsewhere"):
            OutputLocks(journal, "mine", ["/a"]).__enter__()


def test_who_holds_the_outputs_is_asked_once_for_all_of_them(journal: Journal) -> None:
    said: list[str] = []
    with journal.transaction() as connection:
        connection.set_trace_callback(said.append)
    with OutputLocks(journal, "mine", [f"/data/{number}" for number in range(50)]):
        assert len([statement for statement in said if statement.startswith("SELECT")]) == 1
