"""kedro-datasets: each dataset that works offline saves, loads, keeps versions, and is made by a catalog."""

from __future__ import annotations

import json
from pathlib import Path

from ..environment import environment

REQUIREMENTS = (
    "kedro-datasets",
    "biopython",
    "dask[dataframe]",
    "triad",  # dask.ParquetDataset imports it.
    "deltalake",
    "geopandas",
    "holoviews",
    "duckdb<1.5",  # ibis calls methods that later ones have dropped.
    "ibis-framework[duckdb]",
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
    "scikit-learn",
    "scipy",
    "SQLAlchemy",
    "tables",
)


def check(folder: Path) -> str:
    """Put each dataset through its paces in one process under the drop-in."""
    where = environment("plugin-datasets", *REQUIREMENTS)
    found = json.loads(where.python("try_datasets.py", str(folder), cwd=folder).splitlines()[-1])
    assert found["failed"] == {}, json.dumps(found["failed"], indent=1)
    assert found["tried"] >= 35
    return f"{found['tried']} datasets, {found['versioned']} of them versioned"
