"""The context: a project as its code and its hooks see it."""

import logging
import warnings
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ...pipeline.transcoding import _transcode_split
from .. import project
from ._paths import _convert_paths_to_absolute_posix, _expand_full_path, _is_relative_path
from .catalog_mixins import CatalogCommandsMixin, catalog_with_commands, compose_classes

if TYPE_CHECKING:
    from pluggy import PluginManager

    from ...config import AbstractConfigLoader
    from ...io import CatalogProtocol

__all__ = [
    "CatalogCommandsMixin",
    "KedroContext",
    "KedroContextError",
    "_convert_paths_to_absolute_posix",
    "_expand_full_path",
    "_is_relative_path",
    "_validate_transcoded_datasets",
    "compose_classes",
]

_NAME = __name__.partition(".")[0].capitalize()

# Read from the project's module wherever they are used; these names are for programs that replace them here.
settings = project.settings


class KedroContextError(Exception):
    """Kept for programs that catch it."""


class _Field(NamedTuple):
    """A field of the context, described as attrs describes one."""

    name: str
    type: str


class KedroContext:
    """Gives access to a project's configuration, parameters and catalog.

    Args:
        project_path: the project's folder.
        config_loader: reads the configuration.
        env: the environment that was asked for, if any.
        package_name: the project's package.
        hook_manager: calls the hooks.
        runtime_params: parameters given for this run.
        pipelines_to_validate: names of the pipelines that parameters are validated for; None means all.
        validated_params_cache: parameters that were validated before.
        cached_validation_scope: the names that the cached parameters were validated for.
    """

    __attrs_attrs__ = (
        _Field("project_path", "Path"),
        _Field("config_loader", "AbstractConfigLoader"),
        _Field("env", "str | None"),
        _Field("_package_name", "str"),
        _Field("_hook_manager", "PluginManager"),
        _Field("_runtime_params", "dict[str, Any] | None"),
        _Field("_pipelines_to_validate", "list[str] | None"),
        _Field("_validated_params_cache", "dict[str, Any] | None"),
        _Field("_cached_validation_scope", "list[str] | None"),
    )

    def __init__(  # noqa: PLR0913 - the arguments are the contract's
        self,
        project_path: Path | str,
        config_loader: "AbstractConfigLoader",
        env: str | None,
        package_name: str,
        hook_manager: "PluginManager",
        runtime_params: dict[str, Any] | None = None,
        pipelines_to_validate: list[str] | None = None,
        validated_params_cache: dict[str, Any] | None = None,
        cached_validation_scope: list[str] | None = None,
    ) -> None:
        self.project_path = project_path
        self.config_loader = config_loader
        self.env = env
        self._package_name = package_name
        self._hook_manager = hook_manager
        self._runtime_params = deepcopy(runtime_params)
        self._pipelines_to_validate = pipelines_to_validate
        self._validated_params_cache = validated_params_cache
        self._cached_validation_scope = cached_validation_scope

    @property
    def project_path(self) -> Path:
        """The project's folder, absolute."""
        return self._project_path

    @project_path.setter
    def project_path(self, value: Path | str) -> None:
        self._project_path = _expand_full_path(value)

    def _values(self) -> tuple[Any, ...]:
        return tuple(getattr(self, field.name) for field in self.__attrs_attrs__)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._values() == other._values()

    # Fields may be assigned.
    __hash__ = None  # type: ignore[assignment]  # how Python says that something has no hash

    def __repr__(self) -> str:
        pairs = zip(self.__attrs_attrs__, self._values(), strict=True)
        return f"{type(self).__qualname__}({', '.join(f'{field.name}={value!r}' for field, value in pairs)})"

    @property
    def params(self) -> dict[str, Any]:
        """The project's parameters, with those given for this run, in the types that nodes ask for."""
        return self._get_validated_params()

    def _get_validated_params(self) -> dict[str, Any]:
        scope = self._pipelines_to_validate
        if self._validated_params_cache is None or scope != self._cached_validation_scope:
            self._validated_params_cache = self._validated(self._read_params())
            self._cached_validation_scope = None if scope is None else list(scope)
        return self._validated_params_cache

    def _read_params(self) -> dict[str, Any]:
        # Imported here: the context alone needs no configuration to be read.
        from ...config.abstract_config import MissingConfigException

        try:
            parameters: dict[str, Any] = self.config_loader["parameters"]
        except MissingConfigException as error:
            warnings.warn(f"Parameters not found in your {_NAME} project config.\n{error}", stacklevel=2)
            parameters = self._runtime_params or {}
        return parameters

    def _validated(self, parameters: dict[str, Any]) -> dict[str, Any]:
        # Imported here: it looks at the annotations of nodes, so it is of no use before parameters are read.
        from ...validation.parameter_validator import ParameterValidator

        try:
            pipelines = self._pipelines_in_scope()
        except ImportError as error:
            logging.getLogger(__name__).warning("Could not import pipelines, skipping parameter validation: %s", error)
            return parameters
        validated: dict[str, Any] = ParameterValidator(pipelines).validate_raw_params(parameters)
        return validated

    def _pipelines_in_scope(self) -> dict[str, Any]:
        if self._pipelines_to_validate is None:
            return dict(project.pipelines.items())
        return {name: project.pipelines[name] for name in self._pipelines_to_validate}

    @property
    def catalog(self) -> "CatalogProtocol[Any, Any]":
        """A new data catalog, as configured; hooks are told of each."""
        return self._get_catalog()

    def _get_catalog(
        self,
        catalog_class: type | None = None,
        save_version: str | None = None,
        load_versions: dict[str, str] | None = None,
    ) -> "CatalogProtocol[Any, Any]":
        """Build a catalog.

        Args:
            catalog_class: by default the data catalog with the methods of `CatalogCommandsMixin`.
            save_version: the version to save versioned datasets under.
            load_versions: the versions to load datasets from.
        """
        # Imported here: the context alone needs no catalog.
        from ...io.data_catalog import DataCatalog

        # A copy would lose the hooks' right to see what was really used: paths are made absolute in place.
        conf_catalog = _convert_paths_to_absolute_posix(self.project_path, self.config_loader["catalog"])
        conf_creds = self._get_config_credentials()
        plain = catalog_class is None or catalog_class is DataCatalog
        made_by: Any = catalog_with_commands() if plain else catalog_class
        catalog = made_by.from_config(
            catalog=conf_catalog, credentials=conf_creds, load_versions=load_versions, save_version=save_version
        )
        parameters = self._get_parameters()
        for name, value in parameters.items():
            catalog[name] = value
        self._configure_dataset_validation(catalog, conf_catalog)
        _validate_transcoded_datasets(catalog)
        self._hook_manager.hook.after_catalog_created(
            catalog=catalog,
            conf_catalog=conf_catalog,
            conf_creds=conf_creds,
            parameters=parameters,
            save_version=save_version,
            load_versions=load_versions,
        )
        return catalog  # type: ignore[no-any-return]  # what a class of the user's choice builds

    def _get_config_credentials(self) -> dict[str, Any]:
        # Imported here: the context alone needs no configuration to be read.
        from ...config.abstract_config import MissingConfigException

        try:
            credentials: dict[str, Any] = self.config_loader["credentials"]
        except MissingConfigException as error:
            logging.getLogger(__name__).debug("Credentials not found in your %s project config.\n %s", _NAME, error)
            credentials = {}
        return credentials

    def _get_parameters(self) -> dict[str, Any]:
        """Return the parameters as datasets: all of them, and each one by its path."""
        parameters = self.params
        return {"parameters": parameters, **dict(_parameter_datasets("params:", parameters))}

    def _configure_dataset_validation(self, catalog: Any, conf_catalog: dict[str, Any]) -> None:
        logger = logging.getLogger(__name__)
        if hasattr(catalog, "validation_enabled"):
            catalog.validation_enabled = bool(project.settings.DATASET_VALIDATION)
            if specs := getattr(catalog, "validator_specs", None):
                # Imported here: few catalogs declare validators.
                from ...io._validation_resolution import preflight_check

                for warning in preflight_check(specs):
                    logger.warning("%s", warning)
            return
        declared = [name for name, config in conf_catalog.items() if isinstance(config, dict) and "validator" in config]
        if declared:
            logger.warning(
                "Validators are declared for %s, but the catalog class '%s' does not support them. They are ignored.",
                ", ".join(f"'{name}'" for name in declared),
                type(catalog).__qualname__,
            )


