"""Random edits of a small project: after each, an incremental run leaves the files that a clean run would."""

from __future__ import annotations

import json
import logging
import os
import shutil
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from deodar.engine.journal.store import FILE_NAME, Journal
from deodar.io import DataCatalog, MemoryDataset
from deodar.pipeline import node, pipeline
from deodar.runner import SequentialRunner, remembering

OUTPUTS = ("cleaned", "scored", "report")
# Each piece of code in some versions; two of each do the same in other words.
PIECES = {
    "clean": ("return [helper(v) for v in raw]", "return list(map(helper, raw))", "return sorted(map(helper, raw))"),
    "helper": ("return v % BASE", "return (v % BASE)  # Same.", "return v // BASE"),
    "deep": ("return sum(values)", "return max(values)", "return 0 + sum(values)"),
    "method": ("return deep(values) + self.shift", "return deep(values) - self.shift", "return self.shift"),
    "score": ("return Scorer(weight).of(values)", "return Scorer(9).of(values)", "return -Scorer(weight).of(values)"),
    "report": ("return [score, len(cleaned)]", "return [score]", "return [score % 3, 0]"),
}  # fmt: skip
TEMPLATE = """
BASE = {base}

def helper(v):
    {helper}

def clean(raw):
    {clean}

def deep(values):
    {deep}

class Scorer:
    def __init__(self, shift):
        self.shift = shift

    def of(self, values):
        {method}

def twice(function):
    def inner(*args):
        return {times} * function(*args)
    return inner

def keep(cleaned):
    return cleaned + cleaned

@twice
def score(values, weight):
    {score}

def report(score, cleaned):
    {report}
"""


class Incremental(RuleBasedStateMachine):
    """A project with functions, constants, parameters, files and values in memory."""

    folder: Path
    steps = 0
    stood = 0

    @initialize()
    def begin(self) -> None:
        self.place = Incremental.folder / str(len(list(Incremental.folder.iterdir())))
        self.place.mkdir()
        self.code: dict[str, Any] = {name: 0 for name in PIECES}
        self.base, self.times, self.weight = 7, 2, 3
        self.indent: int | None = None
        self.lines_above = 0
        self.write_raw([5, 9, 14])

    def write_raw(self, values: list[int]) -> None:
        (self.place / "raw.json").write_text(json.dumps(values))

    @rule(values=st.lists(st.integers(0, 30), min_size=1, max_size=4))
    def change_the_input(self, values: list[int]) -> None:
        self.write_raw(values)

    @rule(name=st.sampled_from(sorted(PIECES)), version=st.integers(0, 2))
    def edit_code(self, name: str, version: int) -> None:
        self.code[name] = version

    @rule(base=st.integers(2, 4), times=st.integers(1, 2), weight=st.integers(1, 3))
    def change_constants_and_parameters(self, base: int, times: int, weight: int) -> None:
        self.base, self.times, self.weight = base, times, weight

    @rule(indent=st.sampled_from([None, 1, 2]))
    def change_the_catalog(self, indent: int | None) -> None:
        self.indent = indent

    @rule(name=st.sampled_from(["raw", *OUTPUTS]))
    def touch_a_file(self, name: str) -> None:
        if (self.place / f"{name}.json").exists():
            os.utime(self.place / f"{name}.json", (1, 1))

    @rule()
    def move_the_code(self) -> None:
        self.lines_above += 1

    @rule(name=st.sampled_from(OUTPUTS))
    def delete_an_output(self, name: str) -> None:
        (self.place / f"{name}.json").unlink(missing_ok=True)

    @rule(name=st.sampled_from(OUTPUTS), value=st.integers(0, 3))
    def spoil_an_output(self, name: str, value: int) -> None:
        (self.place / f"{name}.json").write_text(str(value))

    @rule(spill=st.sampled_from(["never", "always"]))
    def run_without_looking(self, spill: Any) -> None:
        self.run(self.place, incremental=True, spill=spill)

    @invariant()
    def an_incremental_run_is_as_good_as_a_clean_one(self) -> None:
        if not hasattr(self, "place"):
            return
        Incremental.steps += 1
        self.run(self.place, incremental=True)
        # The next edit shall be of what is known to need no run at all, wherever that can be known.
        for _ in range(5):
            if self.stands():
                Incremental.stood += 1
                break
            self.run(self.place, incremental=True)
        clean = self.place / "clean"
        clean.mkdir()
        shutil.copy(self.place / "raw.json", clean / "raw.json")
        self.run(clean, incremental=False)
        assert self.files(self.place) == self.files(clean)
        shutil.rmtree(clean)

    def stands(self) -> bool:
        with Journal(self.place / "home" / FILE_NAME) as journal:
            return bool(journal.read("SELECT 1 FROM standing"))

    def files(self, place: Path) -> dict[str, str]:
        return {name: (place / f"{name}.json").read_text() for name in OUTPUTS}

    def run(self, place: Path, **options: Any) -> None:
        module = self.module()
        nodes = [
            node(module.clean, "raw", "cleaned", name="clean"),
            node(module.keep, "cleaned", "kept", name="keep"),
            node(module.score, ["kept", "params:weight"], "scored", name="score"),
            node(module.report, ["scored", "cleaned"], "report", name="report"),
        ]
        config: dict[str, Any] = {
            name: {"type": "json.JSONDataset", "filepath": str(place / f"{name}.json")} for name in ("raw", *OUTPUTS)
        }
        config["scored"]["save_args"] = {"indent": self.indent}
        catalog = DataCatalog.from_config(config)
        catalog["params:weight"] = MemoryDataset(self.weight)
        with remembering(place / "home", wants_results=False, **options):
            SequentialRunner().run(pipeline(nodes), catalog)

    def module(self) -> Any:
        """Load the project's module from a file, as an import would, so that its source can be read."""
        pieces = {name: versions[self.code[name]] for name, versions in PIECES.items()}
        path = self.place / "nodes.py"
        source = TEMPLATE.format(base=self.base, times=self.times, **pieces)
        source = "# Moved.\n" * self.lines_above + source
        path.write_text(source)
        module = types.ModuleType("drawn_project")
        exec(compile(source, str(path), "exec"), module.__dict__)
        return module


@pytest.fixture
def quiet() -> Iterator[None]:
    logging.disable(logging.INFO)
    yield
    logging.disable(logging.NOTSET)


def edit_at_random(folder: Path, edits: int) -> None:
    """Check projects that are edited some twenty times each, until there were so many edits."""
    Incremental.folder, Incremental.steps, Incremental.stood = folder, 0, 0
    while Incremental.steps < edits:
        # How many steps an example has is drawn, too.
        run_state_machine_as_test(  # type: ignore[no-untyped-call]
            Incremental, settings=settings(max_examples=10, stateful_step_count=20, deadline=None)
        )
    # Most edits were of such a project.
    assert Incremental.stood > edits / 2


def test_incremental_runs_of_an_edited_project_are_never_wrong(tmp_path: Path, quiet: None) -> None:
    edit_at_random(tmp_path, 500)


@pytest.mark.exhaustive
@pytest.mark.timeout(3000)
def test_incremental_runs_of_an_edited_project_are_never_wrong_in_thousands_of_edits(
    tmp_path: Path, quiet: None
) -> None:
    edit_at_random(tmp_path, 4_000)
