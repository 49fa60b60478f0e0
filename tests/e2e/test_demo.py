"""The demo, as a newcomer sees it: one command, a project, results that mean something."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

DEMO = Path(__file__).parents[2] / "scripts" / "demo.py"


def run(*command: str, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=240,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def demo(folder: Path) -> subprocess.CompletedProcess[str]:
    return run(str(DEMO), "--folder", str(folder), cwd=folder)


@pytest.fixture(scope="module")
def project(folder: Path, demo: subprocess.CompletedProcess[str]) -> Path:
    assert demo.returncode == 0, demo.stdout + demo.stderr
    return folder / "flights-demo"


def outputs(project: Path) -> dict[str, str]:
    folders = ("03_primary", "06_models", "07_model_output", "08_reporting")
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in folders
        for path in (project / "data" / folder).iterdir()
    }


def test_demo_says_where_everything_is(project: Path, demo: subprocess.CompletedProcess[str]) -> None:
    named = [line.split()[-1] for line in demo.stdout.splitlines() if "flights-demo/data/" in line]
    assert len(named) == 6
    assert all((project.parent / name).is_file() for name in named)


def test_model_beats_both_simple_rules_on_unseen_flights(project: Path) -> None:
    metrics = json.loads((project / "data/08_reporting/delay_metrics.json").read_text())
    errors = metrics["mean_absolute_error_minutes"]
    assert metrics["flights"] == 5719
    assert errors["model"] < 13 < errors["as_late_as_it_left"] < errors["always_the_average"]


def test_table_holds_every_flight_that_arrived(project: Path) -> None:
    table = pd.read_parquet(project / "data/03_primary/flight_table.parquet")
    assert (len(table), table["carrier_name"].isna().sum()) == (26398, 0)


def test_plot_is_an_image(project: Path) -> None:
    assert (project / "data/08_reporting/delay_errors.png").read_bytes().startswith(b"\x89PNG")


def test_no_unfinished_file_is_left_in_the_data(project: Path) -> None:
    assert [path for path in (project / "data").rglob(".*") if path.name != ".gitkeep"] == []


def test_tests_of_the_project_pass(project: Path) -> None:
    result = run("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=project)
    assert result.returncode == 0, result.stdout + result.stderr


def test_code_of_the_project_is_clean(project: Path) -> None:
    for command in (["check"], ["format", "--check"]):
        result = run("-m", "ruff", *command, "--no-cache", "src", "tests", cwd=project)
        assert result.returncode == 0, result.stdout + result.stderr


def test_running_again_gives_the_same_bytes(project: Path) -> None:
    before = outputs(project)
    result = run("-m", "deodar", "run", cwd=project)
    assert result.returncode == 0, result.stdout + result.stderr
    assert outputs(project) == before


def test_failing_run_fails_the_demo(tmp_path: Path) -> None:
    result = run(str(DEMO), "--folder", str(tmp_path), cwd=tmp_path, env={"KEDRO_ENV": "nowhere"})
    assert result.returncode != 0
    assert "The demo failed: 'deodar run'" in result.stdout


def test_starter_runs_under_the_name_of_kedro(tmp_path: Path) -> None:
    made = run("-m", "deodar.compat", "-m", "kedro", "new", "--starter", "flights", "--name", "Mine", cwd=tmp_path)
    assert made.returncode == 0, made.stdout + made.stderr
    assert "from kedro.pipeline import" in (tmp_path / "mine/src/mine/pipeline_registry.py").read_text()
    ran = run("-m", "deodar", "run", "--to-outputs", "delay_metrics", cwd=tmp_path / "mine")
    assert ran.returncode == 0, ran.stdout + ran.stderr
