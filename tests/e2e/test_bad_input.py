"""What a user gets wrong: one clear message on standard error, naming the thing and what to try."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PIPELINE = """
from deodar.pipeline import Pipeline, node


def same(x):
    return x


def pair(x):
    return x, x


def create_pipeline(**kwargs):
    return Pipeline([{nodes}])
"""


class Project:
    """A project on disk with one pipeline."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.write("pyproject.toml", '[tool.deodar]\npackage_name = "shop"\nproject_name = "Shop"\n')
        self.write("pyproject.toml", self.read("pyproject.toml") + 'deodar_init_version = "0.1.0"\n')
        self.write("src/shop/__init__.py", "")
        self.write("src/shop/settings.py", "")
        self.write("src/shop/pipelines/__init__.py", "")
        self.write(
            "src/shop/pipeline_registry.py",
            "from deodar.framework.project import find_pipelines\n\n\ndef register_pipelines():\n"
            "    found = find_pipelines(raise_errors=True)\n    return {**found, '__default__': sum(found.values())}\n",
        )
        self.write("conf/base/catalog.yml", "{}\n")
        self.write("conf/base/parameters.yml", "number: 21\n")
        self.write("conf/local/.gitkeep", "")
        self.nodes("node(same, 'params:number', 'doubled', name='first')")

    def write(self, name: str, text: str) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def read(self, name: str) -> str:
        return (self.path / name).read_text()

    def nodes(self, nodes: str) -> None:
        self.write("src/shop/pipelines/sales/__init__.py", PIPELINE.format(nodes=nodes))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        kept = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "DEODAR_DROPIN")}
        return subprocess.run(
            [sys.executable, "-m", "deodar", "run", *arguments],
            cwd=self.path,
            env=kept,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def refused(self, *arguments: str) -> str:
        """Run, expect to be refused in words for people, and return the words."""
        done = self.run(*arguments)
        assert done.returncode != 0, done.stdout
        assert "Traceback (most recent call last)" not in done.stderr, done.stderr
        return done.stderr


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_the_project_of_these_tests_runs(project: Project) -> None:
    assert project.run().returncode == 0


def test_an_unknown_dataset_type_is_named_with_its_entry(project: Project) -> None:
    project.write("conf/base/catalog.yml", "doubled:\n  type: pandas.CVSDataset\n  filepath: x.csv\n")
    words = project.refused()
    assert "doubled" in words and "'CVSDataset' not found in 'pandas'" in words


def test_a_cycle_is_named_by_its_nodes(project: Project) -> None:
    project.nodes("node(same, 'a', 'b', name='one'), node(same, 'b', 'a', name='two')")
    words = project.refused()
    assert "Circular dependencies" in words and "one" in words and "two" in words


def test_a_missing_parameter_is_named(project: Project) -> None:
    project.nodes("node(same, 'params:numbr', 'doubled', name='first')")
    words = project.refused()
    assert "params:numbr" in words and "typos" in words


def test_malformed_yaml_is_named_by_file_and_line(project: Project) -> None:
    project.write("conf/base/catalog.yml", "good:\n  type: MemoryDataset\nbad: [1, 2\nmore: x\n")
    words = project.refused()
    assert "catalog.yml" in words and "line" in words


def test_a_key_given_twice_is_named_by_file_and_line(project: Project) -> None:
    project.write("conf/base/parameters.yml", "number: 1\nnumber: 2\n")
    words = project.refused()
    assert "parameters.yml" in words and "number" in words


def test_an_interpolation_without_value_is_named_by_key_and_file(project: Project) -> None:
    project.write("conf/base/parameters.yml", "number: ${nowhere}\n")
    words = project.refused()
    assert words.startswith("Error: Interpolation key 'nowhere' not found\nWhile resolving 'number' of 'parameters' in")
    assert "parameters.yml" in words and "Traceback" not in words


def test_a_variable_of_the_environment_outside_of_credentials_is_answered_with_the_way(project: Project) -> None:
    project.write("conf/base/parameters.yml", "number: ${oc.env:HOME}\n")
    assert "Environment variables are for credentials: elsewhere 'oc.env' is a resolver" in project.refused()


def test_a_target_that_cannot_be_written_is_named_with_its_dataset(project: Project) -> None:
    project.write("data", "a file where a folder is needed")
    project.write("conf/base/catalog.yml", "doubled:\n  type: json.JSONDataset\n  filepath: data/out/x.json\n")
    words = project.refused()
    assert "doubled" in words and "x.json" in words


@pytest.mark.parametrize(
    ("node", "words"),
    [
        ("node(same, 'params:number', ['a', 'b'], name='first')", "list of outputs ['a', 'b']"),
        ("node(pair, 'params:number', ['a', 'b', 'c'], name='first')", "returned 2 output(s)"),
        ("node(same, 'params:number', dict(x='a'), name='first')", "output is a dictionary"),
    ],
)
def test_a_node_that_returns_the_wrong_outputs_is_named(project: Project, node: str, words: str) -> None:
    project.nodes(node)
    said = project.refused()
    assert words in said and "first" in said


def test_a_node_with_wrong_inputs_is_named(project: Project) -> None:
    project.nodes("node(same, ['a', 'b'], 'c', name='first')")
    assert "Inputs of 'same' function expected ['x']" in project.refused()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--pipelines", "sale"), "sales"),
        (("--nodes", "frist"), "first"),
        (("--tags", "nosuch"), "nosuch"),
        (("--env", "lcal"), "local"),
        (("--runner", "ThredRunner"), "ThreadRunner"),
        (("--params", "number"), "number"),
    ],
)
def test_a_misspelled_option_is_answered_with_what_exists(
    project: Project, arguments: tuple[str, str], words: str
) -> None:
    assert words in project.refused(*arguments)


