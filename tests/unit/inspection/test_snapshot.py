"""What a snapshot says of a project."""

import dataclasses
import json
from pathlib import Path

import pytest

from deodar.framework.startup import bootstrap_project
from deodar.inspection import get_project_snapshot
from deodar.inspection.models import DatasetSnapshot, NodeSnapshot

PIPELINE = """
import functools
from deodar.pipeline import Pipeline, node

def noted(func):
    @functools.wraps(func)
    def inner(*args):
        return func(*args)
    return inner

def plain(raw, rate):
    return raw

@noted
def decorated(raw):
    return raw

def create_pipeline(**kwargs):
    return Pipeline([
        node(decorated, "clean", "report_2024", name="last"),
        node(plain, ["raw", "params:rate"], "clean", name="first", tags=["b", "a"]),
        node(lambda x: x, "clean", "other", name="anonymous"),
        node(functools.partial(plain, rate=1), "clean", "half", name="half"),
    ], namespace="shop", inputs="raw", outputs={"report_2024", "other", "half"}, parameters="params:rate")
"""


@pytest.fixture
def shop(project):
    project.pipeline("sales", PIPELINE)
    project.write(
        "conf/base/catalog.yml",
        "_template: {type: x}\n"
        "raw: {type: pandas.CSVDataset, filepath: 's3://user:secret@bucket/raw.csv?token=1', credentials: nowhere}\n"
        "'report_{year}': {type: json.JSONDataset, filepath: 'data/{year}.json', credentials: nowhere}\n"
        "'unused_{x}': {type: json.JSONDataset}\n"
        "scalar: 3\n",
    )
    project.write("conf/base/parameters.yml", "rate: 2\nalpha: {b: 1}\n")
    return project


def test_metadata_comes_from_the_project_not_from_the_installation(shop):
    metadata = get_project_snapshot(shop.path).metadata
    assert (metadata.project_name, metadata.package_name, metadata.kedro_version) == ("Shop", shop.package, "0.1.0")


def test_pipelines_list_nodes_in_order_with_sorted_free_ends(shop):
    sales = next(found for found in get_project_snapshot(shop.path).pipelines if found.name == "sales")
    assert sales.nodes[0] == NodeSnapshot(
        name="shop.first",
        namespace="shop",
        tags=["a", "b"],
        inputs=["raw", "params:rate"],
        outputs=["shop.clean"],
        source=sales.nodes[0].source,
        func_name="plain",
    )
    assert (sales.inputs, sales.outputs) == (["params:rate", "raw"], ["half", "other", "report_2024"])


def test_functions_of_the_project_are_located_through_decorators(shop):
    sales = next(found for found in get_project_snapshot(shop.path).pipelines if found.name == "sales")
    source = {node.name: node.source for node in sales.nodes}["shop.last"]
    lines = Path(shop.path / source.filepath).read_text().splitlines()
    assert lines[source.line_start - 1 : source.line_end] == ["@noted", "def decorated(raw):", "    return raw"]


def test_lambdas_and_partials_have_no_place_of_their_own(shop):
    sales = next(found for found in get_project_snapshot(shop.path).pipelines if found.name == "sales")
    sources = {node.name: node.source for node in sales.nodes}
    assert (sources["shop.anonymous"], sources["shop.half"]) == (None, None)


def test_patterns_give_way_to_the_datasets_that_match_them(shop):
    datasets = get_project_snapshot(shop.path).datasets
    assert datasets == {
        "raw": DatasetSnapshot("raw", "pandas.CSVDataset", "s3://<redacted>@bucket/raw.csv?<redacted>"),
        "report_2024": DatasetSnapshot("report_2024", "json.JSONDataset", "data/2024.json"),
    }


def test_parameters_are_the_names_at_the_top(shop):
    assert get_project_snapshot(shop.path).parameters == ["alpha", "rate"]


def test_runtime_params_count_as_parameters(shop):
    assert get_project_snapshot(shop.path, runtime_params={"new": 1}).parameters == ["alpha", "new", "rate"]


def test_missing_configuration_is_empty(shop):
    (shop.path / "conf/base/catalog.yml").unlink()
    (shop.path / "conf/base/parameters.yml").unlink()
    snapshot = get_project_snapshot(shop.path)
    assert (snapshot.datasets, snapshot.parameters) == ({}, [])


def test_configuration_may_lie_elsewhere(shop, tmp_path):
    for env in ("base", "local"):
        (tmp_path / "other" / env).mkdir(parents=True)
    (tmp_path / "other/base/parameters.yml").write_text("only: 1")
    assert get_project_snapshot(shop.path, conf_source=str(tmp_path / "other")).parameters == ["only"]


def test_a_snapshot_turns_into_json(shop):
    assert json.loads(json.dumps(dataclasses.asdict(get_project_snapshot(shop.path))))["parameters"]


def test_something_to_look_at_is_needed():
    with pytest.raises(ValueError, match=r"Either project_path or metadata must be provided\."):
        get_project_snapshot()


@pytest.mark.parametrize("env", ["../prod", "", "a b"])
def test_an_environment_must_have_the_name_of_one(env, shop):
    with pytest.raises(ValueError, match="Invalid env value"):
        get_project_snapshot(shop.path, env=env)


def test_metadata_wins_over_another_path_with_a_warning(shop, tmp_path):
    metadata = bootstrap_project(shop.path)
    with pytest.warns(UserWarning, match="project_path will be ignored"):
        snapshot = get_project_snapshot(tmp_path, metadata=metadata)
    assert snapshot.metadata.package_name == shop.package
