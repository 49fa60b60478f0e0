"""kedro-datasets: each dataset that works offline saves, loads, keeps versions, and is used in runs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..environment import Environment, environment

# What is tried where; two environments, as some of these packages do not go together.
REQUIREMENTS: dict[str, tuple[str, ...]] = {
    "files": (
        "kedro-datasets",
        "biopython",
        "cloudpickle",
        "dask[dataframe]",
        "triad",  # dask.ParquetDataset imports it.
        "deltalake",
        "fiona",  # geopandas.GenericDataset writes to an open file, which geopandas leaves to it.
        "geopandas",
        "holoviews",
        "duckdb<1.5",  # ibis calls methods that later ones have dropped.
        "ibis-framework[duckdb]",
        "joblib",
        "lxml",
        "matplotlib",
        "networkx",
        "openpyxl",
        "pandas",
        "pillow",
        "plotly",
        "polars<2",  # kedro-datasets passes arguments that polars 2 has dropped.
        "pyarrow",
        "python-docx",
        "python-pptx",
        "requests",
        "scikit-learn",
        "scipy",
        "SQLAlchemy",
        "sqlglot<28",  # What ibis has later ones write, DuckDB does not understand.
        "tables",
    ),
    "more": (
        "kedro-datasets",
        "datasets",
        "greenlet",
        "langchain",
        "netcdf4",
        "opencv-python-headless",
        "optuna",
        "pillow",
        "polars<2",
        "pypdf",
        "rioxarray",
        "safetensors",
        "SQLAlchemy",
        "xarray",
    ),
}
# Why the rest is not tried, by the beginning of its name.
NOT_TRIED = {
    "databricks.": "needs Databricks",
    "huggingface.HFDataset": "loads from a hub",
    "huggingface.HFTransformerPipelineDataset": "loads from a hub",
    "langchain.": "speaks to a service",
    "pandas.GBQ": "needs BigQuery",
    "redis.": "needs a server",
    "snowflake.": "needs Snowflake",
    "spark.": "needs Java and Spark, which write in ways of their own",
    "tensorflow.": "half a gigabyte to install",
    "kedro_datasets_experimental.chromadb.": "needs a model that is downloaded",
    "kedro_datasets_experimental.darts.": "needs PyTorch",
    "kedro_datasets_experimental.databricks.": "needs Databricks",
    "kedro_datasets_experimental.faiss.": "its data is a handle on an index, which writes when it is told to",
    "kedro_datasets_experimental.feast.": "needs a feature store",
    "kedro_datasets_experimental.langfuse.": "needs a service",
    "kedro_datasets_experimental.mlrun.": "needs a service",
    "kedro_datasets_experimental.opik.": "needs a service",
    "kedro_datasets_experimental.prophet.": "takes ten seconds to fit the smallest model; writes one file of text",
    "kedro_datasets_experimental.pytorch.": "gigabytes to install",
    "kedro_datasets_experimental.vectorstore_base.": "is a base class",
    "kedro_datasets_experimental.weaviate.": "needs a server",
}

NATIVE = {
    "conf/base/catalog.yml": """
"{name}_table": {type: pandas.CSVDataset, filepath: "data/{name}.csv", save_args: {index: false}}
graph: {type: networkx.GMLDataset, filepath: data/graph.gml}
""",
    "data/raw.csv": "start,end\na,b\nb,c\n",
    "src/shop/pipelines/__init__.py": "",
    "src/shop/pipelines/edges/__init__.py": """
import networkx
from deodar.pipeline import Pipeline, node
# As users do, who have datasets of their own.
from kedro_datasets.pandas import CSVDataset


def turn(table):
    return table.rename(columns={"start": "end", "end": "start"})


def connect(table):
    return networkx.from_pandas_edgelist(table, "start", "end", edge_attr=None)


def create_pipeline(**kwargs):
    return Pipeline([node(turn, "raw_table", "turned_table"), node(connect, "turned_table", "graph")])
""",
}


def environments() -> dict[str, Environment]:
    """Return where each group of datasets is tried."""
    names = {"files": "plugin-datasets", "more": "plugin-datasets-more"}
    return {group: environment(names[group], *wanted) for group, wanted in REQUIREMENTS.items()}


def in_native_project(where: Environment, folder: Path) -> None:
    """Run a project under our own name with these datasets, though they brought Kedro along."""
    where = replace(where, dropin=False)
    where.run("deodar", "new", "-n", "Shop", "-t", "none", "-e", "n", cwd=folder)
    project = folder / "shop"
    for name, text in NATIVE.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for runner in ("SequentialRunner", "ParallelRunner"):
        (project / "data" / "graph.gml").unlink(missing_ok=True)
        said = where.run("deodar", "run", "--runner", runner, cwd=project)
        assert "(GMLDataset)" in said and "label" in (project / "data" / "graph.gml").read_text(), said


def check(folder: Path) -> str:
    """Put each dataset through its paces under the drop-in, and see that none was forgotten."""
    tried, versioned, failed = set(), 0, {}
    exported: set[str] = set()
    for group, where in environments().items():
        place = folder / group
        place.mkdir()
        found: dict[str, Any] = json.loads(
            where.python("try_datasets.py", group, str(place), cwd=place).splitlines()[-1]
        )
        tried |= {name.partition(" ")[0] for name in found["tried"]}
        versioned += len(found["versioned"])
        failed |= found["failed"]
        exported |= {name for name in found["exported"] if not name.endswith(".*")}
    assert failed == {}, json.dumps(failed, indent=1)
    forgotten = sorted(name for name in exported - tried if not name.startswith(tuple(NOT_TRIED)))
    assert forgotten == [], f"neither tried nor excused: {forgotten}"
    in_native_project(environments()["files"], folder)
    return f"{len(tried)} datasets save, load and run on two runners; {versioned} of their forms keep versions"
