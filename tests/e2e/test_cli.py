"""The command line as a user meets it: processes, exit codes, and what is said on which stream."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from deodar import __version__

NODES = """
def double(number):
    return number * 2


def fail(number):
    return explode(number)


def explode(number):
    raise ArithmeticError(f"cannot explode {number}")
"""
PIPELINE = """
from {name}.pipeline import Node, Pipeline

from .nodes import double, fail


def create_pipeline(**kwargs):
    return Pipeline([
        Node(double, "params:number", "doubled", name="double_it"),
        Node(double, "doubled", "total", name="double_again"),
        Node(fail, "total", "never", name="fail_it", tags="failing"),
    ])
"""
CATALOG = "total:\n  type: json.JSONDataset\n  filepath: data/total.json\n"
GOOD = ("--to-nodes", "double_again")


def run(*command: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "DEODAR_DROPIN")}
    return subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env={**kept, "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        timeout=240,
    )


def deodar(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return run("-m", "deodar", *arguments, cwd=cwd, **environment)


def make(folder: Path, name: str) -> Path:
    """Make a project that imports the framework under a name, with a pipeline that works and then fails."""
    if name == "kedro":
        done = run("-m", "kedro", "new", "-n", "Shop", "-t", "lint,test", "-e", "n", cwd=folder, DEODAR_DROPIN="1")
    else:
        done = deodar("new", "-n", "Shop", "-t", "lint,test", "-e", "n", cwd=folder)
    assert done.returncode == 0, done.stderr
    project = folder / "shop"
    done = deodar("pipeline", "create", "sums", cwd=project)
    assert done.returncode == 0, done.stderr
    code = project / "src" / "shop" / "pipelines" / "sums"
    (code / "nodes.py").write_text(NODES)
    (code / "pipeline.py").write_text(PIPELINE.format(name=name))
    (project / "conf" / "base" / "catalog.yml").write_text(CATALOG)
    (project / "conf" / "base" / "parameters.yml").write_text("number: 3\n")
    return project


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("native"), "deodar")


@pytest.fixture(scope="module")
def kedro(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("kedro"), "kedro")


def total(project: Path) -> int:
    value: int = json.loads((project / "data" / "total.json").read_text())
    (project / "data" / "total.json").unlink()
    return value


def test_module_and_version(tmp_path: Path) -> None:
    assert deodar("-V", cwd=tmp_path).stdout == f"deodar, version {__version__}\n"


def test_usage_reads_as_what_was_typed(tmp_path: Path) -> None:
    assert deodar("new", "--help", cwd=tmp_path).stdout.startswith("Usage: python -m deodar new [OPTIONS]")


def test_a_project_runs_from_a_sub_directory(native: Path) -> None:
    done = deodar("run", *GOOD, cwd=native / "notebooks")
    assert done.returncode == 0, done.stderr
    assert "Completed 2 out of 2 tasks" in done.stdout
    assert total(native) == 12


def test_parameters_of_a_run_win(native: Path) -> None:
    assert deodar("run", *GOOD, "--params", "number=10", cwd=native).returncode == 0
    assert total(native) == 40


def test_an_empty_project_is_refused_on_stderr(tmp_path: Path) -> None:
    deodar("new", "-n", "Empty", "-t", "none", "-e", "n", cwd=tmp_path)
    done = deodar("run", cwd=tmp_path / "empty")
    assert done.returncode == 1
    assert "Pipeline contains no nodes" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("runner", ["SequentialRunner", "ThreadRunner", "ParallelRunner"])
def test_a_failing_node_shows_the_users_lines_only(native: Path, runner: str) -> None:
    done = deodar("run", "--runner", runner, cwd=native)
    assert done.returncode == 1
    assert "in explode" in done.stderr
    assert "Error: ArithmeticError: cannot explode 12" in done.stderr
    assert f"{os.sep}deodar{os.sep}" not in done.stderr
    total(native)


def test_a_failing_node_shows_everything_when_verbose(native: Path) -> None:
    done = deodar("run", "--verbose", cwd=native)
    assert done.returncode == 1
    assert "Traceback (most recent call last)" in done.stderr
    assert f"{os.sep}deodar{os.sep}" in done.stderr
    total(native)


def test_a_misspelled_environment_is_one_message_on_stderr(native: Path) -> None:
    done = deodar("run", "--env", "lokal", cwd=native)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: No environment named 'lokal'")
    assert "Did you mean local?" in done.stderr


def test_a_broken_project_is_one_message_and_the_doctor_answers(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.deodar]\n")
    done = deodar("run", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: Missing required keys")
    done = deodar("doctor", cwd=tmp_path)
    assert done.returncode == 1
    assert "Missing required keys" in done.stdout


@pytest.mark.parametrize("tool", [("ruff", "check", "--no-cache"), ("pytest", "-q", "-p", "no:cacheprovider")])
def test_a_generated_project_passes_its_own_checks(tmp_path: Path, tool: tuple[str, ...]) -> None:
    deodar("new", "-n", "Whole", "-t", "lint,test,log,docs,data", "-e", "n", cwd=tmp_path)
    done = run("-m", *tool, cwd=tmp_path / "whole")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_generated_project_without_rules_of_its_own_passes_those_that_ruff_has(tmp_path: Path) -> None:
    deodar("new", "-n", "Whole", "-t", "test,log,docs,data", "-e", "n", cwd=tmp_path)
    done = run("-m", "ruff", "check", "--no-cache", cwd=tmp_path / "whole")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_packaged_project_runs_elsewhere_with_its_archive(native: Path, tmp_path: Path) -> None:
    (native / "conf" / "local" / "credentials.yml").write_text("store: {password: secret}\n")
    done = deodar("package", cwd=native / "src")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "left out: conf/local/credentials.yml" in done.stdout
    with zipfile.ZipFile(next((native / "dist").glob("*.whl"))) as wheel:
        wheel.extractall(tmp_path / "site")
    archive = str(native / "dist" / "conf-shop.tar.gz")
    done = run("-m", "shop", "--conf-source", archive, *GOOD, cwd=tmp_path, PYTHONPATH=str(tmp_path / "site"))
    assert done.returncode == 0, done.stderr
    assert total(tmp_path) == 12
    assert "secret" not in done.stdout


def test_a_kedro_project_is_made_and_run_under_that_name(kedro: Path) -> None:
    text = (kedro / "pyproject.toml").read_text()
    assert "[tool.kedro]" in text and 'kedro_init_version = "1.7.0"' in text
    assert "deodar" not in text
    done = deodar("run", *GOOD, cwd=kedro)
    assert done.returncode == 0, done.stderr
    assert "Kedro project shop" in done.stdout
    assert total(kedro) == 12


def test_commands_of_a_kedro_project_say_kedro(kedro: Path) -> None:
    assert "kedro.io.MemoryDataset" in deodar("catalog", "describe-datasets", cwd=kedro).stdout
    assert "Project specific commands from kedro" in deodar("--help", cwd=kedro).stdout
    assert "runs as      kedro" in deodar("doctor", cwd=kedro).stdout


def test_the_drop_in_answers_to_kedro_itself(tmp_path: Path) -> None:
    assert run("-m", "kedro", "--version", cwd=tmp_path, DEODAR_DROPIN="1").stdout == "kedro, version 1.7.0\n"


def test_a_plugin_for_kedro_works_in_a_kedro_project_only(kedro: Path, native: Path, tmp_path: Path) -> None:
    (tmp_path / "acme.py").write_text(
        "import click\n"
        "from kedro.framework.cli.utils import KedroCliError, _split_params\n"
        "from kedro.framework.cli.project import PARAMS_ARG_HELP\n"
        "@click.group(name='Kedro-Acme')\n"
        "def commands():\n    'Acme.'\n"
        "@commands.command()\n"
        "@click.option('--params', callback=_split_params, help=PARAMS_ARG_HELP)\n"
        "@click.pass_obj\n"
        "def acme(obj, params):\n    raise KedroCliError(f'{obj.package_name} {params}')\n"
    )
    info = tmp_path / "kedro_acme-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: kedro-acme\nVersion: 1.0\nRequires-Dist: kedro>=1\n")
    (info / "entry_points.txt").write_text("[kedro.project_commands]\nacme = acme:commands\n")
    done = deodar("acme", "--params", "a=1", cwd=kedro, PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("Error: shop {'a': 1}\n")
    help_text = deodar("--help", cwd=kedro, PYTHONPATH=str(tmp_path)).stdout
    assert "Project specific commands from Kedro-Acme" in help_text
    done = deodar("acme", cwd=native, PYTHONPATH=str(tmp_path))
    assert "No such command 'acme'" in done.stderr
    assert "written for kedro" in deodar("doctor", cwd=native, PYTHONPATH=str(tmp_path)).stdout


def test_the_shell_completion_script_is_given(tmp_path: Path) -> None:
    code = "import sys; sys.argv[:] = ['deodar']; from deodar.framework.cli import main; main()"
    done = run("-c", code, cwd=tmp_path, _DEODAR_COMPLETE="bash_source")
    assert "_DEODAR_COMPLETE=bash_complete" in done.stdout
