"""Settings and the registry of pipelines, statement by statement: as ``deodar`` and, by a drop-in, as ``kedro``.

Suites for Kedro projects and plugins replace names in these modules; that the code looks them up there is part of
the contract, so these tests replace them too.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
import threading
import warnings
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from ._shop import FAKE, PACKAGE, load

pytestmark = pytest.mark.usefixtures("as_before")

project, startup, config, io = load("framework.project"), load("framework.startup"), load("config"), load("io")
store_module = load("framework.session.store")
KedroContext, KedroSession = load("framework.context").KedroContext, load("framework.session").KedroSession
Pipeline = load("pipeline").Pipeline


# --- The settings -------------------------------------------------------------------------------------------------


def declared(validator: Any, **attributes: Any) -> Any:
    """Return settings whose class redeclares some."""
    made = {f"_{name}": validator(name, default=default) for name, default in attributes.items()}
    return type("MySettings", (project._ProjectSettings,), made)()


class ForeignValidator:
    """What another library's validator looks like."""

    def __init__(self, *names: str, default: Any) -> None:
        self.names, self.default = names, default

    def validate(self, settings: Any, **_: Any) -> None:
        for name in self.names:
            settings.setdefault(name, self.default(settings, self) if callable(self.default) else self.default)
            assert settings.exists(name)