def _parameter_datasets(prefix: str, values: Any) -> Iterator[tuple[str, Any]]:
    """Yield every parameter under its dotted path, those that hold others before what they hold."""
    for key, value in values.items() if isinstance(values, dict) else _fields_of(values):
        yield f"{prefix}{key}", value
        if isinstance(value, dict) or _fields_of(value):
            yield from _parameter_datasets(f"{prefix}{key}.", value)


def _fields_of(value: Any) -> list[tuple[str, Any]]:
    """Return names and values of the fields of a dataclass or pydantic model, or nothing."""
    if isinstance(value, type):
        return []
    if hasattr(type(value), "__dataclass_fields__"):
        # Imported here: where it is needed somebody has loaded it.
        from dataclasses import fields

        names = [field.name for field in fields(value)]
    else:
        # By shape: importing pydantic to find out that it is not used would be dear.
        names = list(getattr(type(value), "model_fields", ()))
    return [(name, getattr(value, name)) for name in names]


def _validate_transcoded_datasets(catalog: "CatalogProtocol[Any, Any]") -> None:
    """Check that no dataset's name has more than one transcoding separator.

    Raises:
        ValueError: one has.
    """
    for name in catalog.keys():  # noqa: SIM118 - a catalog's own iterator is not part of its protocol
        _transcode_split(name)
