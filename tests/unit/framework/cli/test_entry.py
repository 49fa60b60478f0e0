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


def own(modules):
    return {name for name in modules if name.split(".")[0] in ("deodar", "kedro")}


ONE_NODE = """
from deodar.pipeline import Pipeline, node


def one():
    return 1


def register_pipelines():
    return {"__default__": Pipeline([node(one, None, "x", name="one")])}
"""


@pytest.fixture
def one_node(empty_project):
    """A project with one node, and logging as it comes."""
    (empty_project.source / "pipeline_registry.py").write_text(ONE_NODE)
    (empty_project.path / "conf" / "logging.yml").unlink()
    return empty_project.path


# What a run of one node in memory has no use for; each of these costs it from three to two hundred milliseconds.
UNUSED = {
    "cloudpickle",
    "concurrent.futures",
    "fsspec",
    "importlib.metadata",
    "logging.config",
    "multiprocessing",
    "omegaconf",
    "pickle",
    "psutil",
    "rich",
    "socketserver",
    "subprocess",
    "yaml",
}


# Importing is most of what a short command costs, and each of our modules is about half a millisecond. Before you raise
# a number: is the new module needed by everybody who gives this command?
def test_a_command_loads_few_of_our_modules(tmp_path, one_node):
    assert len(own(loaded_modules(tmp_path, "--version")[1])) <= 7
    assert len(own(loaded_modules(tmp_path, "--help")[1])) <= 17
    assert len(own(loaded_modules(one_node, "--help")[1])) <= 30
    assert len(own(loaded_modules(one_node, "registry", "list")[1])) <= 49
    assert len(own(loaded_modules(one_node, "run")[1])) <= 176


def test_a_plain_run_loads_nothing_that_it_does_not_need(one_node):
    loaded_modules(one_node, "run")
    said, modules = loaded_modules(one_node, "run")
    assert "Completed node: one" in said
    assert UNUSED & modules == set()
    # The first run of a project has to parse its code; what follows from it is remembered.
    assert {"ast", "click", "dataclasses", "inspect", "pluggy"} & modules == set()


def test_help_in_a_project_loads_no_pipelines(one_node):
    said, modules = loaded_modules(one_node, "--help")
    assert "Run the project's pipelines" in said
    assert not {name for name in own(modules) if ".pipeline" in name or ".io" in name or ".session" in name}
    # On Python 3.10 uuid, which click needs, loads it.
    of_click = {"subprocess"} if sys.version_info < (3, 11) else set()
    assert UNUSED & modules <= of_click
