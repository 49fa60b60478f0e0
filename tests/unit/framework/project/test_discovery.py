from __future__ import annotations

import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from deodar.framework.project import configure_project, find_pipelines, pipelines

NO_FUNCTION = "x = 1"
WRONG_TYPE = "def create_pipeline(): return {}"
BROKEN_IMPORT = "import not_a_module_at_all"
RAISES = "def create_pipeline(): raise OSError('mine')"


def test_project_must_be_configured_first(process: None) -> None:
    with pytest.raises(RuntimeError, match="cannot be called before the project is configured"):
        find_pipelines()


def test_each_folder_is_a_pipeline_in_the_order_of_names(project: Any) -> None:
    for name in ("c", "a", "b"):
        project.pipeline(name)
    project.module("pipelines/file", "raise RuntimeError('a file is no pipeline')")
    for name in ("__pycache__", ".hidden"):
        (project.source / project.package / "pipelines" / name).mkdir(exist_ok=True)
    project.bootstrap()
    found = find_pipelines()
    assert list(found) == ["__default__", "a", "b", "c"]
    assert not found["__default__"].nodes


def test_single_pipeline_module_is_the_default(project: Any) -> None:
    project.module("pipeline", SINGLE)
    project.bootstrap()
    assert [node.name for node in find_pipelines()["__default__"].nodes] == ["single"]


SINGLE = """
from deodar.pipeline import Pipeline, node
def create_pipeline(): return Pipeline([node(len, "x", "y", name="single")])
"""


def test_project_without_pipelines_has_an_empty_default(project: Any) -> None:
    (project.source / project.package / "pipelines/__init__.py").unlink()
    (project.source / project.package / "pipelines").rmdir()
    project.bootstrap()
    assert {name: len(item.nodes) for name, item in find_pipelines().items()} == {"__default__": 0}


def test_failing_import_warns_with_the_traceback(project: Any) -> None:
    project.pipeline("good")
    project.pipeline("bad", BROKEN_IMPORT)
    project.bootstrap()
    with pytest.warns(
        UserWarning, match=r"while importing the '.*\.bad' module. Nothing defined(?s:.)*not_a_module_at_all"
    ):
        found = find_pipelines()
    assert set(found) == {"__default__", "good"}


def test_failing_import_raises_if_asked_to(project: Any) -> None:
    project.pipeline("bad", BROKEN_IMPORT)
    project.bootstrap()
    with pytest.raises(ImportError, match=r"An error occurred while importing the '.*\.bad' module\.") as caught:
        find_pipelines(raise_errors=True)
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


@pytest.mark.parametrize("raise_errors", [False, True])
def test_failing_single_pipeline_module_is_reported(project: Any, raise_errors: bool) -> None:
    project.module("pipeline", BROKEN_IMPORT)
    project.bootstrap()
    expected = r"while importing the '.*\.pipeline' module"
    if raise_errors:
        with pytest.raises(ImportError, match=expected):
            find_pipelines(raise_errors=True)
    else:
        with pytest.warns(UserWarning, match=expected):
            assert not find_pipelines()["__default__"].nodes


def test_failing_package_of_pipelines_is_reported(project: Any) -> None:
    project.module("pipelines/__init__", BROKEN_IMPORT)
    project.pipeline("a")
    project.bootstrap()
    with pytest.warns(UserWarning, match="not_a_module_at_all"):
        assert list(find_pipelines()) == ["__default__"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (NO_FUNCTION, r"The '.*\.bad' module does not expose a 'create_pipeline' function"),
        (WRONG_TYPE, r"Expected the 'create_pipeline' function in the '.*\.bad' module .* got 'dict' instead"),
    ],
)
def test_module_that_creates_no_pipeline_warns(project: Any, text: str, message: str) -> None:
    project.pipeline("bad", text)
    project.bootstrap()
    with pytest.warns(UserWarning, match=message):
        assert list(find_pipelines()) == ["__default__"]
    with pytest.warns(UserWarning, match=message), pytest.raises(KeyError, match="Pipeline 'bad' not found"):
        find_pipelines(raise_errors=True)


@pytest.mark.parametrize("raise_errors", [False, True])
def test_error_of_create_pipeline_comes_out(project: Any, raise_errors: bool) -> None:
    project.pipeline("bad", RAISES)
    project.bootstrap()
    with pytest.raises(OSError, match="mine"):
        find_pipelines(raise_errors=raise_errors)


def test_only_selected_pipelines_are_imported(project: Any) -> None:
    project.pipeline("a")
    project.pipeline("b", BROKEN_IMPORT)
    project.bootstrap()
    assert list(find_pipelines(raise_errors=True, pipelines_to_find=["a"])) == ["a"]


def test_selecting_the_default_loads_all(project: Any) -> None:
    project.pipeline("a")
    project.bootstrap()
    assert list(find_pipelines(pipelines_to_find=["__default__"])) == ["__default__", "a"]


def test_selected_pipeline_without_a_folder_is_reported(project: Any) -> None:
    project.pipeline("a")
    project.bootstrap()
    with pytest.raises(ImportError, match=r"while importing the '.*\.pipelines\.absent' module"):
        find_pipelines(raise_errors=True, pipelines_to_find=["a", "absent"])
    with pytest.warns(UserWarning, match="absent"):
        assert list(find_pipelines(pipelines_to_find=["a", "absent"])) == ["a"]


def test_selection_without_a_package_of_pipelines_is_reported(project: Any) -> None:
    (project.source / project.package / "pipelines/__init__.py").unlink()
    (project.source / project.package / "pipelines").rmdir()
    project.bootstrap()
    with pytest.warns(UserWarning, match=r"Pipeline\(s\) not found: a, b"):
        assert find_pipelines(pipelines_to_find=["b", "a"]) == {}
    with pytest.raises(KeyError, match=r"Pipeline\(s\) not found: a"):
        find_pipelines(raise_errors=True, pipelines_to_find=["a"])


def test_request_of_the_run_goes_before_the_selection(project: Any) -> None:
    project.pipeline("a")
    project.pipeline("b")
    project.bootstrap()
    pipelines.set_requested(["a"])
    assert list(find_pipelines(pipelines_to_find=["b"])) == ["a"]


def test_pipelines_are_found_inside_an_archive(process: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "packed.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for name in ("", "pipelines/", "pipelines/zipped/"):
            file.writestr(f"packed_shop/{name}__init__.py", SINGLE if "zipped" in name else "")
    monkeypatch.syspath_prepend(str(archive))
    configure_project("packed_shop")
    assert list(find_pipelines()) == ["__default__", "zipped"]
    for name in [name for name in sys.modules if name.startswith("packed_shop")]:
        del sys.modules[name]
