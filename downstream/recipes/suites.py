"""The tests that plugins bring along: what passes with Kedro passes with this tree, in the very same environment.

Only a few source distributions have tests, and of those only what needs no service is run.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree

from ..environment import ROOT, CommandFailedError, Environment, environment

KEDRO = "kedro==1.7.0"


@dataclass(frozen=True, slots=True)
class Suite:
    """The tests of one release of a plugin.

    Attributes:
        needs: what they need besides the plugin.
        ours: tests that fail here, and why; ``docs/differences.md`` says so too.
    """

    name: str
    version: str
    tests: str = "tests"
    needs: tuple[str, ...] = ()
    ours: tuple[str, ...] = ()

    @property
    def plugin(self) -> str:
        """The requirement that installs it."""
        return f"{self.name}=={self.version}"


SUITES = (
    Suite("argo-kedro", "0.1.41", needs=("pandas", "kedro-datasets[pandas-csvdataset,pandas-parquetdataset]")),
    Suite(
        "kedro-dagster",
        "0.8.1",
        needs=("covdefaults", "hypothesis", "kedro-datasets", "pandas>=2.3", "psutil", "pyaml", "pytest-xdist"),
    ),
    Suite("kedro-databricks", "0.18.3", "tests/unit", ("ipython", "kedro-datasets[pandas,pandas-parquetdataset]")),
    Suite("kedro-docker", "0.6.2"),
    Suite("kedro-intercept", "0.0.1"),
    Suite("kedro-psutil-telemetry", "0.0.2"),
    # It lists all commands, and takes those that Kedro lacks for leaks.
    Suite("kedro-telemetry", "0.9.0", ours=("test_get_cli_structure_raw",)),
)


def check(folder: Path) -> str:
    """Run each suite with Kedro and with this tree."""
    said, lost = [], {}
    for suite in SUITES:
        where = environment(f"suite-{suite.name}", KEDRO, suite.plugin, "pytest", "pytest-mock", *suite.needs)
        source = unpacked(suite, folder)
        passed = [passed_with(suite, replace(where, dropin=dropin), source) for dropin in (False, True)]
        if missing := sorted(test for test in passed[0] - passed[1] if not test.endswith(suite.ours or "-")):
            lost[suite.name] = missing
        said.append(f"{suite.name} {len(passed[1])}")
    assert lost == {}, f"these pass with Kedro only: {lost}"
    return f"as many tests of plugins pass as with Kedro: {', '.join(said)}"


def unpacked(suite: Suite, folder: Path) -> Path:
    """Download a source distribution, and return the folder in it."""
    kept = ROOT / ".venvs" / "sources"
    archive = next(kept.glob(f"{suite.name.replace('-', '_')}-{suite.version}.tar.gz"), None)
    if archive is None:
        quietly = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-binary", ":all:")
        subprocess.run([sys.executable, "-m", "pip", "download", *quietly, "-d", str(kept), suite.plugin], check=True)
        archive = next(kept.glob(f"{suite.name.replace('-', '_')}-{suite.version}.tar.gz"))
    with tarfile.open(archive) as content:
        content.extractall(folder, filter="data")
    return folder / archive.name.removesuffix(".tar.gz")


def passed_with(suite: Suite, where: Environment, source: Path) -> set[str]:
    """Return the tests that pass. The plugin that is tested is the installed one."""
    if (source / "src").exists():
        (source / "src").rename(source / "moved")
    report = source / f"report-{where.dropin}.xml"
    options = ("-q", "-o", "addopts=", "-p", "no:cacheprovider", f"--junitxml={report}")
    try:
        where.run(
            "python", "-m", "pytest", *options, suite.tests,
            cwd=source, DEODAR_DROPIN="1" if where.dropin else "0", DO_NOT_TRACK="1",
        )  # fmt: skip
    except CommandFailedError:
        # Some fail with Kedro as well; which, the report says.
        assert report.exists()
    return {
        f"{case.get('classname')}::{case.get('name')}"
        for case in ElementTree.parse(report).iter("testcase")
        if not any(case.findall(outcome) for outcome in ("failure", "error", "skipped"))
    }