def test_a_broken_settings_file_is_named_by_line(project: Project) -> None:
    project.write("src/shop/settings.py", "HOOKS = (\n")
    words = project.refused()
    assert "settings.py" in words and "SyntaxError" in words and "line 1" in words


def test_a_broken_registry_is_named_by_line(project: Project) -> None:
    project.write("src/shop/pipeline_registry.py", "def register_pipelines():\n    return 1 / 0\n")
    words = project.refused()
    assert "pipeline_registry.py" in words


def test_a_registry_that_is_no_python_is_named_once(project: Project) -> None:
    project.write("src/shop/pipeline_registry.py", "def register_pipelines(:\n")
    words = project.refused()
    assert "SyntaxError" in words and words.count("Raised at") == 1


def test_a_package_that_is_not_there_is_named_with_where_it_is_said(project: Project) -> None:
    pyproject = project.path / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('package_name = "shop"', 'package_name = "shpo"'))
    words = project.refused()
    assert "No module named 'shpo'" in words and "'package_name' and 'source_dir' in pyproject.toml" in words


def test_outside_of_a_project_the_answer_says_so(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deodar", "run"], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode != 0
    assert "project not found in this directory" in done.stderr
    # What was typed is right, so nothing else was meant.
    assert "Did you mean" not in done.stderr


def test_a_project_that_lacks_keys_is_told_them_under_its_own_name(project: Project) -> None:
    project.write("pyproject.toml", '[tool.deodar]\npackage_name = "shop"\n')
    assert "Missing required keys ['project_name', 'deodar_init_version']" in project.refused()


def test_a_project_that_nothing_says_how_to_build_is_not_packaged(project: Project) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deodar", "package"], cwd=project.path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Error: Nothing says how 'shop' is built")


def test_a_policy_that_cannot_be_understood_is_named(project: Project) -> None:
    project.write("conf/base/execution.yml", "nodes:\n  first:\n    timeout: soon\n")
    words = project.refused()
    assert "nodes.first.timeout" in words and "soon" in words
