"""The project's settings: the capital names of ``<package>.settings``, with defaults for the rest."""

import importlib
import importlib.util
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ._validators import (
    UNSET,
    DefaultClass,
    Validator,
    _get_default_class,
    _HasSharedParentClassValidator,
    _ImplementsCatalogProtocolValidator,
    _IsSubclassValidator,
)
from ._values import boxed, plain

# The logger of the package: this module's own name is no part of the contract.
logger = logging.getLogger(__package__)


class LazySettings:
    """Named values with declared defaults.

    Values come from a module or file of Python; only names in capitals count. Undeclared names are kept and
    readable too. A value is checked when it is first read, and all values given by a project when they are read in.
    """

    current_env = "main"

    def __init__(self, settings_file: str | Path | None = None) -> None:
        self._values: dict[str, Any] = {}
        self._overrides: dict[str, Any] = {}
        self._defaults: dict[str, Any] = {}
        self._checked: set[str] = set()
        self._validators: dict[str, Any] = {}
        for validator in self._declared():
            for name in validator.names:
                # A subclass's come first, and may be declared under another attribute.
                self._validators.setdefault(name, validator)
        if settings_file is not None:
            self._values = _names_of(_execute(Path(settings_file)))

    def _declared(self) -> Iterator[Any]:
        """Yield the validators among the class's attributes, a subclass's in place of its parents'."""
        seen: set[str] = set()
        for owner in type(self).__mro__:
            for attribute, value in vars(owner).items():
                # By shape, not by class: dynaconf's own validators are welcome.
                if attribute not in seen and hasattr(value, "names") and hasattr(value, "validate"):
                    seen.add(attribute)
                    yield value

    def configure(self, settings_module: str | None = None) -> None:
        """Read the settings of a module and check them all; without a module, go back to the defaults.

        A module that is missing or cannot be imported leaves the defaults. `validate_settings` tells why.

        Raises:
            ValidationError: a value is not what it must be; the settings stay as they were.
        """
        before = self._values, self._overrides, self._defaults, self._checked
        self._overrides = {}
        self._values = _read(settings_module) if settings_module else {}
        self._defaults = {}
        self._checked = set()
        try:
            for name in self._values:
                self._check(name)
        except BaseException:
            self._values, self._overrides, self._defaults, self._checked = before
            raise

    def __getattr__(self, name: str) -> Any:
        key = name.upper()
        if name.startswith("__") or not self._is_known(key):
            raise AttributeError(f"There is no setting {name!r}.")
        if self._value(key) is UNSET:
            raise AttributeError(f"The setting {key!r} has no default: define it in the project's settings.py.")
        self._check(key)
        # Read after the check, which may have cast it.
        return self._value(key)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            super().__setattr__(name, value)
        else:
            self.set(name, value)

    def __delattr__(self, name: str) -> None:
        if name.startswith("_"):
            super().__delattr__(name)
        elif self._overrides.pop(name.upper(), UNSET) is UNSET:
            raise AttributeError(f"The setting {name!r} was not set by the program.")

    def __contains__(self, name: object) -> bool:
        key = str(name).upper()
        return self._is_known(key) and self._value(key) is not UNSET

    exists = __contains__

    def __getitem__(self, name: str) -> Any:
        try:
            return getattr(self, name)
        except AttributeError as error:
            raise KeyError(name) from error

    def __setitem__(self, name: str, value: Any) -> None:
        self.set(name, value)

    def get(self, name: str, default: Any = None, *_: Any, **__: Any) -> Any:
        """Return a setting, or the default where there is none of that name."""
        return getattr(self, name) if name in self else default

    def set(self, name: str, value: Any, *_: Any, **__: Any) -> None:
        """Give a setting a value, until the next `configure`."""
        self._overrides[name.upper()] = boxed(value)
        self._checked.discard(name.upper())

    def setdefault(self, name: str, default: Any, *_: Any, **__: Any) -> Any:
        """Return a setting after giving it a value if it had none."""
        if name not in self:
            self.set(name, default)
        return self.get(name)

    def as_dict(self, *_: Any, **__: Any) -> dict[str, Any]:
        """Return all settings, defaults included, in plain containers."""
        names = dict.fromkeys((*self._validators, *self._values, *self._overrides))
        return {name: plain(self._value(name)) for name in names if self._value(name) is not UNSET}

    def _is_known(self, key: str) -> bool:
        return key in self._overrides or key in self._values or key in self._validators

    def _value(self, key: str) -> Any:
        for layer in (self._overrides, self._values, self._defaults):
            if key in layer:
                return layer[key]
        return self._default(key)

    def _default(self, key: str) -> Any:
        validator = self._validators[key]
        default = validator.default
        if isinstance(default, DefaultClass):
            return default()
        if not _has_default(default):
            return UNSET
        self._defaults[key] = boxed(default(self, validator) if callable(default) else default)
        return self._defaults[key]

    def _check(self, key: str) -> None:
        validator = self._validators.get(key)
        if validator is None or key in self._checked:
            return
        # Marked first: the validator reads the setting in its turn.
        self._checked.add(key)
        given = next((layer for layer in (self._overrides, self._values) if key in layer), None)
        if given is None and isinstance(validator.default, DefaultClass):
            # Our own default needs no check, and checking would import its parents.
            return
        try:
            # Foreign validators cast for themselves.
            if given is not None and isinstance(validator, Validator) and validator.cast:
                given[key] = validator.cast(given[key])
            validator.validate(self)
        except BaseException:
            self._checked.discard(key)
            raise


