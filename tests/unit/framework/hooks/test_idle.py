"""A hook manager that nobody has given hooks to is one of pluggy when it matters."""

import subprocess
import sys

import pluggy
import pytest

from deodar.framework.hooks import hook_impl
from deodar.framework.hooks._idle import HOOKS, IdleHookManager
from deodar.framework.hooks.manager import _pluggy_manager, _register_hooks, _register_hooks_entry_points


@pytest.fixture
def manager():
    return IdleHookManager(_pluggy_manager)


class Counting:
    def __init__(self):
        self.seen = []

    @hook_impl
    def before_node_run(self, node):
        self.seen.append(node)
        return {"x": 1}


def test_it_knows_the_hooks_that_there_are():
    assert {name for name in vars(_pluggy_manager().hook) if not name.startswith("_")} == HOOKS


def test_hooks_without_implementations_are_called_without_waking_it(manager):
    for name in HOOKS:
        assert getattr(manager.hook, name)(anything=1) == []
        assert getattr(manager.hook, name).get_hookimpls() == []
    _register_hooks(manager, ())
    assert manager.is_idle


def test_a_manager_without_plugins_to_load_stays_idle(manager, monkeypatch):
    monkeypatch.delitem(sys.modules, "importlib.metadata", raising=False)
    monkeypatch.setattr(sys, "path", [])
    _register_hooks_entry_points(manager, ())
    assert manager.is_idle


def test_a_hook_that_is_registered_later_is_called_by_those_who_kept_the_caller(manager):
    hook, caller, plugin = manager.hook, manager.hook.before_node_run, Counting()
    _register_hooks(manager, [plugin])
    arguments = {"node": "n", "catalog": None, "inputs": {}, "is_async": False, "run_id": ""}
    assert caller(**arguments) == hook.before_node_run(**arguments) == [{"x": 1}]
    assert manager.hook.before_node_run(**arguments) == [{"x": 1}]
    assert plugin.seen == ["n"] * 3
    assert [each.plugin for each in caller.get_hookimpls()] == [plugin]


def test_an_unknown_hook_is_an_error_as_with_pluggy(manager):
    with pytest.raises(AttributeError, match="before_nod_run"):
        manager.hook.before_nod_run  # noqa: B018 - looked up on purpose


def test_to_isinstance_it_is_what_it_stands_for(manager):
    assert isinstance(manager, pluggy.PluginManager)
    assert manager.project_name == "kedro"
    assert manager.hook.before_node_run.spec is not None


def test_a_manager_is_idle_where_nobody_has_loaded_pluggy():
    code = (
        "import sys\n"
        "from deodar.framework.hooks import _create_hook_manager\n"
        "manager = _create_hook_manager()\n"
        "assert manager.hook.after_context_created(context=1) == []\n"
        "assert 'pluggy' not in sys.modules\n"
        "import logging; logging.getLogger('deodar.framework.hooks.manager').setLevel(logging.DEBUG)\n"
        "assert type(_create_hook_manager()).__module__.startswith('pluggy')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
