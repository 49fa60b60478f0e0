"""Runs that remember: which nodes run after which edit, on every runner, and what a failed run leaves behind."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deodar.engine.cache.content import identify_path
from deodar.engine.cache.store import ValueStore
from deodar.engine.events import Event, RunStarted
from deodar.engine.journal.history import History
from deodar.engine.journal.locks import OutputBusyError
from deodar.engine.journal.store import FILE_NAME, Journal
from deodar.io import AbstractDataset, AbstractVersionedDataset, DataCatalog, DatasetError, MemoryDataset, Version
from deodar.pipeline import node, pipeline
from deodar.runner import SequentialRunner
from deodar.runner._inherited import inherit, inherited
from deodar.runner._memory import RunMemoryError, remembering

from .shop import RUNNERS, TOOLS, Shop, Watch


class Nowhere(AbstractDataset[None, list[int]]):
    """Data that comes from somewhere that nobody can look at."""

    asked = False

    def load(self) -> list[int]:
        return [1, 2, 3]

    def save(self, data: None) -> None:
        raise NotImplementedError

    def _exists(self) -> bool:
        self.asked = True
        return True

    def _describe(self) -> dict[str, Any]:
        return {}


class Growing(AbstractVersionedDataset[Any, Any]):
    """A file with versions, of which somebody saves a newer one each time that somebody else has looked."""

    def __init__(self, filepath: str, version: Version | None = None) -> None:
        super().__init__(Path(filepath), version, glob_function=self._list_and_grow)

    def _list_and_grow(self, pattern: str) -> list[str]:
        found = sorted(map(str, self._filepath.glob(f"*/{self._filepath.name}")))
        version(self._filepath, len(found) + 1)
        return found

    def load(self) -> Any:
        return json.loads(Path(str(self._get_load_path())).read_text())

    def save(self, data: Any) -> None:
        raise NotImplementedError

    def _describe(self) -> dict[str, Any]:
        return {}


def version(path: Path, number: int) -> Path:
    """Make a version that holds its number."""
    place = path / f"{number:03d}" / path.name
    place.parent.mkdir(parents=True)
    place.write_text(f"[{number}]")
    return place


def touch(shop: Shop) -> None:
    os.utime(shop.path("raw"), (1, 1))


def set_factor(shop: Shop) -> None:
    shop.params["factor"] = 4


def set_unused(shop: Shop) -> None:
    shop.params["label"]["unused"] = 2


def set_name(shop: Shop) -> None:
    shop.params["label"]["name"] = "range"


def set_save_args(shop: Shop) -> None:
    shop.config["high"]["save_args"] = {"indent": 2}


def set_load_args(shop: Shop) -> None:
    shop.config["raw"]["metadata"] = {"owner": "anna"}


def move_high(shop: Shop) -> None:
    shop.config["high"]["filepath"] = str(shop.folder / "elsewhere.json")


def change_input(shop: Shop) -> None:
    shop.path("raw").write_text("[1, 2, 4]")


def change_input_in_the_middle(shop: Shop) -> None:
    shop.path("raw").write_text("[1, 1, 3]")


def move_function(shop: Shop) -> None:
    (shop.package / "other.py").write_text(f"# Moved.\n\n{TOOLS}")
    shop.edit("nodes", "from . import tools", "from . import other as tools")


ALL = {"load", "low", "high", "spread", "label"}
EDITS: dict[str, tuple[Callable[[Shop], None], set[str]]] = {
    "nothing": (lambda shop: None, set()),
    "body of a node": (lambda shop: shop.edit("nodes", "high - low", "high - low + 1"), {"spread", "label"}),
    "body, same result": (lambda shop: shop.edit("nodes", "high - low", "-low + high"), {"spread"}),
    "helper": (lambda shop: shop.edit("tools", "value * factor", "value * factor + value"), ALL),
    "constant": (lambda shop: shop.edit("nodes", "RATE = 2", "RATE = 3"), {"load", "high", "spread", "label"}),
    "decorator": (
        lambda shop: shop.edit("deco", "return function(*args)", "return function(*args) - 1"),
        {"load", "low", "spread", "label"},
    ),
    "comment": (lambda shop: shop.edit("nodes", "    return min", "    # Really.\n    return min"), set()),
    "docstring": (lambda shop: shop.edit("nodes", "The least.", "The smallest."), set()),
    "layout": (
        lambda shop: shop.edit("nodes", "max(values) * RATE", "(\n        max(values)\n        * RATE\n    )"),
        set(),
    ),
    "moved helper": (move_function, set()),
    "parameter": (set_factor, ALL),
    "parameter that nobody reads": (set_unused, set()),
    "leaf of a parameter": (set_name, {"label"}),
    "touched input": (touch, set()),
    "changed input": (change_input, {"load", "low", "high", "spread", "label"}),
    "changed input, same results": (change_input_in_the_middle, {"load", "low", "high"}),
    "deleted output": (lambda shop: shop.path("spread").unlink(), {"spread"}),
    "edited output": (lambda shop: shop.path("spread").write_text("99"), {"spread"}),
    "save argument": (set_save_args, {"load", "high"}),
    "metadata": (set_load_args, set()),
    "path of an output": (move_high, {"load", "high", "spread"}),
}


@pytest.mark.parametrize("case", EDITS)
def test_exactly_what_must_run_runs_after_an_edit(shop: Shop, case: str) -> None:
    edit, expected = EDITS[case]
    assert shop.ran() == ALL
    assert shop.ran() == set()
    edit(shop)
    assert shop.ran() == expected
    assert shop.ran() == set()


@pytest.mark.parametrize("case", ["changed input", "constant", "body of a node", "deleted output"])
def test_the_result_is_that_of_a_clean_run(shop: Shop, case: str) -> None:
    shop.run()
    EDITS[case][0](shop)
    shop.run()
    incremental = shop.result()
    shop.run(incremental=False)
    assert shop.result() == incremental


@pytest.mark.parametrize("runner", RUNNERS)
def test_every_runner_reuses(shop: Shop, runner: str) -> None:
    assert shop.ran(runner=runner) == ALL
    assert shop.ran(runner=runner) == set()
    shop.edit("nodes", "high - low", "-low + high")
    assert shop.ran(runner=runner) == {"spread"}


def test_a_run_that_reuses_everything_writes_nothing(shop: Shop) -> None:
    shop.run()
    before = {path: path.stat().st_mtime_ns for path in shop.folder.glob("*.json")}
    shop.run()
    assert {path: path.stat().st_mtime_ns for path in shop.folder.glob("*.json")} == before


def test_an_ordinary_run_runs_everything_and_can_be_built_on(shop: Shop) -> None:
    shop.run(incremental=False)
    assert set(shop.run(incremental=False).ran) == ALL
    assert shop.ran() == set()


def test_a_forced_node_runs_and_the_rest_only_if_it_must(shop: Shop) -> None:
    shop.run()
    assert shop.ran(force=["low"]) == {"load", "low"}
    with pytest.raises(RunMemoryError, match="'lows'"):
        shop.run(force=["lows"])


def test_values_that_are_kept_need_not_be_made_again(shop: Shop) -> None:
    shop.run(spill="always")
    shop.path("low").unlink()
    assert shop.ran(spill="always") == {"low"}


@pytest.mark.parametrize("runner", RUNNERS)
def test_a_failed_run_is_resumed_where_it_failed(shop: Shop, runner: str) -> None:
    shop.edit("nodes", "return high - low", "raise ValueError('bad')")
    with pytest.raises(ValueError, match="bad"):
        shop.run(runner, incremental=False)
    shop.edit("nodes", "raise ValueError('bad')", "return high - low")
    assert set(shop.run(runner, incremental=False, resume=True).ran) == {"spread", "label"}
    assert shop.result() == "spread: 15"
    assert shop.history().run().resumes is not None


def test_what_a_failed_run_had_in_memory_is_kept_for_the_rest(shop: Shop) -> None:
    shop.edit("nodes", "return max(values) * RATE", "raise ValueError('bad')")
    with pytest.raises(ValueError, match="bad"):
        shop.run(incremental=False)
    shop.edit("nodes", "raise ValueError('bad')", "return max(values) * RATE")
    watch = shop.run(incremental=False, resume=True)
    assert "load" in watch.reused


def test_without_spilling_what_was_in_memory_is_made_again(shop: Shop) -> None:
    shop.edit("nodes", "return max(values) * RATE", "raise ValueError('bad')")
    with pytest.raises(ValueError, match="bad"):
        shop.run(incremental=False, spill="never")
    shop.edit("nodes", "raise ValueError('bad')", "return max(values) * RATE")
    assert set(shop.run(incremental=False, resume=True).ran) >= {"load", "high"}
    assert not (shop.home / "values").exists()


def test_a_resumed_run_takes_changed_parameters_into_account(shop: Shop) -> None:
    shop.run(incremental=False)
    shop.params["factor"] = 5
    assert set(shop.run(incremental=False, resume=True).ran) == ALL


def test_there_must_be_a_run_to_resume(shop: Shop) -> None:
    with pytest.raises(RunMemoryError, match="No run"):
        shop.run(incremental=False, resume=True)


def test_a_damaged_value_is_made_again(shop: Shop) -> None:
    shop.run(spill="always")
    for path in (shop.home / "values").glob("??/v*"):
        path.write_bytes(b"")
    shop.path("low").unlink()
    assert shop.ran(spill="always") == {"load", "low"}


def test_results_in_memory_are_there_for_who_wants_them(shop: Shop) -> None:
    del shop.config["label"]
    for _ in range(2):
        with remembering(shop.home, incremental=True):
            results = SequentialRunner().run(shop.pipeline(), shop.catalog())
        assert results["label"].load() == "spread: 15"


def test_an_input_that_cannot_be_traced_is_not_trusted(shop: Shop) -> None:
    def catalog() -> DataCatalog:
        found = DataCatalog.from_config({name: entry for name, entry in shop.config.items() if name != "raw"})
        found["raw"] = Nowhere()
        found["params:factor"], found["params:label.name"] = MemoryDataset(3), MemoryDataset("spread")
        return found

    for _ in range(2):
        watch = Watch()
        with remembering(shop.home, incremental=True, wants_results=False):
            outer = inherited()
        with inherit(replace(outer, observers=(watch,))):
            SequentialRunner().run(shop.pipeline(), catalog())
    assert "load" in watch.ran


@pytest.mark.parametrize("runner", RUNNERS)
@pytest.mark.parametrize("incremental", [False, True])
def test_a_run_is_decided_on_the_versions_that_it_reads(shop: Shop, runner: str, incremental: bool) -> None:
    shop.path("raw").unlink()
    first = version(shop.path("raw"), 1)
    shop.config["raw"] = {"type": f"{__name__}.Growing", "filepath": str(shop.path("raw")), "versioned": True}
    shop.run(runner, incremental=incremental)
    assert shop.result() == "spread: 3"
    (attempt,) = [found for found in shop.history().attempts(shop.history().run().id) if found.task == "load"]
    assert attempt.facts["reads"] == {"raw": identify_path(first)}


def test_what_is_reused_is_read_in_the_version_that_was_looked_at(shop: Shop) -> None:
    shop.config["high"]["versioned"] = True
    shop.run()
    shop.edit("nodes", "return high - low", "return low - high")

    class Meanwhile:
        def observe(self, event: Event) -> None:
            if isinstance(event, RunStarted):
                version(shop.path("high"), 999999)

    shop.run(watch=Meanwhile())
    assert shop.result() == "spread: -15"


def test_no_secret_of_the_catalog_is_in_the_journal(shop: Shop) -> None:
    shop.config["raw"]["fs_args"] = {"password": "hunter2"}
    shop.config["low"]["credentials"] = {"name": "hunter2"}
    shop.run()
    assert not [path for path in shop.home.rglob("*") if path.is_file() and b"hunter2" in path.read_bytes()]
    shop.config["raw"]["fs_args"] = {"password": "other"}
    assert "load" in shop.ran()


def test_two_runs_do_not_write_the_same_outputs_at_once(shop: Shop) -> None:
    shop.run()
    with Journal(shop.home / FILE_NAME) as journal:
        me = journal.read("SELECT host FROM runs")[0]["host"]
        journal.write(
            lambda connection: connection.execute(
                "INSERT INTO locks VALUES (?, 'other', 1, ?, '', 4e9)", (os.path.realpath(shop.path("low")), me)
            )
        )
    with pytest.raises(OutputBusyError, match="run 'other'"):
        shop.run(wait=0.0)


def test_an_ordinary_run_does_not_ask_whether_inputs_exist(shop: Shop) -> None:
    far = Nowhere()
    with remembering(shop.home):
        SequentialRunner().run(pipeline([node(len, "far", "low")]), DataCatalog({"far": far}))
    assert not far.asked


def test_without_a_journal_an_ordinary_run_goes_on(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    shop.home.write_text("in the way")
    caplog.set_level(logging.INFO)
    assert set(shop.run(incremental=False).ran) == ALL
    assert "will not be remembered" in caplog.text
    with pytest.raises(RunMemoryError, match="cannot be made"):
        shop.run()


def test_what_contradicts_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="one of the two"), remembering(incremental=True, resume=True):
        pass
    with pytest.raises(ValueError, match="expected one of never"), remembering(spill="sometimes"):  # type: ignore[arg-type]
        pass


def test_stored_values_are_those_of_the_pipeline(shop: Shop) -> None:
    shop.run(spill="always")
    assert ValueStore(shop.home / "values").stats().values == 1


def test_the_journal_keeps_so_many_runs(shop: Shop) -> None:
    for _ in range(3):
        shop.run(keep_runs=1)
    with Journal(shop.home / "journal.db") as journal:
        assert len(History(journal).runs()) == 1
    assert shop.ran(keep_runs=1) == set()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names of files are text")
def test_names_of_files_need_not_be_text(shop: Shop) -> None:
    for name in ("raw", "high"):
        path = os.fsdecode(os.fsencode(str(shop.folder)) + b"/\xff" + name.encode() + b".json")
        shop.config[name]["filepath"] = path
    Path(shop.config["raw"]["filepath"]).write_text("[1, 2, 3]")
    assert set(shop.run(incremental=False).ran) == ALL
    assert shop.ran() == set()
    Path(shop.config["raw"]["filepath"]).write_text("{")
    with pytest.raises(DatasetError):
        shop.run()
    assert "raw.json" in str(shop.history().attempts(shop.history().run().id)[0].error)
