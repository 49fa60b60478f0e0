"""Commands that build on earlier runs: run with its options, explain, accept, debug, runs and cache."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from typing import Any

import pytest

from deodar.engine.cache.content import _TICK_NS

from .conftest import Project


@pytest.fixture
def shop(project: Project) -> Project:
    """The project of two nodes: ``double_it`` writes in memory, ``add_it`` a file."""
    (project.path / "conf" / "base" / "parameters.yml").write_text("number: 21\n")
    return project


def edit(project: Project, old: str, new: str) -> None:
    """Change the functions, and have them imported again."""
    files = list(project.source.rglob("nodes.py"))
    for path in files:
        if old in path.read_text():
            path.write_text(path.read_text().replace(old, new))
            # Bytecode is told from that of a text as long, written within the same second, by nothing.
            shutil.rmtree(path.parent / "__pycache__", ignore_errors=True)
    for name in [name for name in sys.modules if name.partition(".")[0] == project.package]:
        del sys.modules[name]


def runs(project: Project) -> list[dict[str, Any]]:
    return json.loads(project.invoke("runs", "list", "--json").output)  # type: ignore[no-any-return]


def outcomes(project: Project) -> dict[str, str]:
    """Return how each node of the last run ended."""
    shown = json.loads(project.invoke("runs", "show", "--json").output)
    return {attempt["task"]: attempt["outcome"] for attempt in shown["attempts"]}


def test_runs_are_recorded_in_the_project(shop: Project) -> None:
    assert shop.invoke("run").exit_code == 0
    (run,) = runs(shop)
    assert (run["status"], run["done"], run["facts"]["runner"]) == ("completed", 2, "SequentialRunner")
    assert (shop.path / ".deodar" / ".gitignore").read_text() == "*\n"


def test_the_journal_can_be_turned_off(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEODAR_JOURNAL", "off")
    assert shop.invoke("run").exit_code == 0
    assert not (shop.path / ".deodar").exists()
    assert "no run was recorded" in shop.invoke("runs", "list").output


def test_the_journal_can_be_elsewhere(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEODAR_HOME", str(shop.path / "memory"))
    assert shop.invoke("run").exit_code == 0
    assert (shop.path / "memory" / "journal.db").exists()
    assert len(runs(shop)) == 1


def test_an_unknown_key_of_the_setting_is_named(shop: Project) -> None:
    (shop.source / "settings.py").write_text("RUN_MEMORY = {'spil': 'never'}\n")
    found = shop.invoke("run")
    assert found.exit_code == 1
    assert "'spil'" in str(found.exception) + found.output


def test_an_incremental_run_reuses_what_has_not_changed(shop: Project) -> None:
    shop.invoke("run")
    assert shop.invoke("run", "--incremental").exit_code == 0
    assert outcomes(shop) == {"double_it": "reused", "add_it": "reused"}


def test_a_changed_parameter_on_the_command_line_counts(shop: Project) -> None:
    shop.invoke("run")
    shop.invoke("run", "--incremental", "--params", "number=5")
    assert outcomes(shop) == {"double_it": "done", "add_it": "done"}
    assert "parameter `number`: 21 → 5" in shop.invoke("runs", "diff", runs(shop)[1]["id"]).output


def test_a_secret_parameter_is_not_in_the_journal(shop: Project) -> None:
    assert shop.invoke("run", "--params", "password=hunter2").exit_code == 0
    assert runs(shop)[0]["facts"]["runtime_params"] == {"password": "…"}
    assert not [
        path for path in (shop.path / ".deodar").rglob("*") if path.is_file() and b"hunter2" in path.read_bytes()
    ]


def test_a_forced_node_runs(shop: Project) -> None:
    shop.invoke("run")
    shop.invoke("run", "--force", "double_it")
    assert outcomes(shop)["double_it"] == "done"


def test_a_failed_run_is_resumed(shop: Project) -> None:
    edit(shop, "return left + right", "raise ValueError('broken')")
    assert shop.invoke("run").exit_code == 1
    assert runs(shop)[0]["status"] == "failed"
    edit(shop, "raise ValueError('broken')", "return left + right")
    assert shop.invoke("run", "--resume").exit_code == 0
    assert outcomes(shop) == {"double_it": "reused", "add_it": "done"}
    assert runs(shop)[0]["resumes"] == runs(shop)[1]["id"]


def test_a_run_is_resumed_by_its_name(shop: Project) -> None:
    shop.invoke("run")
    shop.invoke("run")
    first = runs(shop)[1]["id"]
    assert shop.invoke("run", "--resume", first).exit_code == 0
    assert runs(shop)[0]["resumes"] == first


def test_a_run_that_there_is_none_of_cannot_be_resumed(shop: Project) -> None:
    shop.invoke("run")
    found = shop.invoke("run", "--resume", "1999")
    assert found.exit_code == 1
    assert "No run '1999' in the journal" in str(found.exception) + found.output


def test_two_ways_of_building_on_earlier_runs_exclude_each_other(shop: Project) -> None:
    found = shop.invoke("run", "--resume", "--incremental")
    assert found.exit_code == 1
    assert "cannot be used together" in found.output


def test_a_dry_run_says_what_would_run_and_runs_nothing(shop: Project) -> None:
    shop.invoke("run")
    edit(shop, "return left + right", "return right + left")
    found = shop.invoke("run", "--incremental", "--dry-run")
    assert found.exit_code == 0
    assert "run    add_it     function `add` changed" in found.output
    assert "overwrites total at" in found.output
    assert len(runs(shop)) == 1


# Says which files of the project's data are opened by a command, given as arguments.
SPY = """
import os, sys

