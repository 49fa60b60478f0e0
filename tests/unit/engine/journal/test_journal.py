"""The journal: what is written while a run goes on, what can be asked afterwards, and what goes wrong."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
import types
from pathlib import Path

import pytest

from deodar.engine.cache.content import Stat
from deodar.engine.cache.digests import digest_text
from deodar.engine.cache.fingerprint import Fingerprint, Leaf
from deodar.engine.events import RunEnded, RunStarted, TaskEnded, TaskFailed, TaskReused, TaskSkipped, TaskStarted
from deodar.engine.journal import recorder as recorder_module
from deodar.engine.journal import schema
from deodar.engine.journal.history import History, UnknownRunError, prune, prune_now_and_then
from deodar.engine.journal.recorder import Recorder, RunHeader
from deodar.engine.journal.records import CodeMemo, FileMemo, LearnedCosts, Records
from deodar.engine.journal.store import FILE_NAME, Journal, JournalError, open_journal
from deodar.engine.model import Failure, FailureKind, TaskId, TaskReport

A, B, C = TaskId(0), TaskId(1), TaskId(2)
NAMES = ["a", "b", "c"]


def report(seconds: float = 0.1, peak: int = 0, **facts: object) -> TaskReport:
    return TaskReport(time.time(), seconds, 0.05, peak, (), facts)


def mark(text: str) -> Fingerprint:
    return Fingerprint(digest_text(text), (Leaf("constant", "RATE", digest_text(text), text),))


def record(journal: Journal, run: str, *events: object, marks: str = "", resumes: str | None = None) -> None:
    """Write a run with these events, started and ended around them."""
    header = RunHeader(run, resumes=resumes, facts={"command": "run"})
    with Recorder(journal, header, NAMES, [mark(marks)] * 3 if marks else []) as recorder:
        recorder.observe(RunStarted(3))
        for event in events:
            recorder.observe(event)


def whole(seconds: float = 0.1, **facts: object) -> list[object]:
    return [
        TaskStarted(A, 1, "w"), TaskEnded(A, 1, report(seconds, **facts), "w"), TaskReused(B, "nothing changed"),
        RunEnded("completed"),
    ]  # fmt: skip


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    found = open_journal(tmp_path / "home")
    assert found is not None
    return found


def test_a_run_is_told_from_its_events(journal: Journal) -> None:
    record(journal, "r1", *whole(peak=7))
    run = History(journal).run()
    assert (run.id, run.status, run.done, run.reused, run.failed) == ("r1", "completed", 1, 1, 0)
    assert run.facts == {"command": "run"}
    first, second = History(journal).attempts("r1")
    assert (first.task, first.outcome, first.seconds, first.worker) == ("a", "done", 0.1, "w")
    assert (second.task, second.outcome, second.reason) == ("b", "reused", "nothing changed")


def test_a_failure_is_kept_with_its_traceback(journal: Journal) -> None:
    try:
        raise ValueError("bad value")
    except ValueError as error:
        failure = Failure(FailureKind.ERROR, error)
    record(journal, "r1", TaskStarted(A, 1, "w"), TaskFailed(A, 1, failure, "w"), TaskSkipped(B, A), RunEnded("failed"))
    found = History(journal).last_failure("a")
    assert found is not None
    assert (found[0], found[1].error) == ("r1", "ValueError: bad value")
    assert "test_journal.py" in str(found[1].traceback)


def test_an_attempt_that_never_started_can_fail(journal: Journal) -> None:
    failure = Failure(FailureKind.LOST, RuntimeError("gone"), exit_code=-9, peak_memory=5)
    record(journal, "r1", TaskFailed(A, 1, failure, "w"), RunEnded("failed"))
    assert [(a.outcome, a.peak) for a in History(journal).attempts("r1")] == [("failed", 5)]


def test_what_is_noted_can_be_read_by_others_while_the_run_goes_on(journal: Journal) -> None:
    with Recorder(journal, RunHeader("r1"), NAMES) as recorder, Journal(journal.path, read_only=True) as reader:
        recorder.observe(RunStarted(3))
        recorder.observe(TaskStarted(A, 1, "w"))
        deadline = time.monotonic() + 5
        while not History(reader).attempts("r1") and time.monotonic() < deadline:
            pass
        assert [attempt.outcome for attempt in History(reader).attempts("r1")] == ["running"]
        assert History(reader).run("r1").status == "running"


def test_what_ended_is_written_before_anything_else_happens(journal: Journal) -> None:
    with Recorder(journal, RunHeader("r1"), NAMES) as recorder:
        recorder.observe(RunStarted(3))
        recorder._written = 0.0
        recorder.observe(TaskEnded(A, 1, report(), "w"))
        assert Records(journal).latest().keys() == {"a"}


def test_events_come_back_in_order_and_from_where_one_left_off(journal: Journal) -> None:
    record(journal, "r1", *whole())
    kinds = [happening.kind for happening in History(journal).happenings()]
    assert kinds == ["RunStarted", "TaskStarted", "TaskEnded", "TaskReused", "RunEnded"]
    last = History(journal).happenings()[2].id
    assert [h.kind for h in History(journal).happenings(after=last, run="r1")] == ["TaskReused", "RunEnded"]


def test_records_are_the_last_good_ones(journal: Journal) -> None:
    record(journal, "r1", TaskEnded(A, 1, report(writes={"x": "1"}), "w"), RunEnded("completed"), marks="one")
    failed = TaskFailed(A, 1, Failure(FailureKind.ERROR, ValueError()), "w")
    record(journal, "r2", TaskStarted(A, 1, "w"), failed, RunEnded("failed"), marks="two")
    found = Records(journal).latest()["a"]
    assert (found.run, found.writes, found.fingerprint) == ("r1", {"x": "1"}, mark("one").root)
    assert found.leaves() == mark("one").leaves


def test_records_of_other_scopes_do_not_count(journal: Journal) -> None:
    record(journal, "r1", *whole())
    assert Records(journal, "prod").latest() == {}


def test_records_of_a_resumed_run_include_those_of_the_runs_before(journal: Journal) -> None:
    record(journal, "r1", TaskEnded(A, 1, report(), "w"), RunEnded("failed"))
    record(journal, "other", TaskEnded(C, 1, report(), "w"), RunEnded("completed"))
    record(journal, "r2", TaskEnded(B, 1, report(), "w"), RunEnded("failed"), resumes="r1")
    lineage = History(journal).lineage(History(journal).run("r2"))
    assert lineage == ["r2", "r1"]
    assert Records(journal).of_runs(lineage).keys() == {"a", "b"}


def test_what_was_reused_counts_as_done_in_a_resumed_run(journal: Journal) -> None:
    record(journal, "r1", TaskEnded(B, 1, report(writes={"y": "2"}), "w"), RunEnded("completed"))
    record(journal, "r2", TaskReused(B, "same"), RunEnded("failed"))
    assert Records(journal).of_runs(["r2"])["b"].writes == {"y": "2"}


def test_a_run_that_reuses_what_the_one_before_did_adds_next_to_nothing(journal: Journal) -> None:
    names = [f"task_{number}" for number in range(500)]
    sizes = []
    for run in ("r1", "r2", "r3"):
        with Recorder(journal, RunHeader(run), names, [mark(name) for name in names]) as recorder:
            recorder.observe(RunStarted(500))
            with recorder._flushing:
                # Held back, so that all of them are written together on the slowest machine.
                for number in range(500):
                    recorder.observe(TaskReused(TaskId(number), "same"))
            recorder.observe(RunEnded("completed"))
        rows = sum(journal.read(f"SELECT count(*) FROM {name}")[0][0] for name in ("attempts", "events", "reused"))
        sizes.append((rows, journal.read("SELECT count(*) FROM bundles")[0][0]))
    assert sizes == [(4, 1), (8, 1), (12, 1)]
    history = History(journal)
    assert [(run.reused, run.done) for run in history.runs()] == [(500, 0)] * 3
    assert {(a.task, a.outcome, a.fingerprint) for a in history.attempts("r2")} == {
        (name, "reused", mark(name).root) for name in names
    }
    assert [happening.kind for happening in history.happenings(run="r3")].count("TaskReused") == 500


def test_a_journal_of_the_first_version_is_brought_up_to_date_and_read(tmp_path: Path) -> None:
    path = tmp_path / "home" / FILE_NAME
    path.parent.mkdir()
    with sqlite3.connect(path) as old:
        old.executescript(f"{schema.MIGRATIONS[0]}; PRAGMA user_version = 1")
        old.execute("INSERT INTO runs VALUES ('r1', 1.0, 2.0, 'failed', 1, 'here', '0', '', 2, NULL, '{}', NULL)")
        start = "INSERT INTO attempts (run, task, attempt, scope, outcome, worker, started, fingerprint) VALUES"
        old.execute(f"{start} ('r1', 'a', 0, '', 'reused', '', 1.0, 'root')")
        old.execute("INSERT INTO records VALUES ('', 'a', 'r0', 1.0, 'root', '{}')")
    old.close()
    with Journal(path) as journal:
        assert journal.read("PRAGMA user_version")[0][0] == schema.VERSION
        assert History(journal).run("r1").reused == 1
        assert Records(journal).of_runs(["r1"])["a"].run == "r0"
        record(journal, "r2", *whole())
        assert [a.outcome for a in History(journal).attempts("r2")] == ["done", "reused"]


def test_costs_are_learned(journal: Journal) -> None:
    record(journal, "r1", TaskEnded(A, 1, report(1.0, 100), "w"), RunEnded("completed"))
    record(journal, "r2", TaskEnded(A, 1, report(2.0, 50), "w"), RunEnded("completed"))
    costs = LearnedCosts(journal)
    assert (costs.seconds("a"), costs.peak_memory("a")) == (pytest.approx(1.3), 100)
    assert (costs.seconds("b"), costs.peak_memory("b")) == (None, None)


def test_runs_are_found_by_the_start_of_their_name(journal: Journal) -> None:
    record(journal, "2024-01", *whole())
    record(journal, "2025-01", *whole())
    assert History(journal).run("2024").id == "2024-01"
    for name in ("20", "1999"):
        with pytest.raises(UnknownRunError, match="2025-01"):
            History(journal).run(name)


def test_a_run_that_never_said_it_ended_was_killed(journal: Journal) -> None:
    record(journal, "r1", TaskStarted(A, 1, "w"))
    journal.write(lambda connection: connection.execute("UPDATE runs SET pid = 0"))
    run = History(journal).run("r1")
    assert run.status == "killed"
    assert History(journal).unfinished() == run


def test_the_last_run_is_not_unfinished_when_it_completed_or_is_under_way(journal: Journal) -> None:
    assert History(journal).unfinished() is None
    record(journal, "r1", *whole())
    assert History(journal).unfinished() is None
    record(journal, "r2", TaskStarted(A, 1, "w"))
    assert History(journal).unfinished() is None


def test_a_diff_names_what_changed(journal: Journal) -> None:
    record(journal, "r1", TaskEnded(A, 1, report(rows={"x": 100}), "w"), RunEnded("completed"), marks="0.1")
    failed = TaskFailed(B, 1, Failure(FailureKind.ERROR, ValueError()), "w")
    record(journal, "r2", TaskEnded(A, 1, report(rows={"x": 70}), "w"), failed, RunEnded("failed"), marks="0.2")
    assert History(journal).diff("r1", "r2") == [
        "b: only in r2",
        "a: constant `RATE`: 0.1 → 0.2",
        "a: x: 100 → 70 rows (-30%) !",
    ]


def test_pruning_forgets_old_runs_and_keeps_the_records(journal: Journal) -> None:
    for number in range(4):
        record(journal, f"r{number}", *whole(), marks=str(number))
    assert prune(journal, keep=1) == ["r2", "r1", "r0"]
    history = History(journal)
    assert [run.id for run in history.runs()] == ["r3"]
    assert {happening.run for happening in history.happenings()} == {"r3"}
    assert Records(journal).latest()["a"].leaves() == mark("3").leaves
    assert history.leaves(mark("0").root) == ()


def test_pruning_keeps_the_runs_that_a_kept_one_resumed(journal: Journal) -> None:
    record(journal, "r0", TaskEnded(A, 1, report(), "w"), RunEnded("failed"))
    record(journal, "other", *whole())
    record(journal, "r1", TaskEnded(B, 1, report(), "w"), RunEnded("failed"), resumes="r0")
    record(journal, "r2", RunEnded("failed"), resumes="r1")
    assert prune(journal, keep=1) == ["other"]
    history = History(journal)
    assert Records(journal).of_runs(history.lineage(history.run())).keys() == {"a", "b"}


def test_pruning_keeps_what_kept_runs_were_made_of(journal: Journal) -> None:
    record(journal, "r0", TaskEnded(A, 1, report(), "w"), RunEnded("completed"), marks="0")
    record(journal, "r1", TaskReused(A, "same"), RunEnded("completed"), marks="0")
    record(journal, "r2", TaskEnded(A, 1, report(), "w"), RunEnded("completed"), marks="1")
    assert prune(journal, keep=2) == ["r0"]
    assert History(journal).diff("r1", "r2") == ["a: reused → done", "a: constant `RATE`: 0 → 1"]
    assert prune(journal, keep=1) == ["r1"]
    assert journal.read("SELECT count(*) FROM bundles")[0][0] == 0


def test_old_runs_go_by_themselves_when_there_are_a_tenth_more(journal: Journal) -> None:
    for number in range(11):
        record(journal, f"r{number:02}", *whole())
        assert prune_now_and_then(journal, 10) == []
    record(journal, "r11", *whole())
    assert prune_now_and_then(journal, 10) == ["r01", "r00"]


def test_a_hand_made_record_counts(journal: Journal) -> None:
    records = Records(journal)
    records.accept("a", mark("x").root, mark("x").dumps(), {"writes": {"y": "1"}})
    assert records.latest()["a"].writes == {"y": "1"}
    records.forget(["a"])
    assert records.latest() == {}


def test_what_is_remembered_of_files_and_code_comes_back(journal: Journal) -> None:
    files, code = FileMemo(journal), CodeMemo(journal)
    seen = Stat(1, 2, 3, 4)
    files.note("/x", seen, "digest")
    code.put("key", "text")
    files.save()
    code.save()
    assert FileMemo(journal).find("/x", seen) == "digest"
    assert FileMemo(journal).find("/x", Stat(1, 2, 3, 5)) is None
    assert (CodeMemo(journal).get("key"), CodeMemo(journal).get("other")) == ("text", None)


def test_a_full_disk_is_said_once_and_ends_nothing(journal: Journal, caplog: pytest.LogCaptureFixture) -> None:
    pages = journal.read("PRAGMA page_count")[0][0]
    journal.read(f"PRAGMA max_page_count = {pages}")
    with Recorder(journal, RunHeader("r1", facts={"much": "x" * 500_000}), NAMES) as recorder:
        for _ in range(3):
            recorder.observe(RunStarted(3))
            recorder.observe(RunEnded("completed"))
    warnings = [entry.getMessage() for entry in caplog.records if entry.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "full" in warnings[0]
    assert journal.is_off


def test_a_damaged_file_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / FILE_NAME).write_text("this is no database, and long enough to be sure of that" * 100)
    journal = open_journal(tmp_path)
    assert journal is not None
    record(journal, "r1", *whole())
    assert len(list(tmp_path.glob("*.damaged-*"))) == 1
    assert "damaged" in caplog.text


def test_a_file_of_a_later_release_is_left_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("PRAGMA user_version = 999")
    before = (tmp_path / FILE_NAME).read_bytes()
    assert open_journal(tmp_path) is None
    assert (tmp_path / FILE_NAME).read_bytes() == before
    assert "version 999" in caplog.text


def test_an_older_file_is_brought_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Journal(tmp_path / FILE_NAME) as journal:
        record(journal, "r1", *whole())
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, "ALTER TABLE runs ADD COLUMN colour TEXT"))
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
    with Journal(tmp_path / FILE_NAME) as journal:
        assert journal.read("SELECT id, colour FROM runs")[0]["id"] == "r1"


def test_reading_where_nothing_was_recorded_says_so(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="no run was recorded"):
        Journal(tmp_path / "none" / FILE_NAME, read_only=True)
    assert not (tmp_path / "none").exists()


def test_what_began_is_not_written_from_beside_a_run_that_will_soon_do_it_itself(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(recorder_module, "time", types.SimpleNamespace(time=lambda: now[0], monotonic=time.monotonic))
    looked = threading.Semaphore(0)
    look = Recorder._flush_what_is_due

    def counted(self: Recorder) -> None:
        look(self)
        looked.release()

    monkeypatch.setattr(Recorder, "_flush_what_is_due", counted)

    def written() -> list[str]:
        return [row["kind"] for row in journal.read("SELECT kind FROM events")]

    with Recorder(journal, RunHeader("r1"), NAMES) as recorder:
        recorder.observe(RunStarted(3))
        recorder.observe(TaskStarted(A, 1, "w"))
        for _ in range(2):
            assert looked.acquire(timeout=60)
        assert written() == ["RunStarted"]
        now[0] += 1.0
        while "TaskStarted" not in written():
            assert looked.acquire(timeout=60)
    assert written() == ["RunStarted", "TaskStarted"]
