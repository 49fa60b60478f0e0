"""A small project whose runs remember, and what is noted of its runs."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from deodar.engine.events import AllReused, Event, RunStarted, TaskEnded, TaskReused
from deodar.engine.journal.history import History
from deodar.engine.journal.store import FILE_NAME, Journal
from deodar.io import DataCatalog, MemoryDataset
from deodar.pipeline import node, pipeline
from deodar.runner import ParallelRunner, SequentialRunner, ThreadRunner
from deodar.runner._inherited import inherit, inherited
from deodar.runner._memory import remembering

NODES = '''
from . import tools
from .deco import noted

RATE = 2


def load(raw, factor):
    return [tools.scale(value, factor) for value in raw]


@noted
def low(values):
    """The least."""
    return min(values)


def high(values):
    return max(values) * RATE


def spread(high, low):
    return high - low


def label(spread, name):
    return f"{name}: {spread}"
'''
TOOLS = """
def scale(value, factor):
    return value * factor
"""
DECO = """
def noted(function):
    def wrapper(*args):
        return function(*args)
    return wrapper
"""
RUNNERS: dict[str, Callable[[], Any]] = {
    "sequential": SequentialRunner,
    "thread": lambda: ThreadRunner(max_workers=2),
    "process": lambda: ParallelRunner(max_workers=2),
}


def stands_in(home: Path, scope: str = "") -> bool:
    """Say whether a journal has a decision that nothing has to run."""
    with Journal(home / FILE_NAME) as journal:
        return bool(journal.read("SELECT 1 FROM standing WHERE scope = ?", scope))


class Watch:
    """Notes which nodes ran, and why others did not."""

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self.ran: list[str] = []
        self.reused: dict[str, str] = {}

    def observe(self, event: Event) -> None:
        match event:
            case RunStarted(names=names):
                self.names = tuple(names)
            case TaskEnded(task=task):
                self.ran.append(self.names[task])
            case TaskReused(task=task, reason=reason):
                self.reused[self.names[task]] = reason
            case AllReused(reasons=reasons):
                self.reused.update(zip(self.names, reasons, strict=True))
            case _:
                pass


class Shop:
    """A project of five nodes: ``values`` is in memory, all else in files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.package = folder / "shop"
        self.package.mkdir()
        self.home = folder / "home"
        self.used: DataCatalog  # By the last run.
        self.params: dict[str, Any] = {"factor": 3, "label": {"name": "spread", "unused": 1}}
        self.config: dict[str, dict[str, Any]] = {
            name: {"type": "json.JSONDataset", "filepath": str(folder / f"{name}.json")}
            for name in ("raw", "low", "high", "spread", "label")
        }
        for name, text in (("__init__", ""), ("nodes", NODES), ("tools", TOOLS), ("deco", DECO)):
            (self.package / f"{name}.py").write_text(text)
        self.path("raw").write_text("[1, 2, 3]")

    def path(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def edit(self, module: str, old: str, new: str) -> None:
        path = self.package / f"{module}.py"
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))

    def forget(self) -> None:
        for name in [name for name in sys.modules if name.partition(".")[0] == "shop"]:
            del sys.modules[name]
        importlib.invalidate_caches()

    def pipeline(self) -> Any:
        self.forget()
        module = importlib.import_module("shop.nodes")
        return pipeline(
            [
                node(module.load, ["raw", "params:factor"], "values", name="load"),
                node(module.low, "values", "low", name="low"),
                node(module.high, "values", "high", name="high"),
                node(module.spread, ["high", "low"], "spread", name="spread"),
                node(module.label, ["spread", "params:label.name"], "label", name="label"),
            ]
        )

    def catalog(self) -> DataCatalog:
        catalog = DataCatalog.from_config(self.config)
        catalog["params:factor"] = MemoryDataset(self.params["factor"])
        catalog["params:label.name"] = MemoryDataset(self.params["label"]["name"])
        return catalog

    def run(self, runner: str = "sequential", watch: Watch | None = None, **options: Any) -> Watch:
        watch = watch or Watch()
        options = {"incremental": True, "wants_results": False, **options}
        with remembering(self.home, **options):
            outer = inherited()
            with inherit(replace(outer, observers=(watch,))):
                self.used = self.catalog()
                self.results = RUNNERS[runner]().run(self.pipeline(), self.used)
        return watch

    def ran(self, **options: Any) -> set[str]:
        return set(self.run(**options).ran)

    def make_stand(self, runner: str = "sequential", **options: Any) -> None:
        """Run until it is known for good that nothing has to run: stats of files are believed some 20 ms later."""
        while not self.stands():
            self.run(runner, **options)

    def stands(self) -> bool:
        """Say whether the journal has a decision that nothing has to run."""
        return stands_in(self.home)

    def built(self) -> set[str]:
        """Return the datasets that the last run built."""
        return {name for name in self.used._datasets if name in self.config}

    def result(self) -> Any:
        return json.loads(self.path("label").read_text())

    def history(self) -> History:
        return History(Journal(self.home / FILE_NAME))
