"""Runs in pieces over a shared store."""

from __future__ import annotations

import threading
import uuid
from pathlib import Path

import pytest

from deodar.io import DataCatalog, MemoryDataset
from deodar.pipeline import Pipeline, node
from deodar.runner import ParallelRunner, SequentialRunner, storing
from deodar.runner._inherited import Inherited, inherit
from deodar.runner._store import MissingFromStoreError, StoreOptions


def increment(x: int) -> int:
    return x + 1


def add(x: int, y: int) -> int:
    return x + y


PIPELINE = Pipeline(
    [
        node(increment, "a", "b", name="first"),
        node(increment, "b", "c", name="second"),
        node(add, ["b", "c"], "d", name="third"),
    ]
)


def piece(name: str, url: str, run_id: str | None = "r1", runner: SequentialRunner | None = None) -> dict[str, object]:
    with storing(url, run_id):
        found = (runner or SequentialRunner()).run(
            PIPELINE.filter(node_names=[name]), DataCatalog({"a": MemoryDataset(1)})
        )
        return {dataset: each.load() for dataset, each in found.items()}


def test_pieces_find_each_others_data(tmp_path: Path) -> None:
    for name in ("first", "second"):
        piece(name, str(tmp_path))
    assert piece("third", str(tmp_path)) == {"d": 5}


def test_a_store_may_be_any_url(tmp_path: Path) -> None:
    url = f"memory://{uuid.uuid4().hex}/store"
    for name in ("first", "second"):
        piece(name, url)
    assert piece("third", url) == {"d": 5}


def test_worker_processes_use_the_store_too(tmp_path: Path) -> None:
    with storing(str(tmp_path), "r1"):
        ParallelRunner(max_workers=1).run(PIPELINE, DataCatalog({"a": MemoryDataset(1)}))
    assert piece("third", str(tmp_path)) == {"d": 5}


def test_a_piece_that_comes_too_early_says_what_is_missing_before_it_starts(tmp_path: Path) -> None:
    with pytest.raises(MissingFromStoreError, match=r"no 'b', 'c' of run 'r1'"):
        piece("third", str(tmp_path))


def test_what_has_to_run_first_is_said_with_the_command(tmp_path: Path) -> None:
    project = Inherited(whole=PIPELINE, pipeline_names=("data", "model"), env="prod")
    with inherit(project), pytest.raises(MissingFromStoreError) as caught:
        piece("third", str(tmp_path))
    assert caught.value.nodes == ["first", "second"]
    command = f"deodar run --nodes=first,second --store={tmp_path} --run-id=r1 --pipelines=data,model --env=prod"
    assert str(caught.value).endswith(f"Run 'first', 'second' first:\n    {command}")


def test_what_is_in_the_store_need_not_run_first(tmp_path: Path) -> None:
    piece("first", str(tmp_path), "run 1")
    with inherit(Inherited(whole=PIPELINE)), pytest.raises(MissingFromStoreError) as caught:
        piece("third", str(tmp_path), "run 1")
    assert caught.value.command == f"deodar run --nodes=second --store={tmp_path} '--run-id=run 1'"


def test_runs_do_not_see_each_others_data(tmp_path: Path) -> None:
    piece("first", str(tmp_path), "r1")
    with pytest.raises(MissingFromStoreError, match="of run 'r2'"):
        piece("second", str(tmp_path), "r2")


def test_a_piece_may_run_again(tmp_path: Path) -> None:
    assert piece("first", str(tmp_path)) == piece("first", str(tmp_path)) == {"b": 2}


def test_what_the_catalog_gives_is_not_stored(tmp_path: Path) -> None:
    piece("first", str(tmp_path))
    assert sorted(path.name for path in tmp_path.rglob("*.value")) == ["b.value"]


def test_a_failed_save_leaves_nothing_behind(tmp_path: Path) -> None:
    with storing(str(tmp_path), "r1"), pytest.raises(Exception, match="cannot be sent to another process"):
        SequentialRunner().run(
            Pipeline([node(lambda x: threading.Lock(), "a", "b", name="odd"), node(increment, "b", "c", name="next")]),
            DataCatalog({"a": MemoryDataset(1)}),
        )
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_names_cannot_lead_out_of_the_store(tmp_path: Path) -> None:
    piece("first", str(tmp_path / "store"), "../../escaped/..")
    assert {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*.value")} == {"store"}


def test_the_runs_own_id_serves_where_none_is_given(tmp_path: Path) -> None:
    with inherit(Inherited(store=StoreOptions(str(tmp_path)))):
        SequentialRunner().run(PIPELINE, DataCatalog({"a": MemoryDataset(1)}), run_id="from the session")
    assert (tmp_path / "from the session" / "d.value").exists()


def test_a_run_without_any_id_is_refused(tmp_path: Path) -> None:
    with storing(str(tmp_path)), pytest.raises(ValueError, match="needs a run id"):
        SequentialRunner().run(PIPELINE, DataCatalog({"a": MemoryDataset(1)}))