DEFAULTS = {
    "CONF_SOURCE": "conf",
    "HOOKS": [],
    "DISABLE_HOOKS_FOR_PLUGINS": [],
    "SESSION_STORE_ARGS": {},
    "CONFIG_LOADER_ARGS": {"base_env": "base", "default_run_env": "local"},
    "RUNNER_MODULES_WHITELIST": [],
    "RUNNER_MODULE_ALLOWLIST": [],
    "DATASET_VALIDATION": True,
    "CONTEXT_CLASS": KedroContext,
    "SESSION_CLASS": KedroSession,
    "SESSION_STORE_CLASS": store_module.BaseSessionStore,
    "CONFIG_LOADER_CLASS": config.OmegaConfigLoader,
    "DATA_CATALOG_CLASS": io.DataCatalog,
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_every_setting_has_its_default(name: str) -> None:
    value = getattr(project._ProjectSettings(), name)
    assert value is DEFAULTS[name] or value == DEFAULTS[name]


def test_settings_are_lazy_settings_by_descent() -> None:
    assert [cls.__name__ for cls in project._ProjectSettings.__mro__[:2]] == ["_ProjectSettings", "LazySettings"]
    assert project.LazySettings in project._ProjectSettings.__mro__


@pytest.mark.parametrize("validator", [project.Validator, ForeignValidator], ids=["own", "foreign"])
def test_a_subclass_redeclares_settings(validator: Any) -> None:
    hook = object()
    settings = declared(
        validator, HOOKS=(hook,), SESSION_STORE_ARGS={"path": "x"}, CONTEXT_CLASS=lambda *_: ForeignValidator
    )
    assert len(settings.HOOKS) == 1
    assert settings.HOOKS[0] is hook
    assert settings.SESSION_STORE_ARGS == {"path": "x"}
    assert settings.CONTEXT_CLASS is ForeignValidator


def test_sequences_and_mappings_of_settings_convert_back() -> None:
    settings = declared(project.Validator, DISABLE_HOOKS_FOR_PLUGINS=("a",), CONFIG_LOADER_ARGS={"Base_Env": "x"})
    assert settings.DISABLE_HOOKS_FOR_PLUGINS.to_list() == ["a"]
    assert isinstance(settings.DISABLE_HOOKS_FOR_PLUGINS, list)
    assert isinstance(settings.CONFIG_LOADER_ARGS, dict)
    assert settings.CONFIG_LOADER_ARGS.get("base_env") == "x"


class Bad:
    def __init__(self) -> None:
        pass


REFUSED = {
    "CONTEXT_CLASS": f"must be a subclass of '{PACKAGE}.framework.context.context.KedroContext'",
    "SESSION_CLASS": f"must be a subclass of '{PACKAGE}.framework.session.abstract_session.AbstractSession'",
    "SESSION_STORE_CLASS": f"must be a subclass of '{PACKAGE}.framework.session.store.BaseSessionStore'",
    "CONFIG_LOADER_CLASS": f"must be a subclass of '{PACKAGE}.config.abstract_config.AbstractConfigLoader'",
    "DATA_CATALOG_CLASS": f"must implement '{PACKAGE}.io.core.CatalogProtocol'",
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_class_of_the_wrong_kind_is_refused_by_name(name: str) -> None:
    settings = project._ProjectSettings()
    settings.set(name, Bad)
    message = f"Invalid value '{Bad.__module__}.Bad' received for setting '{name}'. It {REFUSED[name]}."
    with pytest.raises(project.ValidationError, match=f"^{re.escape(message)}$"):
        getattr(settings, name)


@pytest.fixture
def settings_of(shop: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(shop / "src"))

    def configure(text: str) -> Any:
        for name in [name for name in sys.modules if name.partition(".")[0] == FAKE]:
            del sys.modules[name]
        importlib.invalidate_caches()
        file = shop / "src" / FAKE / "settings.py"
        file.write_text(text)
        # Two versions of one size in one second would be the same to the import system.
        os.utime(file, (0, len(list(shop.parent.iterdir())) + hash(text) % 10**6))
        project.configure_project(FAKE, preserve_logging=True)
        return project.settings

    return configure


def test_the_capital_names_of_the_module_are_settings_in_any_case(settings_of: Any) -> None:
    settings = settings_of("MY_OWN = 3\n_PRIVATE = 4\nlower = 5\nfrom pathlib import Path\nCONF_SOURCE = Path('c')\n")
    assert (settings.MY_OWN, settings.my_own, settings._PRIVATE, settings.get("MY_OWN")) == (3, 3, 4, 3)
    assert Path("c") == settings.CONF_SOURCE
    assert "MY_OWN" in settings
    assert "lower" not in settings
    assert settings.get("NOT_THERE", "default") == "default"
    assert settings.as_dict()["MY_OWN"] == 3
    with pytest.raises(AttributeError):
        _ = settings.NOT_THERE


@pytest.mark.parametrize("text", ["import nonexistent_thing", "import os; os.nonexistent_thing"])
def test_settings_that_cannot_be_imported_leave_defaults_until_they_are_validated(settings_of: Any, text: str) -> None:
    assert settings_of(text).CONF_SOURCE == "conf"
    with pytest.raises((ModuleNotFoundError, AttributeError), match="nonexistent_thing"):
        project.validate_settings()


@pytest.mark.parametrize(("text", "error"), [("1/0", ZeroDivisionError), ("def", SyntaxError)])
def test_other_errors_of_the_settings_come_out_at_once(settings_of: Any, text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        settings_of(text)


def test_a_refused_configuration_leaves_the_one_before(settings_of: Any) -> None:
    settings_of("CONF_SOURCE = 'first'")
    with pytest.raises(project.ValidationError):
        settings_of("CONF_SOURCE = 'second'\nclass Bad: pass\nCONTEXT_CLASS = Bad\n")
    assert project.settings.CONF_SOURCE == "first"


def test_a_settings_file_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("CONF_SOURCE = 'from_file'\n")
    assert project._ProjectSettings(settings_file=str(tmp_path / "x.py")).CONF_SOURCE == "from_file"


def test_no_settings_module_is_a_warning(settings_of: Any, shop: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings_of("")
    (shop / "src" / FAKE / "settings.py").unlink()
    sys.modules.pop(f"{FAKE}.settings", None)
    importlib.invalidate_caches()
    project.validate_settings()
    assert "No 'settings.py' found, defaults will be used." in caplog.text


def test_without_a_project_there_is_nothing_to_validate_or_find() -> None:
    with pytest.raises(ValueError, match="Package name not found"):
        project.validate_settings()
    with pytest.raises(RuntimeError, match="cannot be called before the project is configured"):
        project.find_pipelines()


# --- The registered pipelines -------------------------------------------------------------------------------------


def test_pipelines_are_empty_and_lazy_until_configured() -> None:
    pipelines = project._ProjectPipelines()
    assert pipelines == {}
    pipelines.configure("this_is_not_a_real_thing")
    with pytest.raises(ModuleNotFoundError, match="No module named 'this_is_not_a_real_thing'"):
        len(pipelines)


@pytest.mark.parametrize("where", ["class", "instance"])
def test_the_registry_is_called_through_a_replaceable_method(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pipelines = project._ProjectPipelines()
    content = {"a": Pipeline([])}
    found = MagicMock(return_value=lambda: content)
    target = project._ProjectPipelines if where == "class" else pipelines
    monkeypatch.setattr(target, "_get_pipelines_registry_callable", found)
    pipelines.configure("some.module")
    found.assert_not_called()
    assert pipelines["a"] is content["a"]
    found.assert_called_once_with("some.module")
    assert pipelines._content is content
    assert pipelines._is_data_loaded
    pipelines["b"] = Pipeline([])
    assert set(pipelines) == {"a", "b"}


READS = ["len(p)", "list(p)", "p.keys()", "p.values()", "p.items()", "p.get('x')", "repr(p)", "str(p)", "p == {}"]


@pytest.mark.parametrize("expression", READS)
def test_any_read_loads_the_registry_once(expression: str, monkeypatch: pytest.MonkeyPatch) -> None:
    p = project._ProjectPipelines()
    register = MagicMock(return_value={})
    monkeypatch.setattr(p, "_get_pipelines_registry_callable", lambda _: register)
    p.configure("m")
    register.assert_not_called()
    eval(expression, {"p": p})
    eval(expression, {"p": p})
    register.assert_called_once_with()


def test_only_another_set_of_requested_names_drops_what_was_loaded() -> None:
    p = project._ProjectPipelines()
    p._is_data_loaded, p._content = True, {"a": Pipeline([])}
    p.set_requested([])
    assert p._is_data_loaded
    p.set_requested(["a", "b"])
    assert not p._is_data_loaded
    p._is_data_loaded = True
    p.set_requested(["b", "a"])
    assert p._is_data_loaded
    assert p._requested_pipelines == ["b", "a"]
    p.set_requested(None)
    assert (p._is_data_loaded, p._requested_pipelines) == (False, None)


def test_twenty_readers_at_once_call_the_registry_once(monkeypatch: pytest.MonkeyPatch) -> None:
    p = project._ProjectPipelines()
    register = MagicMock(return_value={"a": Pipeline([])})
    monkeypatch.setattr(p, "_get_pipelines_registry_callable", lambda _: register)
    p.configure("m")
    gate = threading.Barrier(20)
    seen: list[list[str]] = []

    def read() -> None:
        gate.wait(30)
        seen.append(list(p))

    threads = [threading.Thread(target=read) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert seen == [["a"]] * 20
    register.assert_called_once_with()


REGISTRIES = [("x = 1", AttributeError), ("def register_pipelines(): return None", TypeError)]


@pytest.mark.parametrize(("text", "error"), REGISTRIES)
def test_a_wrong_registry_fails_when_it_is_read(shop: Path, text: str, error: type[Exception]) -> None:
    (shop / "src" / FAKE / "pipeline_registry.py").write_text(text)
    startup.bootstrap_project(shop)
    with pytest.raises(error):
        project.pipelines.get("data")


def test_configuring_no_project_is_legal(started: Path) -> None:
    project.configure_project(None)
    assert project.PACKAGE_NAME is None
    assert dict(project.pipelines) == {}


MODULES = {
    "broken": ("import nonexistent_thing", "An error occurred while importing the '{}' module.", ImportError),
    "empty": ("", "The '{}' module does not expose a 'create_pipeline' function", KeyError),
    "other": (
        "def create_pipeline(): return {}",
        "Expected the 'create_pipeline' function in the '{}' module",
        KeyError,
    ),
}


@pytest.fixture(params=MODULES)
def wrong_module(shop: Path, request: pytest.FixtureRequest) -> tuple[str, str, type[Exception]]:
    name = request.param
    text, message, error = MODULES[name]
    folder = shop / "src" / FAKE / "pipelines" / name
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("")
    (folder / "__init__.py").write_text(text)
    startup.bootstrap_project(shop)
    return name, re.escape(message.format(f"{FAKE}.pipelines.{name}")), error


def test_a_pipeline_module_that_is_wrong_is_left_out_with_a_warning(wrong_module: Any) -> None:
    _, message, _ = wrong_module
    with pytest.warns(UserWarning, match=message):
        assert list(project.find_pipelines()) == ["__default__"]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_pipeline_module_that_is_wrong_raises_if_asked_to(wrong_module: Any) -> None:
    name, message, error = wrong_module
    with pytest.raises(error, match=message if error is ImportError else f"Pipeline '{name}' not found"):
        project.find_pipelines(raise_errors=True)


def test_only_some_pipelines_can_be_looked_for(shop: Path) -> None:
    for name in ("one", "two"):
        folder = shop / "src" / FAKE / "pipelines" / name
        folder.mkdir(parents=True)
        text = f"from {PACKAGE}.pipeline import Pipeline\ndef create_pipeline(): return Pipeline([])\n"
        (folder / "__init__.py").write_text(text)
    (shop / "src" / FAKE / "pipelines" / "__init__.py").write_text("")
    startup.bootstrap_project(shop)
    assert list(project.find_pipelines(pipelines_to_find=["one"])) == ["one"]
    assert list(project.find_pipelines(pipelines_to_find=["__default__"])) == ["__default__", "one", "two"]
    with pytest.warns(UserWarning, match=f"An error occurred while importing the '{FAKE}.pipelines.three' module."):
        project.find_pipelines(pipelines_to_find=["three"])
    project.pipelines.set_requested(["two"])
    assert list(project.find_pipelines(pipelines_to_find=["one"])) == ["two"]


def test_pipelines_that_cannot_be_there_are_named(started: Path) -> None:
    with pytest.warns(UserWarning, match=r"Pipeline\(s\) not found: a, b"):
        assert project.find_pipelines(pipelines_to_find=["b", "a"]) == {}
    with pytest.raises(KeyError, match=r"Pipeline\(s\) not found: a"):
        project.find_pipelines(raise_errors=True, pipelines_to_find=["a"])


# --- The package itself -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [[], ["default"]], ids=["by default", "with -W"])
def test_an_untested_python_is_warned_of_and_refused_as_kedro(
    options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    package = importlib.import_module(PACKAGE)
    # Running the module again makes its classes anew.
    monkeypatch.setattr(package, "KedroDeprecationWarning", package.KedroDeprecationWarning)
    monkeypatch.setattr(package, "KedroPythonVersionWarning", package.KedroPythonVersionWarning)
    monkeypatch.setattr(package.sys, "version_info", (3, 15))
    monkeypatch.setattr(package.sys, "warnoptions", options)
    is_refused = PACKAGE == "kedro" and not options
    context = pytest.raises if is_refused else pytest.warns
    with warnings.catch_warnings(), context(UserWarning, match="is not yet fully compatible with this Python version"):
        package.__loader__.exec_module(package)
    assert package.KedroPythonVersionWarning.__mro__[1] is UserWarning
    assert package.KedroDeprecationWarning.__mro__[1] is DeprecationWarning


# Where suites for Kedro and its plugins put something else in place of what is there.
REPLACED = """
framework.cli.cli.bootstrap_project framework.cli.cli.importlib.import_module framework.cli.cli.is_kedro_project
framework.context.KedroContext framework.context.context._transcode_split framework.context.context.settings
framework.context.context._validate_transcoded_datasets framework.hooks.manager._register_hooks_entry_points
framework.project.LOGGING.configure framework.project.LOGGING.set_project_logging framework.project.PACKAGE_NAME
framework.project._ProjectPipelines._get_pipelines_registry_callable framework.project.pipelines._content
framework.project.pipelines._is_data_loaded framework.project.settings framework.session.KedroSession.create
framework.session.KedroSession.store framework.session.service_session._create_hook_manager
framework.session.service_session.generate_timestamp framework.session.service_session.get_close_matches
framework.session.service_session.pipelines framework.session.service_session.settings
framework.session.service_session.validate_settings framework.session.session._create_hook_manager
framework.session.session._register_hooks_entry_points framework.session.session.generate_timestamp
framework.session.session.get_close_matches framework.session.session.getpass.getuser
framework.session.session.pipelines framework.session.session.settings framework.session.session.validate_settings
io.core.AbstractDataset.from_config io.core.generate_timestamp io.core.get_filepath_str
io.data_catalog.AbstractDataset ipython.Path.read_text ipython.RICH_INSTALLED ipython._create_cell_with_text
ipython._guess_run_environment ipython._load_node ipython._print_cells ipython.ast.get_source_segment
ipython.bootstrap_project ipython.configure_project ipython.find_kedro_project ipython.inspect.getsourcefile
ipython.load_entry_points ipython.load_ipython_extension ipython.reload_kedro logging._format_rich
runner.task.settings sys.version_info sys.warnoptions validation.type_extractor.get_type_hints
validation.utils.pydantic
"""


def test_every_place_that_suites_replace_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for path in REPLACED.split():
        with monkeypatch.context() as patch:
            patch.setattr(f"{PACKAGE}.{path}", MagicMock())
