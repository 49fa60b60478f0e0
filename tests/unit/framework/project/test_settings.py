from __future__ import annotations

import logging
import pickle
from pathlib import Path
from typing import Any

import pytest

from deodar.framework.project import (
    ValidationError,
    Validator,
    _HasSharedParentClassValidator,
    _IsSubclassValidator,
    _ProjectSettings,
    configure_project,
    settings,
)


def from_file(folder: Path, text: str) -> _ProjectSettings:
    path = folder / "some_settings.py"
    path.write_text(text)
    return _ProjectSettings(settings_file=str(path))


def test_class_settings_have_the_framework_classes_as_defaults() -> None:
    from deodar.config import OmegaConfigLoader
    from deodar.framework.context import KedroContext
    from deodar.framework.session import KedroSession
    from deodar.framework.session.store import BaseSessionStore
    from deodar.io import DataCatalog

    own = _ProjectSettings()
    assert own.CONTEXT_CLASS is KedroContext
    assert own.SESSION_CLASS is KedroSession
    assert own.SESSION_STORE_CLASS is BaseSessionStore
    assert own.CONFIG_LOADER_CLASS is OmegaConfigLoader
    assert own.DATA_CATALOG_CLASS is DataCatalog


def test_plain_settings_have_the_defaults_of_the_contract() -> None:
    own = _ProjectSettings()
    assert own.CONF_SOURCE == "conf"
    assert own.HOOKS == [] and own.DISABLE_HOOKS_FOR_PLUGINS.to_list() == []
    assert own.SESSION_STORE_ARGS == {}
    assert own.CONFIG_LOADER_ARGS == {"base_env": "base", "default_run_env": "local"}
    assert own.DATASET_VALIDATION is True
    assert own.SESSION_REENTRANT is False


def test_either_name_of_the_runner_allowlist_is_read(tmp_path: Path) -> None:
    assert from_file(tmp_path, "RUNNER_MODULES_WHITELIST = ('a.b',)").RUNNER_MODULE_ALLOWLIST == ["a.b"]


def test_settings_are_found_in_any_case_and_as_keys(tmp_path: Path) -> None:
    own = from_file(tmp_path, "MY_OWN = 3")
    assert own.my_own == own.MY_OWN == own["my_own"] == own.get("My_Own") == 3
    assert "my_own" in own


def test_lower_case_names_are_no_settings(tmp_path: Path) -> None:
    own = from_file(tmp_path, "mine = 3")
    assert "mine" not in own
    assert own.get("mine", "absent") == "absent"
    with pytest.raises(AttributeError, match="mine"):
        assert own.mine


def test_private_capital_names_are_settings(tmp_path: Path) -> None:
    assert from_file(tmp_path, "_PRIVATE = 4")._PRIVATE == 4


def test_mappings_are_equal_to_plain_ones_and_read_in_any_case(tmp_path: Path) -> None:
    own = from_file(tmp_path, "MY = {'Path': {'Inner': [1, (2,)]}}")
    assert own.MY == {"Path": {"Inner": [1, [2]]}}
    assert own.MY.get("path") == own.MY.path
    assert own.MY["PATH"].inner.to_list() == [1, [2]]
    assert "PATH" not in own.MY
    with pytest.raises(KeyError):
        own.MY["other"]
    with pytest.raises(AttributeError):
        assert own.MY.other


def test_containers_survive_pickling(tmp_path: Path) -> None:
    own = from_file(tmp_path, "MY = {'a': [1]}")
    assert pickle.loads(pickle.dumps(own.MY)) == {"a": [1]}


def test_objects_and_paths_are_handed_out_as_they_are() -> None:
    own = _ProjectSettings()
    marker = object()
    own.set("MARKER", marker)
    own.CONF_SOURCE = Path("elsewhere")
    assert own.MARKER is marker
    assert Path("elsewhere") == own.CONF_SOURCE


