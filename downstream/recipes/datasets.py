"""kedro-datasets: each dataset that works offline saves, loads, keeps versions, and is used in runs."""

from __future__ import annotations

import json
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


def environments() -> dict[str, Environment]:
    """Return where each group of datasets is tried."""
    names = {"files": "plugin-datasets", "more": "plugin-datasets-more"}
    return {group: environment(names[group], *wanted) for group, wanted in REQUIREMENTS.items()}


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
    return f"{len(tried)} datasets save, load and run on two runners; {versioned} of their forms keep versions"
