"""A small project written for Kedro: the one that the plugins meet."""

from __future__ import annotations

from pathlib import Path

from .environment import Environment

PIPELINE = """
from kedro.pipeline import Pipeline, node


def double(table):
    return table.assign(number=table.number * 2)


def total(table, parameters):
    return {"total": float(table.number.sum() * parameters["factor"])}


def create_pipeline(**kwargs):
    return Pipeline(
        [
            node(double, "numbers", "doubled", name="double", tags="light"),
            node(total, ["doubled", "params:sums"], "total", name="total"),
        ]
    )
"""
CATALOG = """
numbers:
  type: pandas.CSVDataset
  filepath: data/01_raw/numbers.csv
total:
  type: json.JSONDataset
  filepath: data/08_reporting/total.json
"""


def make_project(where: Environment, folder: Path) -> Path:
    """Generate a project with the command line under the name ``kedro``, and fill it."""
    where.run("python", "-m", "kedro", "new", "-n", "Shop", "-t", "none", "-e", "n", cwd=folder)
    root = folder / "shop"
    files = {
        "src/shop/pipelines/__init__.py": "",
        "src/shop/pipelines/sums/__init__.py": PIPELINE,
        "conf/base/catalog.yml": CATALOG,
        "conf/base/parameters.yml": "sums:\n  factor: 10\n",
        "data/01_raw/numbers.csv": "number\n1\n2\n",
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert 'kedro_init_version = "1.7.0"' in (root / "pyproject.toml").read_text()
    return root