def _has_default(default: Any) -> bool:
    # dynaconf marks the absence of a default by an object of a class named so.
    return default is not UNSET and type(default).__name__ != "Empty"


def _read(settings_module: str) -> dict[str, Any]:
    try:
        module = importlib.import_module(settings_module)
    except (ImportError, AttributeError) as error:
        if not (isinstance(error, ModuleNotFoundError) and _is_prefix(error.name, settings_module)):
            # Imported here: it is needed when settings are broken.
            from .._blame import project_line

            where = project_line(error, _folder_of(settings_module)) or settings_module
            logger.warning("The settings could not be read, defaults are used: %s (%s)", error, where)
        return {}
    return _names_of(vars(module))


def _is_prefix(missing: str | None, module: str) -> bool:
    return missing is not None and (module == missing or module.startswith(f"{missing}."))


def _folder_of(module: str) -> str:
    spec = importlib.util.find_spec(module.partition(".")[0])
    locations = (spec and spec.submodule_search_locations) or ["<unknown>"]
    return str(next(iter(locations)))


def _execute(path: Path) -> dict[str, Any]:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(f"The settings file '{path}' is not a file of Python.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return vars(module)


def _names_of(namespace: dict[str, Any]) -> dict[str, Any]:
    return {name: boxed(value) for name, value in namespace.items() if name.isupper()}


class _ProjectSettings(LazySettings):
    """The settings that the framework knows. A subclass changes one by redefining its attribute."""

    _CONF_SOURCE = Validator("CONF_SOURCE", default="conf")
    _HOOKS = Validator("HOOKS", default=())
    _DISABLE_HOOKS_FOR_PLUGINS = Validator("DISABLE_HOOKS_FOR_PLUGINS", default=())
    _CONTEXT_CLASS = _IsSubclassValidator(
        "CONTEXT_CLASS", default=_get_default_class("kedro.framework.context.KedroContext")
    )
    _SESSION_CLASS = _HasSharedParentClassValidator(
        "SESSION_CLASS", default=_get_default_class("kedro.framework.session.KedroSession")
    )
    _SESSION_STORE_CLASS = _IsSubclassValidator(
        "SESSION_STORE_CLASS", default=_get_default_class("kedro.framework.session.store.BaseSessionStore")
    )
    _SESSION_STORE_ARGS = Validator("SESSION_STORE_ARGS", default={})
    _SESSION_REENTRANT = Validator("SESSION_REENTRANT", default=False)
    _CONFIG_LOADER_CLASS = _HasSharedParentClassValidator(
        "CONFIG_LOADER_CLASS", default=_get_default_class("kedro.config.OmegaConfigLoader")
    )
    _CONFIG_LOADER_ARGS = Validator("CONFIG_LOADER_ARGS", default={"base_env": "base", "default_run_env": "local"})
    _DATA_CATALOG_CLASS = _ImplementsCatalogProtocolValidator(
        "DATA_CATALOG_CLASS", default=_get_default_class("kedro.io.DataCatalog")
    )
    _DATASET_VALIDATION = Validator("DATASET_VALIDATION", default=True)
    # Two names of one setting: releases 1.5 and 1.6 of the contract.
    _RUNNER_MODULES_WHITELIST = Validator("RUNNER_MODULES_WHITELIST", default=())
    _RUNNER_MODULE_ALLOWLIST = Validator(
        "RUNNER_MODULE_ALLOWLIST", default=lambda settings, _: settings.RUNNER_MODULES_WHITELIST
    )
