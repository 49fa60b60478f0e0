"""What the tests of the contract claim is true of Kedro itself: they run on two of its releases."""

from __future__ import annotations

import shutil
from pathlib import Path

from ..environment import ROOT, environment
from .compare import NEWEST, OLDEST

SUITES = ("io_core_api.py", "io_catalog_api.py", "config_api.py")
NEEDED = ("pytest", "pytest-mock", "hypothesis", "numpy", "pandas")


def check(folder: Path) -> str:
    """Run the suites from a folder of their own, where nothing of this tree can be imported."""
    suites = folder / "contract"
    suites.mkdir()
    for name in ("__init__.py", "claims.py", *SUITES):
        shutil.copy(ROOT / "tests" / "contract" / name, suites / name)
    said = [f"{version}: {passed_on(version, folder)}" for version in (NEWEST, OLDEST)]
    return "; ".join(said)


def passed_on(version: str, folder: Path) -> str:
    """Run the suites on a release; return how many tests passed. The first that fails is an error."""
    where = environment(f"claims-{version}", f"kedro=={version}", *NEEDED, with_deodar=False)
    # Without tracebacks: they would show Kedro's source.
    quietly = ("-q", "--tb=no", "-W", "ignore", "-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", str(folder))
    said = where.run(
        "python", "-m", "pytest", *quietly, "--import-mode=importlib", *(f"contract/{name}" for name in SUITES),
        cwd=folder, DEODAR_TEST_PACKAGE="kedro",
    )  # fmt: skip
    return said.strip().splitlines()[-1]
