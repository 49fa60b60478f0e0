"""Log records and warnings of workers reach the handlers of the driver's process."""

from __future__ import annotations

import io
import logging
import os
import warnings

import pytest

from . import jobs
from .harness import Job, run_jobs


def test_a_log_record_of_a_worker_reaches_the_drivers_handlers(caplog: pytest.LogCaptureFixture) -> None:
    run_jobs([Job(lambda: jobs.log("hello"), name="greet")])
    (record,) = [record for record in caplog.records if record.name == "project.nodes"]
    assert record.getMessage() == "hello from worker" and record.levelno == logging.WARNING


def test_a_log_record_says_which_task_it_came_from(caplog: pytest.LogCaptureFixture) -> None:
    run_jobs([Job(lambda: jobs.log("hello"), name="greet")])
    assert [record.task for record in caplog.records if record.name == "project.nodes"] == ["greet"]


def test_a_log_record_keeps_what_was_attached_to_it_and_the_process_it_came_from(
    caplog: pytest.LogCaptureFixture,
) -> None:
    run_jobs([Job(lambda: jobs.log("hello"))])
    (record,) = [record for record in caplog.records if record.name == "project.nodes"]
    assert record.rows == 3 and record.process != os.getpid()


def test_what_the_drivers_levels_silence_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("project.nodes")
    logger.setLevel(logging.ERROR)
    try:
        run_jobs([Job(lambda: jobs.log("hello"))])
    finally:
        logger.setLevel(logging.NOTSET)
    assert not [record for record in caplog.records if record.name == "project.nodes"]


def test_a_debug_record_comes_when_the_driver_wants_those(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "project.details")
    run_jobs([Job(lambda: logging.getLogger("project.details").debug("fine print") and None)])
    assert "fine print" in caplog.messages


def test_an_exception_in_a_log_record_comes_as_text(caplog: pytest.LogCaptureFixture) -> None:
    def log_error() -> None:
        try:
            jobs.fail()
        except KeyError:
            logging.getLogger("project.nodes").exception("went wrong")

    run_jobs([Job(log_error)])
    (record,) = [record for record in caplog.records if record.message == "went wrong"]
    assert record.exc_text is not None and "in fail" in record.exc_text


def test_a_record_comes_once_though_the_work_sets_up_handlers_of_its_own(capfd: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger("project").addHandler(handler)
    try:
        run_jobs([Job(lambda: jobs.log("hello"))], prepare=logging.basicConfig)
    finally:
        logging.getLogger("project").removeHandler(handler)
    assert stream.getvalue() == "hello from worker\n" and "hello" not in capfd.readouterr().err


def test_a_warning_of_a_worker_is_shown_here() -> None:
    with pytest.warns(FutureWarning, match="take care"):
        run_jobs([Job(jobs.warn)])


def test_the_same_warning_of_many_workers_is_shown_once() -> None:
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        run_jobs([Job(jobs.warn)] * 6)
    assert len([w for w in shown if w.category is FutureWarning]) == 1


def test_a_warning_that_is_an_error_here_is_an_error_there() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        outcome = run_jobs([Job(jobs.warn)])
    assert isinstance(outcome.failure().error, FutureWarning)


def test_a_warning_that_is_ignored_here_is_ignored_there() -> None:
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("ignore", FutureWarning)
        run_jobs([Job(jobs.warn)])
    assert not shown


def test_a_record_of_a_process_that_a_task_forked_does_not_disturb(capfd: pytest.CaptureFixture[str]) -> None:
    def fork_and_log() -> int:
        child = os.fork()
        if not child:
            jobs.log("from below")
            os._exit(0)
        return os.waitpid(child, 0)[1]

    assert run_jobs([Job(fork_and_log)]).results == [0]
    assert "from below" in capfd.readouterr().err
