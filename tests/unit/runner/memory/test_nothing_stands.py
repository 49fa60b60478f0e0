"""Where not everything can be told from outside, no decision stands."""

from __future__ import annotations

import os
import types
from pathlib import Path
from typing import Any

import pytest

from deodar.datasets.json import JSONDataset
from deodar.datasets.text import TextDataset
from deodar.engine.journal.store import FILE_NAME, Journal
from deodar.io import DataCatalog, MemoryDataset
from deodar.pipeline import node, pipeline
from deodar.runner import SequentialRunner, remembering
from deodar.runner._memory import standing
from deodar.runner._memory.code import NodePrints

from .shop import RUNNERS, Shop, stands_in


class Elsewhere(JSONDataset):
    """Lies where the environment says."""

    def __init__(self, *, filepath: str) -> None:
        path = Path(filepath)
        super().__init__(filepath=str(path.parent / os.environ["ELSEWHERE"] / path.name))


class OneByOne(SequentialRunner):
    """Runs each node as a pipeline of its own."""

    def _run(self, pipeline: Any, catalog: Any, *others: Any) -> None:
        for each in pipeline.nodes:
            super()._run(pipeline.filter(node_names=[each.name]), catalog, *others)


class TestNothingStands:
    """Where not everything can be told from outside."""

    def check(self, shop: Shop) -> None:
        shop.run()
        # All files are old enough when the journal believes their stats.
        while True:
            watch = shop.run()
            with Journal(shop.home / FILE_NAME) as journal:
                known = {row[0] for row in journal.read("SELECT path FROM content")}
            if known >= {str(shop.path(name)) for name in ("low", "spread", "label")}:
                break
        watch = shop.run()
        assert watch.ran == []
        assert not shop.stands()

    def test_for_a_class_of_the_project(self, shop: Shop) -> None:
        (shop.package / "data.py").write_text(
            "from deodar.datasets.json import JSONDataset\n\n\nclass Mine(JSONDataset):\n    pass\n"
        )
        shop.config["high"]["type"] = "shop.data.Mine"
        self.check(shop)

    def test_for_versions(self, shop: Shop) -> None:
        shop.config["high"]["versioned"] = True
        self.check(shop)

    def test_for_a_dataset_that_a_hook_put_there(self, shop: Shop) -> None:
        old = shop.catalog

        def catalog() -> DataCatalog:
            made = old()
            made["high"] = made["high"]
            return made

        shop.catalog = catalog  # type: ignore[method-assign]
        self.check(shop)

    def test_for_somebody_elses_catalog(self, shop: Shop) -> None:
        class Own(DataCatalog):
            pass

        def catalog() -> DataCatalog:
            made = Own.from_config(shop.config)
            made["params:factor"] = MemoryDataset(shop.params["factor"])
            made["params:label.name"] = MemoryDataset(shop.params["label"]["name"])
            return made

        shop.catalog = catalog  # type: ignore[method-assign]
        self.check(shop)

    def test_for_an_object_in_the_configuration(self, shop: Shop) -> None:
        shop.config["high"]["metadata"] = {"of": types.SimpleNamespace()}
        self.check(shop)

    def test_for_a_dataset_that_is_kept_in_memory(self, shop: Shop) -> None:
        shop.config["high"] = {"type": "CachedDataset", "dataset": shop.config["high"]}
        self.check(shop)

    def test_for_a_class_of_some_other_package(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(NodePrints, "is_own", lambda self, cls: False)
        shop.config["high"]["type"] = f"{__name__}.Elsewhere"
        monkeypatch.setenv("ELSEWHERE", ".")
        self.check(shop)
        monkeypatch.setenv("ELSEWHERE", "below")
        assert shop.run().ran

    def test_for_somebody_elses_runner(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(RUNNERS, "sequential", OneByOne)
        shop.config["values"] = {"type": "json.JSONDataset", "filepath": str(shop.path("values"))}
        self.check(shop)
        shop.params["factor"] = 4
        assert set(shop.run().ran) == {"load", "low", "high", "spread", "label"}

    def test_for_values_that_are_brought_back(self, shop: Shop) -> None:
        old = shop.run
        shop.run = lambda *a, **k: old(*a, **{"spill": "always", "wants_results": True, **k})  # type: ignore[method-assign]
        del shop.config["label"]
        shop.run()
        for _ in range(5):
            shop.run()
        assert not shop.stands()


class Listing(TextDataset):
    """What a folder has in it."""

    def load(self) -> str:
        return " ".join(sorted(os.listdir(str(self._get_load_path()))))


def test_a_folder_of_data_is_looked_at_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As if it came with a package that is known: all other classes are out anyway.
    monkeypatch.setattr(NodePrints, "is_own", lambda self, cls: False)
    monkeypatch.setattr(standing, "_TRUSTED", (*standing._TRUSTED, __name__.partition(".")[0]))
    (tmp_path / "folder").mkdir()
    config = {
        "raw": {"type": f"{__name__}.Listing", "filepath": str(tmp_path / "folder")},
        "out": {"type": "text.TextDataset", "filepath": str(tmp_path / "out")},
    }
    copy = pipeline([node(str.upper, "raw", "out", name="copy")])
    for number in range(6):
        (tmp_path / "folder" / f"f{number // 3}").touch()
        with remembering(tmp_path / "home", incremental=True, wants_results=False):
            SequentialRunner().run(copy, DataCatalog.from_config(config))
    assert (tmp_path / "out").read_text() == "F0 F1"
    assert not stands_in(tmp_path / "home")
