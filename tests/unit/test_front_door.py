import importlib
import subprocess
import sys

import pytest

PACKAGES = [
    "deodar.io", "deodar.pipeline", "deodar.runner", "deodar.validation", "deodar.validation.exceptions",
    "deodar.framework.session",
]  # fmt: skip


@pytest.mark.parametrize("name", PACKAGES)
def test_a_front_door_has_all_that_it_names(name):
    package = importlib.import_module(name)
    assert set(package.__all__) <= set(dir(package))
    for each in package.__all__:
        value = getattr(package, each)
        assert vars(package)[each] is value


def test_a_front_door_names_what_it_does_not_have():
    import deodar.io

    with pytest.raises(AttributeError, match=r"module 'deodar\.io' has no attribute 'Dataset'"):
        deodar.io.Dataset  # noqa: B018


@pytest.mark.parametrize("name", PACKAGES)
def test_everything_comes_through_a_front_door_at_once(name):
    code = (
        f"from {name} import *\nimport sys, types\nprint(sorted(set(sys.modules['{name}'].__all__) - set(globals())))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("package", "path"),
    [
        ("deodar.io", "core.parse_dataset_definition"),
        ("deodar.io", "data_catalog.DataCatalog"),
        ("deodar.runner", "task.TaskError"),
        ("deodar.runner", "parallel_runner.ParallelRunner"),
        ("deodar.framework.session", "session.KedroSession"),
    ],
)
def test_the_modules_of_a_package_are_there_without_an_import(package, path):
    code = f"import {package} as package; print(package.{path}.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == path.rpartition(".")[2]
