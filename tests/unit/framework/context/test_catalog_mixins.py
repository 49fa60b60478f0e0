from __future__ import annotations

from itertools import chain
from typing import Any

import pytest

from deodar.framework import project as state
from deodar.framework.context import CatalogCommandsMixin, compose_classes
from deodar.io import DataCatalog
from deodar.pipeline import Pipeline, node

CONFIG = {
    "cars": {"type": "pickle.PickleDataset", "filepath": "/data/cars.pkl", "credentials": "mine"},
    "{name}_table": {"type": "pickle.PickleDataset", "filepath": "/data/{name}.pkl"},
}
PICKLE = "deodar.datasets.pickle.PickleDataset"


@pytest.fixture
def catalog() -> Any:
    kind: Any = compose_classes(DataCatalog, CatalogCommandsMixin)
    return kind.from_config(CONFIG, credentials={"mine": {"key": "secret"}})


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline([node(lambda a, b, c: a, ["cars", "price_table", "params:x"], "out", name="one")])


@pytest.fixture
def registered(process: None, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    content = {"__default__": pipeline, "other": Pipeline([])}
    monkeypatch.setattr(state.pipelines, "_pipelines_module", "some.module")
    monkeypatch.setattr(state.pipelines, "_get_pipelines_registry_callable", lambda _: lambda: content)


def test_composed_class_is_named_after_its_parts() -> None:
    composed = compose_classes(DataCatalog, CatalogCommandsMixin)
    assert composed.__name__ == "DataCatalogWithCatalogCommandsMixin"
    assert composed.__bases__ == (DataCatalog, CatalogCommandsMixin)


def test_datasets_are_described_by_how_the_catalog_knows_them(catalog: Any, pipeline: Pipeline) -> None:
    (described,) = catalog.describe_datasets(pipeline).values()
    assert {kind: sorted(chain.from_iterable(found.values())) for kind, found in described.items()} == {
        "datasets": ["cars"],
        "factories": ["price_table"],
        "defaults": ["out"],
    }
    assert all(name.endswith("PickleDataset") for name in (*described["datasets"], *described["factories"]))
    assert list(described["defaults"]) == ["deodar.io.MemoryDataset"]


@pytest.mark.parametrize("nothing", [None, [], ()])
def test_all_registered_pipelines_are_described_by_default(catalog: Any, registered: None, nothing: Any) -> None:
    assert list(catalog.describe_datasets(nothing)) == ["__default__", "other"]


def test_pipelines_may_be_named_or_given(catalog: Any, registered: None, pipeline: Pipeline) -> None:
    assert list(catalog.describe_datasets(["other", pipeline])) == ["other", "pipeline_1"]
    assert list(catalog.describe_datasets(pipeline)) == ["pipeline_0"]


def test_patterns_are_listed_with_the_default_last(catalog: Any) -> None:
    assert catalog.list_patterns() == ["{name}_table", "{default}"]


def test_patterns_are_resolved_for_pipelines_without_secrets(catalog: Any, pipeline: Pipeline) -> None:
    resolved = catalog.resolve_patterns([pipeline])
    assert set(resolved) == {"cars", "price_table", "out"}
    assert resolved["cars"]["credentials"] == "cars_credentials"
    assert resolved["price_table"]["filepath"] == "/data/price.pkl"
    assert "secret" not in repr(resolved)
