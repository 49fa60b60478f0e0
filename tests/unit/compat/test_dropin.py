"""The drop-in, seen from whole processes: it is a property of a process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def run_script(tmp_path: Path, text: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script under the drop-in in a process of its own."""
    script = tmp_path / "script.py"
    script.write_text(text)
    return subprocess.run(
        [sys.executable, "-m", "deodar.compat", str(script), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
    )


def output(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_a_module_is_the_same_object_under_both_names(tmp_path: Path) -> None:
    text = "import kedro.utils, deodar.utils, sys\nprint(sys.modules['kedro.utils'] is deodar.utils, kedro is deodar)"
    text = text.replace("print(", "import kedro, deodar\nprint(")
    assert output(run_script(tmp_path, text)) == "True True"


def test_modules_functions_and_specs_say_kedro(tmp_path: Path) -> None:
    text = "from deodar.utils import load_obj\nimport deodar.utils as u\nprint(load_obj.__module__, u.__spec__.name)"
    assert output(run_script(tmp_path, text)) == "kedro.utils kedro.utils"


def test_a_function_that_shadows_its_module_survives_an_import_by_the_alias(tmp_path: Path) -> None:
    text = "import kedro.pipeline\nimport deodar.pipeline.node\nprint(type(kedro.pipeline.node).__name__)"
    assert output(run_script(tmp_path, text)) == "function"


def test_an_alias_makes_no_package_of_a_module(tmp_path: Path) -> None:
    text = (
        "import deodar.utils, kedro.io, deodar.io\nprint(hasattr(deodar.utils, '__path__'), deodar.io.__path__ != [])"
    )
    assert output(run_script(tmp_path, text)) == "False True"


def test_the_version_is_a_plain_release_of_kedro(tmp_path: Path) -> None:
    major, minor, patch = output(run_script(tmp_path, "import kedro\nprint(kedro.__version__)")).split(".")
    assert (major, minor.isdigit(), patch.isdigit()) == ("1", True, True)


def test_the_distribution_kedro_is_answered_for_when_none_is_installed(tmp_path: Path) -> None:
    text = "import kedro\nfrom importlib.metadata import version\nprint(version('kedro') == kedro.__version__)"
    assert output(run_script(tmp_path, text)) == "True"


def test_child_processes_inherit_it(tmp_path: Path) -> None:
    text = (
        "import subprocess, sys\n"
        "code = 'import kedro.utils; print(kedro.utils.__name__)'\n"
        "print(subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True).stdout)"
    )
    assert output(run_script(tmp_path, text)) == "kedro.utils"


def test_it_wins_over_an_installed_kedro(tmp_path: Path) -> None:
    real = tmp_path / "site" / "kedro"
    real.mkdir(parents=True)
    (real / "__init__.py").write_text("raise ImportError('the other kedro was imported')")
    text = "import kedro\nprint(hasattr(kedro, 'KedroDeprecationWarning'))"
    assert output(run_script(tmp_path, text, PYTHONPATH=str(tmp_path / "site"))) == "True"


def test_a_module_runs_with_its_own_arguments(tmp_path: Path) -> None:
    (tmp_path / "tool.py").write_text("import sys, kedro\nprint(sys.argv[1:], kedro.__name__)")
    command = [sys.executable, "-m", "deodar.compat", "-m", "tool", "--flag", "x"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert output(result) == "['--flag', 'x'] kedro"


def test_a_script_that_is_not_there_is_named(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "deodar.compat", str(tmp_path / "absent.py")]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 2
    assert "absent.py" in result.stderr


@pytest.mark.parametrize("module", ["deodar.pipeline.node", "deodar.io.core"])
def test_installing_after_the_classes_are_loaded_is_refused(tmp_path: Path, module: str) -> None:
    script = tmp_path / "late.py"
    script.write_text(f"import {module}\nfrom deodar.compat import install\ninstall()")
    result = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60)
    assert result.returncode != 0
    assert "python -m deodar.compat" in result.stderr


def test_without_the_variable_nothing_is_installed() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DEODAR_DROPIN"}
    code = "import sys; print('deodar' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=60)
    assert result.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("statement", "hint"),
    [
        ("from kedro.io import LambdaDataset", "subclass of AbstractDataset"),
        ("from kedro.io import KedroDataCatalog", "it is DataCatalog now"),
        ("from kedro.io import AbstractDataSet", "it is AbstractDataset"),
        ("from kedro.config import TemplatedConfigLoader", "OmegaConfigLoader"),
        ("from kedro.config import ConfigLoader", "OmegaConfigLoader"),
        ("from kedro.runner import run_node", "Task("),
        ("from kedro.extras.datasets.pandas import CSVDataSet", "kedro-datasets"),
        ("import kedro.extras", "kedro-datasets"),
    ],
)
def test_a_name_of_old_names_its_successor(tmp_path: Path, statement: str, hint: str) -> None:
    result = run_script(tmp_path, statement)
    assert result.returncode == 1
    said = result.stderr.splitlines()[-1]
    assert said.startswith("ImportError: 'kedro.") and hint in said


def test_a_name_of_old_is_simply_not_there(tmp_path: Path) -> None:
    text = "import kedro.io as io, kedro.config as c\nprint(hasattr(c, 'ConfigLoader'), hasattr(io, 'LambdaDataset'))"
    assert output(run_script(tmp_path, text)) == "False False"


def test_a_name_that_never_was_is_an_ordinary_error(tmp_path: Path) -> None:
    assert (
        "cannot import name 'Nonsense' from 'kedro.io'" in run_script(tmp_path, "from kedro.io import Nonsense").stderr
    )
