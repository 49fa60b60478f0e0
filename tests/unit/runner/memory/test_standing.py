"""A decision that nothing has to run stands, until anything that it was made from changes."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deodar.engine.cache import packages
from deodar.engine.events import AllReused, Event, RunEnded
from deodar.engine.journal.history import History
from deodar.engine.journal.records import Records
from deodar.engine.journal.reused import reused_in
from deodar.engine.journal.store import FILE_NAME, Journal
from deodar.io import DataCatalog, MemoryDataset
from deodar.pipeline import node, pipeline
from deodar.runner import SequentialRunner, remembering
from deodar.runner._memory import standing

from .shop import RUNNERS, Shop, Watch


def journal_of(shop: Shop) -> Journal:
    return Journal(shop.home / FILE_NAME)


def ended(shop: Shop) -> bool:
    """Say whether the next run decides anew, be it with the same result."""
    shop.run()
    return "raw" in shop.built()


@pytest.mark.parametrize("runner", RUNNERS)
def test_a_run_with_nothing_to_do_builds_only_its_results(shop: Shop, runner: str) -> None:
    shop.make_stand(runner)
    watch = shop.run(runner)
    assert watch.ran == []
    assert list(watch.reused) == list(watch.names)
    assert len(set(watch.reused.values())) == 1
    # Workers would get the datasets whole.
    assert shop.built() == ({"label"} if runner != "process" else set(shop.config))
    assert set(shop.results) == {"label"}
    assert shop.results["label"].load() == "spread: 15"


def test_the_catalog_knows_afterwards_what_it_always_did(shop: Shop) -> None:
    shop.config["{name}w"] = shop.config.pop("low") | {"filepath": str(shop.folder / "{name}w.json")}
    shop.run()
    usual = set(shop.used.keys())
    shop.make_stand()
    shop.run()
    assert "low" not in shop.used._datasets
    assert set(shop.used.keys()) == usual
    assert shop.used.load("low") == 3
    assert isinstance(shop.used["values"], MemoryDataset)


def test_the_journal_says_the_same_of_such_a_run(shop: Shop) -> None:
    shop.make_stand()
    with journal_of(shop) as journal:
        before = History(journal).run()
    shop.run()
    with journal_of(shop) as journal:
        run = History(journal).run()
        assert run.id != before.id
        assert (run.status, run.tasks, run.reused, run.done) == ("completed", 5, 5, 0)
        told = [
            [(task.task, task.reason, task.fingerprint) for task in reused_in(journal, r.id)] for r in (before, run)
        ]
    assert told[0] == told[1]
    assert len(told[0]) == 5


def replace_by_another(shop: Shop) -> None:
    path = shop.path("high")
    other = path.with_suffix(".other")
    other.write_bytes(path.read_bytes())
    other.replace(path)


def spoil_and_keep_time(shop: Shop) -> None:
    path = shop.path("high")
    found = path.stat()
    path.write_text(path.read_text().replace("1", "2"))
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def forget_a_record(shop: Shop) -> None:
    with journal_of(shop) as journal:
        Records(journal).forget(["low"])


def accept_by_hand(shop: Shop) -> None:
    with journal_of(shop) as journal:
        Records(journal).accept("low", "other", "[]", {})


def add_a_validator(shop: Shop) -> None:
    shop.config["low"]["validator"] = "builtins.int"


def put_a_folder(shop: Shop) -> None:
    shop.path("high").unlink()
    shop.path("high").mkdir()


def another_node(shop: Shop) -> None:
    old = shop.pipeline

    def more() -> Any:
        return old() + pipeline([node(len, "label", "length", name="length")])

    shop.pipeline = more  # type: ignore[method-assign]


def fewer_nodes(shop: Shop) -> None:
    old = shop.pipeline
    shop.pipeline = lambda: old().to_nodes("high")  # type: ignore[method-assign]


def other_inputs(shop: Shop) -> None:
    shop.edit("nodes", "def spread(high, low)", "def spread(low, high)")
    old = shop.pipeline

    def swapped() -> Any:
        kept = [each for each in old().nodes if each.name != "spread"]
        module = sys.modules["shop.nodes"]
        return pipeline([*kept, node(module.spread, ["high", "low"], "spread", name="spread")])

    shop.pipeline = swapped  # type: ignore[method-assign]


CHANGES: dict[str, Callable[[Shop], None]] = {
    "a function": lambda shop: shop.edit("nodes", "high - low", "low - high"),
    "a helper": lambda shop: shop.edit("tools", "value * factor", "value * factor + 1"),
    "a constant": lambda shop: shop.edit("nodes", "RATE = 2", "RATE = 3"),
    "a decorator": lambda shop: shop.edit("deco", "function(*args)", "function(*args) + 1"),
    "arguments of a function": other_inputs,
    "a parameter": lambda shop: shop.params.update(factor=4),
    "the type of a parameter": lambda shop: shop.params.update(factor=3.0),
    "a path": lambda shop: shop.config["high"].update(filepath=str(shop.folder / "other.json")),
    "arguments of a dataset": lambda shop: shop.config["high"].update(save_args={"indent": 2}),
    "an argument from 1 to True": lambda shop: shop.config["high"].update(save_args={"indent": True}),
    "the class of a dataset": lambda shop: shop.config["high"].update(type="yaml.YAMLDataset"),
    "credentials": lambda shop: shop.config["high"].update(credentials={"key": "x"}),
    "versions of a dataset": lambda shop: shop.config["high"].update(versioned=True),
    "a validator": add_a_validator,
    "an input": lambda shop: shop.path("raw").write_text("[1, 2, 9]"),
    "an input that is gone": lambda shop: shop.path("raw").unlink(),
    "an output": spoil_and_keep_time,
    "an output that another file took the place of": replace_by_another,
    "an output that is gone": lambda shop: shop.path("high").unlink(),
    "an output that is a folder": put_a_folder,
    "one more node": another_node,
    "fewer nodes": fewer_nodes,
    "a record that is gone": forget_a_record,
    "a record by hand": accept_by_hand,
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_decision_ends_with_what_it_was_made_from(shop: Shop, case: str) -> None:
    shop.config["high"]["save_args"] = {"indent": 1}
    shop.make_stand()
    CHANGES[case](shop)
    # What else comes of it is for others to test: an input that is gone, a folder where a file should be.
    with contextlib.suppress(Exception):
        shop.run()
    assert "raw" in shop.built()


@pytest.mark.parametrize("case", ["a function", "a parameter", "an output", "an input"])
def test_it_is_made_again_once_everything_ran(shop: Shop, case: str) -> None:
    shop.make_stand()
    CHANGES[case](shop)
    assert shop.run().ran
    shop.make_stand()
    assert not ended(shop)


def test_where_the_code_is_written_is_no_matter(shop: Shop) -> None:
    shop.make_stand()
    shop.edit("nodes", "RATE = 2", "# More lines.\n\nRATE = 2")
    assert not ended(shop)


def test_an_ordinary_run_ends_it(shop: Shop) -> None:
    shop.make_stand()
    shop.run(incremental=False)
    assert not shop.stands()


def test_a_run_in_another_environment_leaves_it_alone(shop: Shop) -> None:
    shop.make_stand()
    shop.run(incremental=False, scope="other")
    assert shop.stands()


def test_forcing_a_node_asks_for_no_decision(shop: Shop) -> None:
    shop.make_stand()
    assert shop.run(force=["low"]).ran == ["load", "low"]


def test_another_runner_asks_anew(shop: Shop) -> None:
    shop.make_stand()
    shop.run("thread")
    assert "raw" in shop.built()


def test_a_package_that_was_seen_in_use_counts(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.run()
    used = json.dumps({"pytest": packages.installed_version("pytest")})
    update = "UPDATE records SET facts = json_set(facts, '$.packages', json(?)) WHERE task = 'low'"
    with journal_of(shop) as journal:
        journal.write(lambda connection: connection.execute(update, (used,)))
    shop.make_stand()
    assert not ended(shop)
    monkeypatch.setattr(standing, "installed_version", lambda name: "0.1")
    assert ended(shop)


def test_packages_that_only_other_tasks_used_do_not_count(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.run()
    update = "UPDATE records SET facts = json_set(facts, '$.packages', json(?)) WHERE task = ?"
    with journal_of(shop) as journal:
        for task, version in (("low", packages.installed_version("pytest")), ("spread", "0.1")):
            used = json.dumps({"pytest": version})
            journal.write(lambda connection, row=(used, task): connection.execute(update, row))  # type: ignore[misc]
    fewer_nodes(shop)
    old = shop.pipeline
    shop.pipeline = lambda: old() + pipeline([node(sys.modules["shop.nodes"].low, "values", "low", name="low")])  # type: ignore[method-assign]
    shop.make_stand()
    assert not ended(shop)
    # As it was when ``spread`` ran, which is no part of this.
    monkeypatch.setattr(standing, "installed_version", lambda name: "0.1")
    assert ended(shop)


class Meddler(Watch):
    """Does something to the journal at an event."""

    def __init__(self, kind: type[Event], deed: Callable[[], object]) -> None:
        super().__init__()
        self.kind, self.deed = kind, deed

    def observe(self, event: Event) -> None:
        super().observe(event)
        if isinstance(event, self.kind):
            self.deed()


def empty(shop: Shop) -> None:
    with journal_of(shop) as journal:
        journal.write(lambda connection: connection.execute("DELETE FROM standing"))


def test_a_record_that_goes_before_the_decision_is_kept_ends_it(shop: Shop) -> None:
    shop.make_stand()
    empty(shop)
    assert shop.run(watch=Meddler(AllReused, lambda: forget_a_record(shop))).ran == []
    assert not shop.stands()
    assert "low" in shop.run().ran


def test_a_run_that_is_over_does_not_fail_over_what_it_would_keep(shop: Shop) -> None:
    shop.make_stand()
    empty(shop)

    def spoil() -> None:
        with journal_of(shop) as journal:
            journal.write(lambda connection: connection.execute("ALTER TABLE reused RENAME TO other"))

    assert shop.run(watch=Meddler(RunEnded, spoil)).reused
    assert not shop.stands()


def test_an_answer_that_makes_no_sense_is_no_answer(shop: Shop) -> None:
    shop.make_stand()
    update = "UPDATE standing SET answer = json_set(answer, '$.reasons', json('[]'))"
    with journal_of(shop) as journal:
        journal.write(lambda connection: connection.execute(update))
    assert ended(shop)


def test_a_run_inside_of_a_node_is_a_run_of_its_own(tmp_path: Path) -> None:
    names = ("raw", "inner raw", "inner", "between", "last")
    config = {name: {"type": "json.JSONDataset", "filepath": str(tmp_path / f"{name}.json")} for name in names}
    inside = pipeline([node(str, "inner raw", "inner", name="inside")])
    (tmp_path / "inner raw.json").write_text("1")

    def nest(data: Any) -> Any:
        SequentialRunner().run(inside, DataCatalog.from_config(config))
        return data

    outside = pipeline([node(nest, "raw", "between", name="nest"), node(str, "between", "last", name="after")])

    def run() -> list[str]:
        with remembering(tmp_path / "home", incremental=True, wants_results=False):
            SequentialRunner().run(outside, DataCatalog.from_config(config))
        with Journal(tmp_path / "home" / FILE_NAME) as journal:
            runs = History(journal).runs()
            assert {each.status for each in runs} == {"completed"}
            return sorted(row[0] for row in journal.read("SELECT task FROM attempts WHERE outcome = 'done'"))

    for number in (1, 2):
        # The second time there is a journal to ask.
        (tmp_path / "raw.json").write_text(str(number))
        assert run().count("nest") == number
    ran = run()
    assert (ran.count("nest"), ran.count("after"), ran.count("inside")) == (2, 2, 1)
    (tmp_path / "inner raw.json").write_text("2")
    # What a node does behind the catalog's back is not noticed, nor is it by a decision that stands.
    assert run() == ran


def test_who_writes_meanwhile_is_waited_for(shop: Shop) -> None:
    shop.make_stand()
    with journal_of(shop) as journal:
        me = journal.read("SELECT host FROM runs")[0]["host"]
        target = os.path.realpath(shop.folder / "not of this run")
        insert = "INSERT INTO locks VALUES (?, 'other', 1, ?, '', 4e9)"
        journal.write(lambda connection: connection.execute(insert, (target, me)))
    assert ended(shop)
