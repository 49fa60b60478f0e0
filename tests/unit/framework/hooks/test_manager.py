from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import pluggy
import pytest

from deodar.framework.hooks import _create_hook_manager, hook_impl
from deodar.framework.hooks.manager import _register_hooks, _register_hooks_entry_points

PLUGIN = """
from deodar.framework.hooks import hook_impl

class Hooks:
    @hook_impl
    def after_context_created(self, context):
        context.append("{name}")

hooks = Hooks()
"""


class Recorder:
    def __init__(self, name: str) -> None:
        self.name = name

    @hook_impl
    def after_context_created(self, context: list[str]) -> None:
        context.append(self.name)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that installs a plugin into a folder on the search path."""
    monkeypatch.syspath_prepend(str(tmp_path))
    installed: list[str] = []

    def plugin(name: str, *, group: str = "kedro.hooks", requires: str = "pluggy") -> None:
        module = name.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(PLUGIN.format(name=name))
        info = tmp_path / f"{module}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\nRequires-Dist: {requires}\n"
        )
        (info / "entry_points.txt").write_text(f"[{group}]\n{name} = {module}:hooks\n")
        installed.append(module)
        # A new entry: what was found on the former search path no longer counts.
        monkeypatch.syspath_prepend(str(tmp_path / f"changed_{len(installed)}"))

    yield plugin
    for module in installed:
        sys.modules.pop(module, None)


def called(manager: pluggy.PluginManager) -> list[str]:
    names: list[str] = []
    manager.hook.after_context_created(context=names)
    return names


def test_manager_is_pluggys_with_the_namespace_of_the_contract() -> None:
    manager = _create_hook_manager()
    assert type(manager) is pluggy.PluginManager
    assert manager.project_name == "kedro"


def test_hook_without_implementation_returns_an_empty_list() -> None:
    assert _create_hook_manager().hook.before_pipeline_run(run_params={}, pipeline=None, catalog=None) == []


def test_last_registered_hook_is_called_first() -> None:
    manager = _create_hook_manager()
    _register_hooks(manager, (Recorder("first"), Recorder("last")))
    assert called(manager) == ["last", "first"]


def test_hook_is_registered_once() -> None:
    manager, hook = _create_hook_manager(), Recorder("a")
    _register_hooks(manager, (hook, hook))
    assert called(manager) == ["a"]


def test_class_in_place_of_an_instance_is_refused() -> None:
    with pytest.raises(TypeError, match=r"expects hooks to be registered as instances\. Have you forgotten the `\(\)`"):
        _register_hooks(_create_hook_manager(), (Recorder,))


def test_unknown_argument_is_refused() -> None:
    class Wrong:
        @hook_impl
        def after_context_created(self, no_such_argument: Any) -> None: ...

    with pytest.raises(pluggy.PluginValidationError, match="no_such_argument"):
        _register_hooks(_create_hook_manager(), (Wrong(),))


def test_a_misspelled_argument_is_answered_with_those_that_the_hook_gives() -> None:
    class Wrong:
        @hook_impl
        def before_pipeline_run(self, run_params: Any, pipelin: Any) -> None: ...

    with pytest.raises(pluggy.PluginValidationError) as caught:
        _register_hooks(_create_hook_manager(), (Wrong(),))
    assert caught.value.__notes__ == [
        f"It is that of {__name__}.{Wrong.__qualname__}. Did you mean 'pipeline'? "
        "'before_pipeline_run' gives run_params, pipeline, catalog."
    ]


def test_hooks_of_plugins_run_before_those_of_the_project(install: Any) -> None:
    install("a-plugin")
    manager = _create_hook_manager()
    _register_hooks(manager, (Recorder("project"),))
    _register_hooks_entry_points(manager, ())
    assert called(manager) == ["a-plugin", "project"]


def test_both_groups_of_entry_points_are_read(install: Any) -> None:
    install("old-name")
    install("new-name", group="deodar.hooks")
    manager = _create_hook_manager()
    _register_hooks_entry_points(manager, ())
    assert sorted(called(manager)) == ["new-name", "old-name"]


def test_hooks_of_a_disabled_distribution_are_not_called(install: Any) -> None:
    install("wanted")
    install("un-wanted")
    manager = _create_hook_manager()
    _register_hooks_entry_points(manager, ["un-wanted"])
    assert called(manager) == ["wanted"]


def test_distribution_is_disabled_by_its_exact_name(install: Any) -> None:
    install("a-plugin")
    manager = _create_hook_manager()
    _register_hooks_entry_points(manager, ["a_plugin"])
    assert called(manager) == ["a-plugin"]


def test_plugin_that_needs_kedro_is_left_out_under_our_own_name(install: Any) -> None:
    install("of-kedro", requires="kedro>=1.0")
    install("of-datasets", requires="kedro-datasets")
    manager = _create_hook_manager()
    _register_hooks_entry_points(manager, ())
    assert called(manager) == ["of-datasets"]


def test_which_plugins_are_used_is_logged(install: Any, caplog: pytest.LogCaptureFixture) -> None:
    install("wanted")
    install("unwanted")
    with caplog.at_level(logging.DEBUG, logger="deodar.framework.hooks.manager"):
        _register_hooks_entry_points(_create_hook_manager(), ["unwanted"])
    assert "Registered hooks from 1 installed plugin(s): wanted-1.2" in caplog.messages
    assert "Hooks are disabled for plugin(s): unwanted-1.2" in caplog.messages


def test_environment_without_plugins_is_not_scanned_by_the_standard_library(monkeypatch: pytest.MonkeyPatch) -> None:
    manager = _create_hook_manager()
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, "importlib.metadata")
    monkeypatch.setattr(pluggy.PluginManager, "load_setuptools_entrypoints", None)
    _register_hooks_entry_points(manager, ())
    assert not manager.get_plugins()


def test_calls_are_traced_where_the_logger_is_at_debug(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="deodar.framework.hooks.manager"):
        called(_create_hook_manager())
    assert any("after_context_created" in message for message in caplog.messages)
    caplog.clear()
    with caplog.at_level(logging.INFO, logger="deodar.framework.hooks.manager"):
        called(_create_hook_manager())
    assert not caplog.messages


def test_null_manager_swallows_every_call() -> None:
    from deodar.framework.hooks.manager import _NullPluginManager

    assert _NullPluginManager().hook.anything(at="all") is None
    assert _NullPluginManager()


def test_module_has_no_other_names() -> None:
    from deodar.framework.hooks import manager

    with pytest.raises(AttributeError, match="no_such_name"):
        assert manager.no_such_name


@pytest.mark.parametrize(
    ("consent", "expected"),
    [(None, []), ("consent: false\n", []), ("consent: true\n", ["kedro-telemetry"]), ("# consent: true\n", [])],
)
def test_telemetry_is_loaded_only_where_the_project_agreed(
    install: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, consent: str | None, expected: list[str]
) -> None:
    install("kedro-telemetry")
    (tmp_path / "pyproject.toml").write_text("[tool.deodar]\n")
    if consent is not None:
        (tmp_path / ".telemetry").write_text(consent)
    monkeypatch.chdir(tmp_path)
    manager = _create_hook_manager()
    _register_hooks_entry_points(manager, ())
    assert called(manager) == expected
