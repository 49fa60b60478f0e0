"""What the page is told of runs, and who may ask."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from deodar.engine.events import RunEnded, RunStarted, TaskEnded, TaskFailed, TaskReused, TaskSkipped, TaskStarted
from deodar.engine.journal.recorder import Recorder, RunHeader
from deodar.engine.journal.store import Journal, JournalError
from deodar.engine.model import Failure, FailureKind, TaskId, TaskReport
from deodar.web.app import create_app
from deodar.web.stream import check_number, follow

A, B, C = TaskId(0), TaskId(1), TaskId(2)


def record(path: Path, run: str, *events: object) -> None:
    header = RunHeader(run, facts={"command": "deodar run"})
    with Journal(path) as journal, Recorder(journal, header, ["a", "b", "c"]) as recorder:
        for event in (RunStarted(3), *events):
            recorder.observe(event)


def done(task: TaskId, **facts: object) -> TaskEnded:
    return TaskEnded(task, 1, TaskReport(time.time(), 0.25, 0.2, 4_000, (), facts), "w1")


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "journal.db"
    good = (
        TaskStarted(A, 1, "w1"),
        done(A, rows={"table": 7}),
        TaskReused(B, "nothing changed"),
        RunEnded("completed"),
    )
    record(path, "good", *good)
    failure = Failure(FailureKind.ERROR, ValueError("<b>bad</b>"))
    record(path, "bad", TaskStarted(A, 1, "w1"), TaskFailed(A, 1, failure, "w1"), TaskSkipped(B, A), RunEnded("failed"))
    return path


@pytest.fixture
def page(journal: Path) -> TestClient:
    return TestClient(create_app(journal, "Shop"), base_url="http://127.0.0.1:4242")


def test_runs_are_listed_the_newest_first(page: TestClient) -> None:
    found = page.get("/api/runs").json()
    assert [(run["id"], run["status"], run["done"], run["reused"], run["failed"]) for run in found] == [
        ("bad", "failed", 0, 0, 1),
        ("good", "completed", 1, 1, 0),
    ]


def test_a_run_is_told_with_its_attempts(page: TestClient) -> None:
    run = page.get("/api/runs/good").json()
    assert run["facts"] == {"command": "deodar run"}
    first, second = run["attempts"]
    assert (first["task"], first["outcome"], first["seconds"], first["peak"]) == ("a", "done", 0.25, 4_000)
    assert first["rows"] == {"table": 7}
    assert (second["outcome"], second["reason"]) == ("reused", "nothing changed")


def test_what_was_skipped_is_told_with_its_reason(page: TestClient) -> None:
    run = page.get("/api/runs/bad").json()
    assert run["skipped"] == {"b": "a"}
    assert run["attempts"][0]["error"] == "ValueError: <b>bad</b>"


def test_two_runs_are_compared(page: TestClient) -> None:
    lines = page.get("/api/runs/bad/changes/good").json()
    assert "a: done → failed" in lines
    assert "b: only in good" in lines


def test_an_unknown_run_is_answered_with_those_that_there_are(page: TestClient) -> None:
    answer = page.get("/api/runs/none")
    assert answer.status_code == 404
    assert "'none'" in answer.json()["error"]
    assert "good" in answer.json()["error"]


def test_before_the_first_run_there_is_nothing(tmp_path: Path) -> None:
    page = TestClient(create_app(tmp_path / "journal.db", "Shop"), base_url="http://localhost")
    assert page.get("/api/runs").json() == []
    assert not (tmp_path / "journal.db").exists()


def test_pages_of_others_cannot_ask_by_a_name_of_theirs(page: TestClient) -> None:
    assert page.get("/api/runs", headers={"host": "elsewhere.example"}).status_code == 400


@pytest.mark.parametrize("path", ["/", "/page.js", "/page.css", "/api/runs"])
def test_nothing_but_this_server_is_loaded_from(page: TestClient, path: str) -> None:
    answer = page.get(path)
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_changed(page: TestClient, method: str) -> None:
    assert page.request(method, "/api/runs/good").status_code == 405


def test_no_file_but_the_page_is_served(page: TestClient) -> None:
    assert page.get("/%2e%2e/app.py").status_code == 404
    assert page.get("/page.py").status_code == 404


def test_events_go_on_from_where_a_page_had_stopped(journal: Path) -> None:
    async def read() -> list[str]:
        stream = follow(journal, 0)
        first = [await anext(stream) for _ in range(4)]
        await stream.aclose()
        return first

    here, started, began, ended = asyncio.run(read())
    assert here.startswith("id: 0\nevent: here\n")
    kinds = [json.loads(text.partition("data: ")[2])["kind"] for text in (started, began, ended)]
    assert kinds == ["RunStarted", "TaskStarted", "TaskEnded"]


def test_tasks_that_are_written_together_give_their_number_with_the_last(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    record(path, "all", TaskReused(A, "same"), TaskReused(B, "same"), TaskReused(C, "same"), RunEnded("completed"))

    async def read() -> list[str]:
        stream = follow(path, 0)
        sent = [await anext(stream) for _ in range(6)]
        await stream.aclose()
        return sent

    sent = [text for text in asyncio.run(read()) if "TaskReused" in text]
    assert sorted(json.loads(text.partition("data: ")[2])["task"] for text in sent) == ["a", "b", "c"]
    numbers = [json.loads(text.partition("data: ")[2])["id"] for text in sent]
    # A page that loses the connection before the last of a number gets all of them again, and none is missed.
    ends = [number != follower for number, follower in zip(numbers, [*numbers[1:], None], strict=True)]
    assert [text.startswith("id: ") for text in sent] == ends


def test_an_event_is_sent_when_another_process_writes_it(journal: Path) -> None:
    async def read() -> str:
        stream = follow(journal, None)
        await anext(stream)
        record(journal, "later", RunEnded("completed"))
        text = await anext(stream)
        await stream.aclose()
        return text

    event = json.loads(asyncio.run(read()).partition("data: ")[2])
    assert (event["run"], event["kind"]) == ("later", "RunStarted")


def test_a_page_that_listens_is_left_when_the_server_ends(journal: Path, tmp_path: Path) -> None:
    async def read(path: Path) -> list[str]:
        return [text async for text in follow(path, None, lambda: True)]

    assert len(asyncio.run(read(journal))) == 1
    assert len(asyncio.run(read(tmp_path / "not-yet.db"))) == 1


def test_a_page_is_kept_while_nothing_happens(journal: Path) -> None:
    looks = iter([False, False, True])

    async def read() -> list[str]:
        return [text async for text in follow(journal, None, lambda: next(looks))]

    assert len(asyncio.run(read())) == 1
    assert list(looks) == []


def test_a_number_of_an_event_must_be_one() -> None:
    assert check_number("12") == 12
    assert check_number(None) is None
    with pytest.raises(JournalError, match="'1 or 1'"):
        check_number("1 or 1")
