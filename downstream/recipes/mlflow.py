"""kedro-mlflow: a run logs its parameters, metrics, artifacts and model to a local store."""

from __future__ import annotations

import json
from pathlib import Path

from ..environment import environment
from ..project import CATALOG, make_project

REQUIREMENTS = ("kedro-mlflow", "kedro-datasets[pandas]")
SUMS = """
from kedro.pipeline import Pipeline, node


def double(table):
    return table.assign(number=table.number * 2)


def total(table, parameters):
    value = float(table.number.sum() * parameters["factor"])
    return {"total": value}, value, {"total": {"value": value, "step": 0}}


def create_pipeline(**kwargs):
    return Pipeline(
        [
            node(double, "numbers", "doubled", name="double", tags="light"),
            node(total, ["doubled", "params:sums"], ["artifact", "metric", "metrics"], name="total"),
        ]
    )
"""
LEARN = """
from kedro.pipeline import Pipeline, node
from kedro_mlflow.pipeline import pipeline_ml_factory


def fit(instances):
    return {"mean": float(instances.number.mean())}


def predict(model, instances):
    return instances.assign(prediction=model["mean"])


def create_pipeline(**kwargs):
    return pipeline_ml_factory(
        training=Pipeline([node(fit, "instances", "model", name="fit")]),
        inference=Pipeline([node(predict, ["model", "instances"], "predictions", name="predict")]),
        input_name="instances",
        log_model_kwargs={"name": "model"},
    )
"""
MORE = """
metric:
  type: kedro_mlflow.io.metrics.MlflowMetricDataset
  key: grand_total
metrics:
  type: kedro_mlflow.io.metrics.MlflowMetricsHistoryDataset
artifact:
  type: kedro_mlflow.io.artifacts.MlflowArtifactDataset
  dataset:
    type: json.JSONDataset
    filepath: data/total.json
instances:
  type: pandas.CSVDataset
  filepath: data/01_raw/numbers.csv
model:
  type: pickle.PickleDataset
  filepath: data/model.pkl
"""


def check(folder: Path) -> str:
    """Run a pipeline that logs, then one whose model is logged, and read the store."""
    where = environment("plugin-mlflow", *REQUIREMENTS)
    project = make_project(where, folder)
    (project / "src/shop/pipelines/sums/__init__.py").write_text(SUMS)
    (project / "src/shop/pipelines/learn").mkdir()
    (project / "src/shop/pipelines/learn/__init__.py").write_text(LEARN)
    (project / "conf/base/catalog.yml").write_text(CATALOG + MORE)
    where.run("kedro", "mlflow", "init", cwd=project)
    settings = project / "conf/local/mlflow.yml"
    text = settings.read_text()
    assert "mlflow_tracking_uri: null" in text
    settings.write_text(text.replace("mlflow_tracking_uri: null", "mlflow_tracking_uri: sqlite:///mlflow.db"))
    for arguments in (["--pipelines", "sums"], ["--pipelines", "sums", "--runner", "ThreadRunner"]):
        where.run("kedro", "run", *arguments, cwd=project)
    where.run("kedro", "run", "--pipelines", "learn", cwd=project)
    said = where.python("read_mlflow.py", "sqlite:///mlflow.db", cwd=project, PYTHONPATH="src")
    found = json.loads(said.splitlines()[-1])
    sums = [run for run in found["runs"] if run["name"] == "sums"]
    assert len(sums) == 2
    for run in sums:
        assert run["status"] == "FINISHED"
        assert run["params"] == {"sums": "{'factor': 10}"}
        assert run["metrics"] == {"grand_total": 60.0, "metrics.total": 60.0}
        assert run["artifacts"] == ["total.json"]
        assert run["tags"]["kedro_version"] == "1.7.0"
    assert found["predictions"] == [1.5, 1.5]
    return "parameters, metrics, artifacts and a model are logged; the model loads and predicts"
