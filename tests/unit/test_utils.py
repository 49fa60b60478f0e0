"""The contract's small functions."""

import logging
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from deodar import utils
from deodar.utils import KedroExperimentalWarning, experimental, load_obj


@pytest.mark.parametrize(
    ("given", "protocol", "path"),
    [
        ("data/a.csv", "file", "data/a.csv"),
        ("", "file", ""),
        ("C:\\data\\a.csv", "file", "C:\\data\\a.csv"),
        ("file:///C:/data/a.csv", "file", "C:/data/a.csv"),
        ("file:///data/a.csv?x=1", "file", "/data/a.csv?x=1"),
        ("dbfs:/x", "file", "dbfs:/x"),
        ("http://host/a?b", "http", "http://host/a?b"),
        ("HTTP://Host/a", "http", "HTTP://Host/a"),
        ("s3://user:pass@BUCKET:80/key?v=1#f", "s3", "BUCKET/key?v=1#f"),
        ("abfss://container@account.net/p", "abfss", "container@account.net/p"),
        ("oci://bucket@space/p", "oci", "bucket@space/p"),
        ("hdfs://host:8020/p", "hdfs", "/p"),
        ("memory://a/b", "memory", "/b"),
    ],
)
def test_path_splits_into_protocol_and_path(given: str, protocol: str, path: str) -> None:
    assert utils._parse_filepath(given) == {"protocol": protocol, "path": path}


def test_dotted_path_loads_the_object() -> None:
    assert load_obj("pathlib.Path") is Path


def test_bare_name_loads_from_the_default_module() -> None:
    assert load_obj("Path", "pathlib") is Path


@pytest.mark.parametrize("top", ["kedro", "deodar"])
def test_both_names_of_the_package_load_this_tree(top: str) -> None:
    assert load_obj(f"{top}.utils.load_obj") is load_obj


def test_bare_name_with_the_other_package_as_default_loads_this_tree() -> None:
    assert load_obj("Node", "kedro.pipeline").__module__ == "deodar.pipeline.node"


@pytest.mark.parametrize(
    ("path", "error"), [("os.nope", AttributeError), ("nope_.x", ModuleNotFoundError), ("x", ValueError)]
)
def test_path_that_leads_nowhere_raises(path: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        load_obj(path)


@pytest.mark.parametrize("table", ["[tool.kedro]", "[tool.deodar]"])
def test_folder_with_either_table_is_a_project(tmp_path: Path, table: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"{table}\nx = 1\n")
    assert utils.is_kedro_project(tmp_path)
    assert utils._is_project(str(tmp_path))


def test_folder_with_an_unreadable_file_is_no_project(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"[tool.kedro]\xff")
    assert not utils.is_kedro_project(tmp_path)


def test_folder_without_the_file_is_no_project(tmp_path: Path) -> None:
    assert not utils.is_kedro_project(tmp_path)


def test_project_is_found_from_a_folder_within(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.kedro]")
    inner = tmp_path / "src" / "deep"
    assert utils.find_kedro_project(inner) == tmp_path
    assert utils._find_kedro_project(tmp_path) == tmp_path


def test_no_project_is_found_outside_of_one(tmp_path: Path) -> None:
    assert utils.find_kedro_project(tmp_path) is None


def test_config_file_is_found_by_the_first_extension_that_exists(tmp_path: Path) -> None:
    (tmp_path / "logging.yaml").touch()
    assert utils.find_config_file(str(tmp_path / "logging.yml")) == tmp_path / "logging.yaml"
    assert utils.find_config_file(str(tmp_path / "other")) is None


@pytest.mark.parametrize("version", ["", ".", "..", "a/b", "a\\b", "../x"])
def test_version_that_leads_elsewhere_is_unsafe(version: str) -> None:
    assert utils._is_unsafe_version(version)


def test_plain_version_is_safe() -> None:
    assert not utils._is_unsafe_version("2024-01-01T00.00.00.000Z")


def test_suggestions_are_capped_over_all_names() -> None:
    known = ["aaa", "aab", "aac", "aad"]
    assert len(utils.get_close_matches(["aa", "aaa"], iter(known))) == 3


def test_suggestions_do_not_repeat() -> None:
    assert utils.get_close_matches(["model", "modle"], ["model"]) == ["model"]


@pytest.mark.parametrize(
    ("path", "prefixes", "allowed"),
    [("a.b", ["a"], True), ("ab", ["a"], False), ("a", [None, "a"], True), ("a", [None, ""], False)],
)
def test_module_is_allowed_by_whole_components(path: str, prefixes: list[str | None], allowed: bool) -> None:
    assert utils._is_module_allowed(path, prefixes) is allowed


def test_databricks_is_known_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABRICKS_RUNTIME_VERSION", raising=False)
    assert not utils._is_databricks()
    monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", "14")
    assert utils._is_databricks()


def test_rich_handler_is_recognised() -> None:
    from rich.logging import RichHandler

    logger = logging.getLogger("rich-or-not")
    assert not utils._has_rich_handler(logger)
    logger.addHandler(RichHandler())
    assert utils._has_rich_handler(logger)


def test_markup_wraps_a_value() -> None:
    assert utils._format_rich("value", "bold") == "[bold]value[/bold]"


def test_experimental_function_warns_once_and_works() -> None:
    @experimental
    def double(x: int) -> int:
        """Double it."""
        return 2 * x

    with pytest.warns(KedroExperimentalWarning, match="double is experimental and may change in future"):
        assert double(2) == 4
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert double(3) == 6


def test_experimental_function_is_marked_and_documented() -> None:
    @experimental
    def double() -> None:
        """Double it."""

    assert double.__kedro_experimental__ and double.__wrapped__.__name__ == "double"
    assert double.__doc__ is not None and double.__doc__.startswith('!!! warning "Experimental"')
    assert experimental(double).__doc__ == double.__doc__


def test_experimental_class_stays_the_same_class() -> None:
    class Thing:
        def __init__(self, size: int) -> None:
            self.size = size

    marked = experimental(Thing)
    assert marked is Thing
    with pytest.warns(KedroExperimentalWarning, match="Thing is experimental"):
        assert marked(3).size == 3


def test_experimental_leaves_other_objects_alone() -> None:
    thing = object()
    assert experimental(thing) is thing  # type: ignore[type-var]


def test_importing_utils_loads_nothing_heavy() -> None:
    code = "import sys, deodar.utils; print(*(m for m in ('rich', 'inspect', 'difflib', 'click') if m in sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.split() == []
