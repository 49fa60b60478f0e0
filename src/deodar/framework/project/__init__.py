"""The project that this process works for: its settings, its pipelines, its logging.

Importing this touches nothing; `configure_project` says which project it is.
"""

import importlib
import importlib.util
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..._lent_name import lend_name
from ._logging import _ProjectLogging
from ._logging_rules import _DEFAULT_LOGGING_MODULE_ALLOWLIST, _LOGGING_BASE_CLASSES
from ._registry import _load_data_wrapper, _ProjectPipelines
from ._settings import LazySettings, _ProjectSettings
from ._validators import (
    ValidationError,
    Validator,
    _get_default_class,
    _HasSharedParentClassValidator,
    _ImplementsCatalogProtocolValidator,
    _IsSubclassValidator,
)

if TYPE_CHECKING:
    from ...pipeline.pipeline import Pipeline, pipeline
    from ._discovery import IMPORT_ERROR_MESSAGE, _create_pipeline

__all__ = [
    "IMPORT_ERROR_MESSAGE",
    "LOGGING",
    "PACKAGE_NAME",
    "LazySettings",
    "Pipeline",
    "ValidationError",
    "Validator",
    "_DEFAULT_LOGGING_MODULE_ALLOWLIST",
    "_HasSharedParentClassValidator",
    "_ImplementsCatalogProtocolValidator",
    "_IsSubclassValidator",
    "_LOGGING_BASE_CLASSES",
    "_ProjectLogging",
    "_ProjectPipelines",
    "_ProjectSettings",
    "_create_pipeline",
    "_get_default_class",
    "_load_data_wrapper",
    "configure_logging",
    "configure_project",
    "find_pipelines",
    "pipeline",
    "pipelines",
    "settings",
    "validate_settings",
]

logger = logging.getLogger(__name__)

# The state of the process. It lives in this very module because programs and tests read and replace it here.
PACKAGE_NAME: str | None = None
LOGGING = _ProjectLogging.deferred()
settings = _ProjectSettings()
pipelines = _ProjectPipelines()


def __getattr__(name: str) -> Any:
    # Looked up on demand, so that a program that only configures a project loads neither pipelines nor the catalog.
    if name in ("Pipeline", "pipeline"):
        from ...pipeline.pipeline import Pipeline, pipeline

        return Pipeline if name == "Pipeline" else pipeline
    if name in ("IMPORT_ERROR_MESSAGE", "_create_pipeline"):
        from . import _discovery

        return getattr(_discovery, name)
    if name == "CatalogProtocol":
        from ...io.core import CatalogProtocol

        return CatalogProtocol
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def configure_project(package_name: str | None, preserve_logging: bool = False) -> None:
    """Make this process work for a project, whose package must be importable.

    Args:
        package_name: the project's package; None goes back to no project.
        preserve_logging: leave the logging of this process as it is.

    Raises:
        ValidationError: a setting is not what it must be.
    """
    global PACKAGE_NAME
    lend_name()
    settings.configure(package_name and f"{package_name}.settings")
    pipelines.configure(package_name and f"{package_name}.pipeline_registry")
    PACKAGE_NAME = package_name
    if package_name:
        LOGGING.set_project_logging(package_name, preserve_logging)


def configure_logging(logging_config: Mapping[str, Any]) -> None:
    """Apply a logging configuration, as ``logging.config.dictConfig`` would, and remember it."""
    LOGGING.configure(logging_config)


def validate_settings() -> None:
    """Import the settings, so that what is wrong with them comes out.

    Raises:
        ValueError: no project has been configured.
    """
    if PACKAGE_NAME is None:
        raise ValueError(
            "Package name not found. Make sure you have configured the project using 'bootstrap_project'. "
            "This should happen automatically if you are using the command line interface."
        )
    name = f"{PACKAGE_NAME}.settings"
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError as error:
        if error.name == PACKAGE_NAME.partition(".")[0]:
            # Imported here: it is needed when something is wrong.
            from ..._notes import add_note

            add_note(error, "It is the project's package: see 'package_name' and 'source_dir' in pyproject.toml.")
        raise
    if spec is None:
        logger.warning("No 'settings.py' found, defaults will be used.")
        return
    try:
        importlib.import_module(name)
    except Exception as error:
        # Imported here: they are needed when settings are broken.
        from ..._notes import add_note
        from .._blame import project_line

        if where := project_line(error, str(Path(spec.origin or name).parent)):
            add_note(error, f"Raised at {where}, while the settings of the project were being read.")
        raise


def find_pipelines(raise_errors: bool = False, pipelines_to_find: Iterable[str] | None = None) -> "dict[str, Pipeline]":
    """Return the pipelines that the packages below ``<package>.pipelines`` create, by the packages' names.

    The pipeline of a project that has a single ``pipeline.py`` comes as ``__default__``.

    Args:
        raise_errors: raise instead of warn.
        pipelines_to_find: the only pipelines to import; what the coming run asks for goes before.

    Raises:
        RuntimeError: no project has been configured.
        ImportError: with ``raise_errors``, a module cannot be imported.
        KeyError: with ``raise_errors``, a module creates no pipeline.
    """
    if PACKAGE_NAME is None:
        raise RuntimeError(
            "'find_pipelines' looks for pipelines in the project's package, so it cannot be called before the "
            "project is configured. Call 'bootstrap_project' or 'configure_project' first."
        )
    # Imported here: a registry asks for it, which has imported pipelines.
    from ._discovery import discover

    requested = pipelines._requested_pipelines
    return discover(PACKAGE_NAME, requested, pipelines_to_find, raise_errors)
