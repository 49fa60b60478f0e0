import subprocess
import sys

import pytest

from deodar import __version__


def loaded_modules(folder, *arguments):
    code = (
        "import sys\n"
        f"sys.argv = ['deodar', *{list(arguments)!r}]\n"
        "from deodar.framework.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('MODULES', *sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=folder)
    said, _, modules = done.stdout.partition("MODULES ")
    return said, set(modules.split())


@pytest.mark.parametrize("option", ["-V", "--version"])
def test_the_version_is_said_without_importing_click(tmp_path, option):
    said, modules = loaded_modules(tmp_path, option)
    assert said == f"deodar, version {__version__}\n"
    assert "click" not in modules
    assert "pathlib" not in modules


def test_help_imports_no_command_and_nothing_heavy(tmp_path):
    said, modules = loaded_modules(tmp_path, "--help")
    assert "Create a project." in said
    heavy = {"yaml", "pluggy", "rich", "omegaconf", "fsspec", "importlib.metadata", "cookiecutter", "pandas", "psutil"}
    assert not heavy & modules
    assert not {f"deodar.framework.{name}" for name in ("project", "session", "context", "cli.project")} & modules


def test_the_version_in_a_kedro_project_names_both(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.kedro]\n")
    said, modules = loaded_modules(tmp_path, "--version")
    assert said == f"kedro, version 1.7.0 (deodar {__version__})\n"
    assert "click" not in modules
