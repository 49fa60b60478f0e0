"""What nodes save: all outputs of one together, and the versions that a run reads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deodar.framework.hooks import _create_hook_manager, hook_impl
from deodar.io import DataCatalog, DatasetError
from deodar.pipeline import node, pipeline
from deodar.runner import AbstractRunner, ParallelRunner, SequentialRunner, ThreadRunner

RUNNERS = {
    "sequential": SequentialRunner,
    "async": lambda: SequentialRunner(is_async=True),
    "thread": lambda: ThreadRunner(max_workers=2),
    "process": lambda: ParallelRunner(max_workers=2),
}


@pytest.fixture(params=sorted(RUNNERS))
def runner(request: pytest.FixtureRequest) -> AbstractRunner:
    made: AbstractRunner = RUNNERS[request.param]()
    return made


def catalog_in(folder: Path, *, versioned: bool = False, save_version: str = "v1", **formats: str) -> DataCatalog:
    return DataCatalog.from_config(
        {
            name: {"type": kind, "filepath": str(folder / f"{name}.data"), "versioned": versioned}
            for name, kind in formats.items()
        },
        save_version=save_version,
    )


TEXT = "text.TextDataset"


def two(good: str) -> tuple[str, object]:
    return good, object()


def test_outputs_of_a_node_that_fails_to_save_one_stay_as_they_were(tmp_path: Path, runner: AbstractRunner) -> None:
    catalog = catalog_in(tmp_path, a=TEXT, b="json.JSONDataset", raw=TEXT)
    catalog.save("raw", "new")
    catalog.save("a", "old")
    with pytest.raises(DatasetError):
        runner.run(pipeline([node(two, "raw", ["a", "b"], name="two")]), catalog)
    assert catalog.load("a") == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.data", "raw.data"]


class Looking:
    """Looks at the file as soon as it is saved, as those do who upload it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: list[str] = []

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        self.seen.append((self.folder / f"{dataset_name}.data").read_text())


@pytest.mark.parametrize("is_async", [False, True])
def test_hooks_find_the_file_that_was_saved(tmp_path: Path, is_async: bool) -> None:
    hooks, manager = Looking(tmp_path), _create_hook_manager()
    manager.register(hooks)
    catalog = catalog_in(tmp_path, a=TEXT, b=TEXT)
    run = pipeline([node(lambda: ("1", "2"), None, ["a", "b"], name="two")])
    SequentialRunner(is_async=is_async).run(run, catalog, manager)
    assert sorted(hooks.seen) == ["1", "2"]


def test_chunks_of_a_generator_can_be_read_back_as_they_come(tmp_path: Path) -> None:
    catalog = catalog_in(tmp_path, a=TEXT, b=TEXT)
    seen: list[str] = []

    def chunks() -> Any:
        yield "1", "2"
        seen.append((tmp_path / "a.data").read_text())
        yield "3", "4"

    SequentialRunner().run(pipeline([node(chunks, None, ["a", "b"], name="chunks")]), catalog)
    assert (seen, catalog.load("a")) == (["1"], "3")


def first(raw: str) -> str:
    return f"{raw} by this run"


def second(middle: str) -> str:
    return middle.upper()


def saved_elsewhere(raw: str, folder: str) -> str:
    """Make what another run saves while this one goes on."""
    program = (
        "import sys; from deodar.datasets.text import TextDataset; from deodar.io import Version\n"
        "for name in ('raw', 'middle'):\n"
        "    TextDataset(filepath=f'{sys.argv[1]}/{name}.data', version=Version(None, 'v9')).save('other run')"
    )
    subprocess.run([sys.executable, "-c", program, folder], check=True)
    return raw


def test_a_run_is_computed_from_its_own_data_alone(tmp_path: Path, runner: AbstractRunner) -> None:
    catalog_in(tmp_path, versioned=True, save_version="v0", raw=TEXT).save("raw", "data")
    catalog = catalog_in(tmp_path, versioned=True, raw=TEXT, middle=TEXT, end=TEXT, late=TEXT)
    catalog["folder"] = str(tmp_path)
    run = pipeline(
        [
            node(first, "raw", "middle", name="first"),
            node(saved_elsewhere, ["middle", "folder"], "told", name="elsewhere"),
            node(lambda middle, told: second(middle), ["middle", "told"], "end", name="second"),
            node(lambda raw, told: raw, ["raw", "told"], "late", name="late"),
        ]
    )
    runner.run(run, catalog)
    assert (catalog.load("end"), catalog.load("late")) == ("DATA BY THIS RUN", "data")
    assert catalog.load("middle") == "data by this run"