def note(event, arguments):
    if event == "open" and isinstance(arguments[0], str) and f"{os.sep}data{os.sep}" in os.path.abspath(arguments[0]):
        print("opened", arguments[0])

sys.addaudithook(note)
from deodar.framework.cli import main

main()
"""


@pytest.mark.parametrize("options", [[], ["--incremental"]])
def test_a_dry_run_reads_no_data(shop: Project, options: list[str]) -> None:
    catalog = "total: {type: json.JSONDataset, filepath: data/total.json}\n"
    (shop.path / "conf" / "base" / "catalog.yml").write_text(catalog)
    assert shop.invoke("run").exit_code == 0
    total = shop.path / "data" / "total.json"
    # A stat is not believed before the clock has moved on well since the last change, whose time cannot be set.
    while time.time_ns() - total.stat().st_ctime_ns <= 2 * _TICK_NS:
        pass
    # The file's stat is remembered from here on.
    shop.invoke("run", "--incremental")

    def opened(*arguments: str) -> str:
        command = [sys.executable, "-c", SPY, *arguments]
        return subprocess.run(command, cwd=shop.path, capture_output=True, text=True, check=True).stdout

    assert "opened" not in opened("run", "--dry-run", *options)
    assert "opened" in opened("run")


def test_a_dry_run_before_the_first_run_leaves_nothing_behind(shop: Project) -> None:
    found = shop.invoke("run", "--dry-run")
    assert "2 of 2 nodes would run" in found.output
    assert not (shop.path / ".deodar").exists()


def test_a_dry_run_that_could_not_succeed_leaves_with_1_and_says_all_reasons(shop: Project) -> None:
    (shop.path / "conf" / "base" / "catalog.yml").write_text(
        "total:\n  type: json.JSONDataset\n  filepath: data/x.json\n  versioned: true\n"
        "doubled:\n  type: no.SuchDataset\n  filepath: data/y.json\n"
    )
    found = shop.invoke("run", "--dry-run")
    assert found.exit_code == 1
    assert "doubled cannot be made" in found.output
    (shop.path / "conf" / "base" / "catalog.yml").write_text(
        "total:\n  type: json.JSONDataset\n  filepath: data/x.json\n  versioned: true\n"
        "doubled:\n  type: json.JSONDataset\n  filepath: data/x.json\n"
    )
    (shop.path / "data" / "x.json").write_text("1")
    found = shop.invoke("run", "--dry-run")
    assert found.exit_code == 1
    assert "total is versioned, but" in found.output


def test_an_explanation_goes_down_to_the_leaf(shop: Project) -> None:
    shop.invoke("run")
    edit(shop, "return number * 2", "return number * 3")
    found = shop.invoke("explain", "add_it")
    assert found.exit_code == 0
    assert "add_it may run: it comes after double_it, which writes doubled" in found.output
    assert "double_it runs: function `double` changed" in found.output


def test_a_node_that_there_is_none_of_is_not_explained(shop: Project) -> None:
    found = shop.invoke("explain", "add_itt")
    assert found.exit_code == 1
    assert "Did you mean add_it?" in found.output


def test_what_is_accepted_is_reused(shop: Project) -> None:
    shop.invoke("run")
    edit(shop, "return left + right", "return right + left")
    found = shop.invoke("accept", "add_it")
    assert (found.exit_code, found.output) == (0, "Accepted: add_it.\n")
    shop.invoke("run", "--incremental")
    assert outcomes(shop)["add_it"] == "reused"


@pytest.mark.parametrize("command", [("explain", "add_it"), ("accept", "add_it"), ("run", "--dry-run")])
def test_who_looks_ahead_is_not_told_what_a_run_says_of_its_parameters(
    shop: Project, command: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "deodar")
    shop.invoke("run")
    assert "typed parameter requirements" in caplog.text
    caplog.clear()
    assert shop.invoke(*command).exit_code == 0
    assert "typed parameter requirements" not in caplog.text


def test_what_does_not_exist_cannot_be_accepted(shop: Project) -> None:
    found = shop.invoke("accept", "add_it")
    assert found.exit_code == 1
    assert "no output total to accept" in found.output


def test_the_debugger_opens_where_a_node_failed_with_its_inputs(shop: Project) -> None:
    edit(shop, "return left + right", "raise ValueError('broken')")
    shop.invoke("run")
    # In a process of its own: click's runner gives the debugger the streams of the tests.
    command = [sys.executable, "-m", "deodar", "debug", "add_it"]
    found = subprocess.run(
        command, cwd=shop.path, input="p (left, right)\nq\n", capture_output=True, text=True, timeout=60
    )
    assert "(42, 21)" in found.stdout
    assert "Making" not in found.stdout


def test_a_node_that_did_not_fail_is_called_again(shop: Project) -> None:
    shop.invoke("run")
    found = shop.invoke("debug", "add_it")
    assert found.exit_code == 0
    assert "Making doubled again." in found.output
    assert "add_it did not fail" in found.output


def test_a_run_is_followed_by_its_events(shop: Project) -> None:
    shop.invoke("run")
    lines = shop.invoke("runs", "tail", "--json").output.splitlines()
    kinds = [json.loads(line)["kind"] for line in lines]
    assert (kinds[0], kinds[-1], kinds.count("TaskEnded")) == ("RunStarted", "RunEnded", 2)
    assert "TaskEnded     add_it" in shop.invoke("runs", "tail").output


def test_a_run_is_shown_with_its_nodes(shop: Project) -> None:
    shop.invoke("run", "--tags", "first")
    shown = shop.invoke("runs", "show").output
    assert "done       double_it" in shown
    assert "tags: ['first']" in shown


def test_old_runs_are_forgotten(shop: Project) -> None:
    for _ in range(3):
        shop.invoke("run")
    assert "Forgot 2 runs" in shop.invoke("runs", "prune", "--keep", "1").output
    assert len(runs(shop)) == 1
    shop.invoke("run", "--incremental")
    assert outcomes(shop)["add_it"] == "reused"


def test_kept_values_are_counted_and_dropped(shop: Project) -> None:
    shop.invoke("run", "--spill", "always")
    assert json.loads(shop.invoke("cache", "stats", "--json").output)["values"] == 1
    assert "Dropped 0 values" in shop.invoke("cache", "prune", "--limit", "1GB").output
    assert "Dropped 1 values" in shop.invoke("cache", "clear").output
    assert shop.invoke("cache", "stats").output == "0 values, 0 B\n"
    assert "--limit is 'much'" in shop.invoke("cache", "prune", "--limit", "much").output


def test_failed_nodes_need_not_stop_the_others(shop: Project) -> None:
    edit(shop, "return left + right", "raise ValueError('broken')")
    assert shop.invoke("run", "--on-error", "continue").exit_code == 1
    assert outcomes(shop) == {"double_it": "done", "add_it": "failed"}