def test_what_a_program_set_can_be_taken_back(tmp_path: Path) -> None:
    own = from_file(tmp_path, "CONF_SOURCE = 'mine'")
    own.CONF_SOURCE = "other"
    del own.CONF_SOURCE
    assert own.CONF_SOURCE == "mine"
    with pytest.raises(AttributeError, match="not set"):
        del own.CONF_SOURCE


def test_as_dict_holds_defaults_and_unknown_settings(tmp_path: Path) -> None:
    content = from_file(tmp_path, "MINE = (1,)").as_dict()
    assert content["MINE"] == [1]
    assert content["CONF_SOURCE"] == "conf"


@pytest.mark.parametrize(
    ("name", "parent"),
    [
        ("CONTEXT_CLASS", "deodar.framework.context.context.KedroContext"),
        ("SESSION_CLASS", "deodar.framework.session.abstract_session.AbstractSession"),
        ("SESSION_STORE_CLASS", "deodar.framework.session.store.BaseSessionStore"),
        ("CONFIG_LOADER_CLASS", "deodar.config.abstract_config.AbstractConfigLoader"),
    ],
)
def test_class_of_another_family_is_refused_when_it_is_read(tmp_path: Path, name: str, parent: str) -> None:
    own = from_file(tmp_path, f"class Bad: pass\n{name} = Bad")
    expected = f"Invalid value 'some_settings.Bad' received for setting '{name}'. It must be a subclass of '{parent}'."
    with pytest.raises(ValidationError, match=expected):
        getattr(own, name)


def test_refusal_is_repeated_at_each_read(tmp_path: Path) -> None:
    own = from_file(tmp_path, "CONTEXT_CLASS = 3")
    for _ in range(2):
        with pytest.raises(ValidationError, match="CONTEXT_CLASS"):
            assert own.CONTEXT_CLASS


def test_catalog_class_must_have_the_methods_of_a_catalog(tmp_path: Path) -> None:
    own = from_file(tmp_path, "class Bad: pass\nDATA_CATALOG_CLASS = Bad")
    with pytest.raises(ValidationError, match=r"It must implement 'deodar\.io\.core.CatalogProtocol'"):
        assert own.DATA_CATALOG_CLASS


def test_catalog_class_may_need_arguments(tmp_path: Path) -> None:
    text = (
        "from deodar.io import DataCatalog\n"
        "class Mine(DataCatalog):\n    def __init__(self, needed): ...\n"
        "DATA_CATALOG_CLASS = Mine"
    )
    assert from_file(tmp_path, text).DATA_CATALOG_CLASS.__name__ == "Mine"


def test_subclass_declares_settings_as_attributes() -> None:
    class Mine(_ProjectSettings):
        _HOOKS = Validator("HOOKS", default=("a", "b"))
        _STORE_ARGS = Validator("SESSION_STORE_ARGS", default=lambda *_: {"path": "x"})
        _OWN = Validator("OWN", default=1)

    own = Mine()
    assert own.HOOKS == ["a", "b"]
    assert own.SESSION_STORE_ARGS == {"path": "x"}
    assert own.OWN == 1


def test_shape_of_dynaconf_validators_is_accepted() -> None:
    class Foreign:
        def __init__(self, *names: str, default: Any) -> None:
            self.names, self.default, self.seen = names, default, 0

        def validate(self, settings: Any) -> None:
            self.seen += 1

    foreign = Foreign("HOOKS", default=lambda settings, validator: [validator.names])
    own = type("Mine", (_ProjectSettings,), {"_HOOKS": foreign})()
    assert own.HOOKS == [["HOOKS"]] or own.HOOKS == [("HOOKS",)]
    assert foreign.seen == 1


def test_shared_parent_is_the_parent_of_the_default() -> None:
    class Parent: ...

    class Default(Parent): ...

    class Sibling(Parent): ...

    class Mine(_ProjectSettings):
        _KIND = _HasSharedParentClassValidator("KIND", default=lambda *_: Default)
        _CHILD = _IsSubclassValidator("CHILD", default=lambda *_: Default)

    own = Mine()
    own.KIND = own.CHILD = Sibling
    assert own.KIND is Sibling
    with pytest.raises(ValidationError):
        assert own.CHILD


