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
    "hooks",
    "suites",
    "generated",
)


def main() -> int:
    """Run each recipe in a folder of its own, whatever became of the others; return 1 if one failed."""
    parser = argparse.ArgumentParser(prog="python -m downstream", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(RECIPES)}")
    names = parser.parse_args().names or RECIPES
    if unknown := [name for name in names if name not in RECIPES]:
        parser.error(f"no recipe {unknown[0]!r}; choose from {', '.join(RECIPES)}")
    passed: dict[str, bool] = {}
    try:
        for name in names:
            passed[name] = run(name)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    left = [name for name in names if name not in passed]
    for title, found in (
        ("passed", [name for name, well in passed.items() if well]),
        ("failed", [name for name, well in passed.items() if not well]),
        ("not run", left),
    ):
        if found:
            print(f"{len(found)} {title}: {', '.join(found)}")
    return 0 if all(passed.values()) and not left else 1


def run(name: str) -> bool:
    """Run one recipe, say how it ended, and tell whether it passed."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix=f"downstream-{name}-") as folder:
        try:
            said = importlib.import_module(f"{__package__}.recipes.{name}").check(Path(folder))
            passed = True
        except Exception:
            traceback.print_exc()
            said, passed = "FAILED", False
    print(f"{name:10} {time.monotonic() - started:5.1f} s  {said}", flush=True)
    return passed


if __name__ == "__main__":
    sys.exit(main())
