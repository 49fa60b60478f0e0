"""Values that pickle well and do not unpickle: the dataset is named, and nothing else is lost."""

from __future__ import annotations

import pytest

from deodar.io import DataCatalog, DatasetError, MemoryDataset
from deodar.pipeline import Pipeline, node
from deodar.runner import ParallelRunner

from . import scenarios as s


@pytest.fixture(params=["forkserver", "spawn", "fork"])
def parallel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ParallelRunner:
    monkeypatch.setenv("DEODAR_MP_CONTEXT", request.param)
    return ParallelRunner(max_workers=2)


@pytest.mark.parametrize("kind", ["RuntimeError", "LookupError", "KeyError"])
def test_a_node_that_cannot_unpack_its_input_says_which_and_why(parallel: ParallelRunner, kind: str) -> None:
    pipeline = Pipeline([node(s.Unreadable, ["a", "params:kind"], "bad"), node(s.increment, "bad", "c")])
    data = DataCatalog({"a": MemoryDataset(1), "params:kind": MemoryDataset(kind)})
    with pytest.raises(DatasetError, match=rf"bad: [^\0]*cannot be unpacked here \({kind}: .?a load that fails"):
        parallel.run(pipeline, data)


@pytest.mark.parametrize("kind", ["RuntimeError", "LookupError", "KeyError"])
def test_a_result_that_cannot_be_unpacked_is_named_and_the_others_are_kept(parallel: ParallelRunner, kind: str) -> None:
    pipeline = Pipeline([node(s.Unreadable, ["a", "params:kind"], "bad"), node(s.increment, "a", "good")])
    data = DataCatalog({"a": MemoryDataset(1), "params:kind": MemoryDataset(kind)})
    with pytest.raises(DatasetError, match=rf"^bad: All nodes ran, .* \({kind}: .?a load that fails") as caught:
        parallel.run(pipeline, data)
    assert type(caught.value.__cause__.__cause__).__name__ == kind  # type: ignore[union-attr]
    assert data.load("good") == 2
