"""Run recipes: ``python -m downstream [NAME ...]``; all of them without names."""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
import time
import traceback
from pathlib import Path

RECIPES = (
    "telemetry",
    "airflow",
    "docker",
    "datasets",
    "kills",
    "mlflow",
    "viz",
    "boot",
    "dagster",
    "compare",
    "claims",
    "graphs",
    "catalogs",
    "habits",
    "generated",
)


def main() -> int:
    """Run each recipe in a folder of its own; return 1 if one failed."""
    parser = argparse.ArgumentParser(prog="python -m downstream", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*RECIPES, []], default=[])
    failed = []
    for name in parser.parse_args().names or RECIPES:
        recipe = importlib.import_module(f"{__package__}.recipes.{name}")
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix=f"downstream-{name}-") as folder:
            try:
                said = recipe.check(Path(folder))
            except Exception:
                traceback.print_exc()
                failed.append(name)
                said = "FAILED"
        print(f"{name:10} {time.monotonic() - started:5.1f} s  {said}", flush=True)
    print(f"{len(failed)} failed: {', '.join(failed)}" if failed else "all recipes passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
