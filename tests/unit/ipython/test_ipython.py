"""The extension in a running shell."""

import logging
import re
import sys

import pytest
from IPython.core.error import UsageError

from deodar import ipython as extension
from deodar.framework.session import KedroServiceSession


@pytest.fixture
def loaded(shop, shell):
    extension.load_ipython_extension(shell)
    return shell


def test_loading_the_extension_defines_the_project_around_here(loaded, shop):
    assert loaded.user_ns["context"].project_path == shop.path.resolve()
    assert loaded.user_ns["catalog"].load("params:number") == 21
    assert "sales" in loaded.user_ns["pipelines"]
    assert loaded.user_ns["session"]._project_path == shop.path.resolve()


def test_the_configuration_of_logging_holds_from_the_first_line_on(shop, shell, capsys, monkeypatch):
    # As the first thing that a kernel does.
    monkeypatch.setattr(extension, "LOGGING", type(extension.LOGGING).deferred())
    shop.write(
        "conf/logging.yml",
        """
version: 1
disable_existing_loggers: false
formatters: {brief: {format: "%(name)s %(message)s"}}
handlers: {out: {class: logging.StreamHandler, formatter: brief, stream: "ext://sys.stdout"}}
root: {level: INFO, handlers: [out]}
""",
    )
    extension.load_ipython_extension(shell)
    said = capsys.readouterr().out
    assert "deodar.ipython Registered line magic '%reload_kedro'" in said
    assert f"deodar.ipython Resolved project path as: {shop.path.resolve()}." in said


def test_without_a_project_only_the_magics_are_there(shell, tmp_path, monkeypatch, caplog, process):
    monkeypatch.chdir(tmp_path)
    with caplog.at_level(logging.WARNING, "deodar.ipython"):
        extension.load_ipython_extension(shell)
    assert "%reload_kedro <project_root>" in caplog.text
    assert "context" not in shell.user_ns
    assert {"reload_kedro", "load_node"} <= set(shell.magics_manager.magics["line"])


def test_reloading_sees_changed_code(loaded, shop):
    shop.module("pipelines/sales/shared", "FACTOR = 5\n")
    before = sys.modules[shop.package]
    loaded.run_line_magic("reload_kedro", "")
    assert sys.modules[shop.package] is not before


def test_packages_that_only_begin_alike_stay_loaded(loaded, shop, monkeypatch):
    other = f"{shop.package}_extras"
    monkeypatch.setitem(sys.modules, other, sys)
    loaded.run_line_magic("reload_kedro", "")
    assert sys.modules[other] is sys


def test_reloading_takes_environment_parameters_and_configuration(loaded, shop, tmp_path):
    for env in ("base", "prod"):
        (tmp_path / "elsewhere" / env).mkdir(parents=True)
    (tmp_path / "elsewhere/prod/parameters.yml").write_text("number: 1")
    (tmp_path / "elsewhere/base/catalog.yml").write_text("{}")
    line = f"{shop.path} -e prod --params number=5,name='a b' --conf-source {tmp_path / 'elsewhere'}"
    loaded.run_line_magic("reload_kedro", line)
    context = loaded.user_ns["context"]
    assert (context.env, context.params) == ("prod", {"number": 5, "name": "a b"})


def test_reloading_from_elsewhere_finds_the_loaded_project_again(loaded, shop, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    loaded.run_cell("%reload_kedro", store_history=False).raise_error()
    assert loaded.user_ns["context"].project_path == shop.path.resolve()


def test_reloading_nowhere_says_that_there_is_no_project(shell, tmp_path, monkeypatch, process):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RuntimeError, match=r"Could not find the project configuration file 'pyproject\.toml'"):
        extension.reload_kedro()


def test_unknown_options_are_refused(loaded):
    with pytest.raises(UsageError, match="unrecognized arguments"):
        loaded.magics_manager.magics["line"]["reload_kedro"]("--nonsense=1", {})


def test_ill_formed_parameters_are_refused(loaded):
    with pytest.raises(UsageError, match="Item `a` must contain a key and a value"):
        loaded.magics_manager.magics["line"]["reload_kedro"]("--params a", {})


def test_sessions_for_many_runs_get_their_parameters_with_the_context(shop, shell):
    shop.module("settings", "from deodar.framework.session import KedroServiceSession as SESSION_CLASS\n")
    extension.reload_kedro(str(shop.path), runtime_params={"number": 4})
    assert isinstance(shell.user_ns["session"], KedroServiceSession)
    assert shell.user_ns["context"].params == {"number": 4}


def test_magics_of_plugins_are_registered_with_the_names_of_the_shell(shop, shell, monkeypatch):
    seen = {}

    def run_viz(line, local_ns=None):
        seen.update(line=line, context=local_ns["context"])

    monkeypatch.setattr(extension, "load_entry_points", lambda name: [run_viz] if name == "line_magic" else [])
    extension.reload_kedro(str(shop.path))
    shell.run_cell("%run_viz --port 1", store_history=False).raise_error()
    assert seen == {"line": "--port 1", "context": shell.user_ns["context"]}


def test_load_node_writes_a_cell_that_runs(loaded, shop):
    loaded.run_line_magic("load_node", "double_it")
    text = loaded.rl_next_input
    assert text.startswith("from __future__ import annotations\n# Prepare necessary inputs for debugging")
    loaded.user_ns["catalog"]["a.b@c"] = 0
    loaded.run_cell(text, store_history=False).raise_error()
    assert loaded.user_ns["times"](1) == 3


@pytest.mark.parametrize(
    ("variable", "where"), [("VSCODE_PID", "vscode"), ("DATABRICKS_RUNTIME_VERSION", "databricks"), (None, "ipython")]
)
def test_where_the_shell_runs_is_known(shop, monkeypatch, variable, where):
    if variable:
        monkeypatch.setenv(variable, "1")
    assert extension._guess_run_environment() == where


@pytest.mark.parametrize("rich", [True, False])
def test_where_no_cell_can_be_made_the_node_is_printed(loaded, monkeypatch, capsys, rich):
    monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", "14")
    monkeypatch.setattr(extension, "RICH_INSTALLED", rich)
    loaded.run_line_magic("load_node", "double_it")
    assert "def double(number, *others" in re.sub("\x1b\\[[0-9;]*m", "", capsys.readouterr().out)


def test_the_package_itself_is_an_extension(shop, shell):
    shell.run_line_magic("load_ext", "deodar")
    assert "catalog" in shell.user_ns