@pytest.mark.parametrize(
    ("validator", "good", "bad"),
    [
        (Validator("X", is_type_of=int), 3, "3"),
        (Validator("X", condition=lambda value: value > 2), 3, 1),
        (Validator("X", cast=int, is_type_of=int), "3", "three"),
    ],
)
def test_validator_checks_a_value(validator: Validator, good: Any, bad: Any) -> None:
    own = type("Mine", (_ProjectSettings,), {"_X": validator})()
    own.X = good
    assert own.X == 3
    own.X = bad
    with pytest.raises(ValueError):
        assert own.X


def test_required_setting_is_missed() -> None:
    class Mine(_ProjectSettings):
        _X = Validator("X", must_exist=True)

    with pytest.raises(AttributeError, match="'X'"):
        assert Mine().X
    with pytest.raises(ValidationError, match="'X' is required"):
        Mine._X.validate(Mine())


def test_default_class_is_looked_up_at_each_read(monkeypatch: pytest.MonkeyPatch) -> None:
    from deodar.framework import context

    class Other(context.KedroContext): ...

    own = _ProjectSettings()
    assert own.CONTEXT_CLASS is not Other
    monkeypatch.setattr(context, "KedroContext", Other)
    assert own.CONTEXT_CLASS is Other


def test_configuring_reads_the_projects_module(project: Any) -> None:
    project.module("settings", "CONF_SOURCE = 'configuration'\nHOOKS = ()\n")
    project.bootstrap()
    assert settings.CONF_SOURCE == "configuration"


def test_configuring_anew_forgets_the_project_before(make_project: Any) -> None:
    first, second = make_project(), make_project()
    first.module("settings", "OWN = 1")
    first.bootstrap()
    settings.set("OTHER", 2)
    second.bootstrap()
    assert "OWN" not in settings and "OTHER" not in settings


def test_wrong_setting_leaves_the_former_project_configured(make_project: Any) -> None:
    good, bad = make_project(), make_project()
    good.module("settings", "CONF_SOURCE = 'good'")
    bad.module("settings", "CONTEXT_CLASS = dict\nCONF_SOURCE = 'bad'")
    good.bootstrap()
    with pytest.raises(ValidationError, match="CONTEXT_CLASS"):
        bad.bootstrap()
    assert settings.CONF_SOURCE == "good"


def test_missing_settings_module_means_defaults(project: Any, caplog: pytest.LogCaptureFixture) -> None:
    (project.source / project.package / "settings.py").unlink()
    with caplog.at_level(logging.WARNING):
        project.bootstrap()
    assert settings.CONF_SOURCE == "conf"
    assert not caplog.records


@pytest.mark.parametrize("text", ["import not_a_module_at_all", "import os\nos.no_such_name"])
def test_settings_that_cannot_be_imported_mean_defaults_and_a_warning(
    project: Any, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    warned: list[str] = []
    logger = logging.getLogger("deodar.framework.project")
    monkeypatch.setattr(logger, "warning", lambda message, *args: warned.append(message % args))
    project.module("settings", f"CONF_SOURCE = 'mine'\n{text}\n")
    project.bootstrap()
    assert settings.CONF_SOURCE == "conf"
    assert any("settings.py:" in message for message in warned)


@pytest.mark.parametrize("text", ["1 / 0", "this is no Python"])
def test_other_errors_of_the_settings_come_out(project: Any, text: str) -> None:
    project.module("settings", text)
    with pytest.raises((ZeroDivisionError, SyntaxError)):
        project.bootstrap()


def test_no_project_may_be_configured(process: None) -> None:
    from deodar.framework import project as state

    configure_project(None)
    assert state.PACKAGE_NAME is None
    assert settings.CONF_SOURCE == "conf"
