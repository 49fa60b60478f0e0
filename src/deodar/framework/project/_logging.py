"""The logging configuration in force, and where it is read from."""

import logging
from collections import UserDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ... import _environment
from ..._terminal_log import TerminalHandler
from ...utils import find_config_file
from ._logging_built_in import apply_built_in
from ._logging_rules import check_class, forbid_factories, prepared, resolve_class, translated

_TOP = __name__.partition(".")[0]
_VARIABLE = f"{_TOP.upper()}_LOGGING_CONFIG"

# The logger of the package: this module's own name is no part of the contract.
logger = logging.getLogger(__package__)

_RICH_LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"rich": {"class": f"{_TOP}.logging.RichHandler", "rich_tracebacks": True}},
    "loggers": {_TOP: {"level": "INFO"}},
    "root": {"handlers": ["rich"]},
}

_PLAIN_LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"simple": {"format": "%(asctime)s - %(name)s - %(levelname)s - %(message)s"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "level": "INFO",
            "formatter": "simple",
            "stream": "ext://sys.stdout",
        },
        "info_file_handler": {
            "class": "logging.handlers.RotatingFileHandler",
            "level": "INFO",
            "formatter": "simple",
            "filename": "info.log",
            "maxBytes": 10485760,
            "backupCount": 20,
            "encoding": "utf8",
            "delay": True,
        },
    },
    "loggers": {_TOP: {"level": "INFO"}},
    "root": {"handlers": ["console"]},
}


class _ProjectLogging(UserDict[str, Any]):
    """The active configuration, as the mapping that ``logging.config.dictConfig`` takes.

    It is read and applied when the object is made; `deferred` puts that off until a project is configured or
    somebody looks.
    """

    # On the class, so that programs may check a configuration with an object that was never started.
    _package: str | None = None
    _logging_module_allowlist: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._start()
        self._load()

    @classmethod
    def deferred(cls) -> "_ProjectLogging":
        """Return one that has not touched anything yet."""
        self = cls.__new__(cls)
        self._start()
        return self

    def _start(self) -> None:
        self._data: dict[str, Any] | None = None
        self._project_path: Path | None = None
        self._package = None

    # UserDict keeps its content here; a property, so that the content can wait.
    @property
    def data(self) -> dict[str, Any]:
        """The configuration in force; it is applied now if it was not yet."""
        self.apply()
        assert self._data is not None
        return self._data

    @data.setter
    def data(self, value: dict[str, Any]) -> None:
        self._data = value

    @property
    def in_force(self) -> dict[str, Any] | None:
        """The configuration that was applied in this process, or None if logging was left alone."""
        return self._data

    def look_in(self, project_path: Path) -> None:
        """Read the configuration from this project, unless it was read already."""
        self._project_path = project_path

    def apply(self) -> None:
        """Read and apply the configuration, unless one is in force."""
        if self._data is None:
            self._load()

    def _load(self, package: str | None = None) -> None:
        config, path, is_of_project = self._read()
        try:
            self.adopt(config if package is None else _with_logger(config, package))
        except ValueError as error:
            if path is None:
                raise
            raise ValueError(f"{_whole_message(error)} It is in the logging configuration '{path}'.") from error
        if path is not None:
            advice = f" You can change this by setting the {_VARIABLE} environment variable accordingly."
            logger.info("Using '%s' as logging configuration.%s", path, advice if is_of_project else "")

    def _read(self) -> tuple[dict[str, Any], Path | None, bool]:
        """Return the configuration, its file, and whether that was found in a project."""
        if named := _environment.read("LOGGING_CONFIG"):
            if not Path(named).is_file():
                raise FileNotFoundError(
                    f"There is no logging configuration '{named}', which the environment variable {_VARIABLE} names."
                )
            return _read_yaml(Path(named)), Path(named), False
        for folder in dict.fromkeys((self._project_path or Path(), Path())):
            if path := find_config_file(str(folder / "conf" / "logging")):
                return _read_yaml(path), path, True
        # Imported here: the question comes once, and the answer loads nothing.
        from importlib.util import find_spec

        return (_RICH_LOGGING if find_spec("rich") else _PLAIN_LOGGING), None, False

    def configure(self, logging_config: Mapping[str, Any]) -> None:
        """Check a configuration, apply it, and keep it.

        Raises:
            ValueError: it names a class that it may not name or that does not exist, or is otherwise wrong.
        """
        self._apply(_checked(logging_config), self._prepare_logging_config)

    def adopt(self, logging_config: Mapping[str, Any]) -> None:
        """Do as `configure`, but without loading Rich for the built-in configuration before it has to write."""
        config = _checked(logging_config)
        if apply_built_in(config, _RICH_LOGGING):
            self._data = config
        else:
            self._apply(config, self._prepare_lazily)

    def _apply(self, config: dict[str, Any], prepare: Callable[[Mapping[str, Any]], dict[str, Any]]) -> None:
        # Imported here: it brings the modules of all handlers, and is needed by configurations of one's own.
        import logging.config

        logging.config.dictConfig(prepare(config))
        self._data = config

    def _prepare_logging_config(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return prepared(config, self._resolve_logging_class)

    def _prepare_lazily(self, config: Mapping[str, Any]) -> dict[str, Any]:
        handlers = dict(config.get("handlers") or {})
        if handlers.get("rich") != _RICH_LOGGING["handlers"]["rich"]:
            return self._prepare_logging_config(config)
        # The same to look at; but Rich is not loaded before there is something to write on a terminal.
        del handlers["rich"]
        ready = self._prepare_logging_config({**config, "handlers": handlers})
        ready["handlers"] = {**ready["handlers"], "rich": {"()": TerminalHandler, "rich_tracebacks": True}}
        return ready

    def _resolve_logging_class(self, class_path: str) -> Any:
        # The project's own code is trusted: it is about to be run.
        return resolve_class(class_path, [*([self._package] if self._package else []), *self._logging_module_allowlist])

    def _validate_logging_class(self, class_path: str) -> None:
        if "." in class_path:
            check_class(class_path, self._resolve_logging_class(class_path))

    def _validate_logging_config(self, config: Mapping[str, Any]) -> Mapping[str, Any]:
        self._prepare_logging_config(_checked(config))
        return config

    def set_project_logging(self, package_name: str, preserve_logging: bool = False) -> None:
        """Let the project's own loggers speak from INFO on, unless their level is configured already.

        Args:
            package_name: the project's package.
            preserve_logging: leave the logging of this process as it is.
        """
        self._package = package_name
        if preserve_logging:
            return
        if self._data is None:
            self._load(package_name)
        elif package_name not in self._data.get("loggers", {}):
            self.adopt(_with_logger(self._data, package_name))


def _checked(config: Mapping[str, Any]) -> dict[str, Any]:
    forbid_factories(config)
    return translated(config)


def _with_logger(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {**config, "loggers": {name: {"level": "INFO"}, **(config.get("loggers") or {})}}


def _whole_message(error: BaseException) -> str:
    """Return what an error says; of the standard library's, which say where, the reasons too."""
    said = str(error)
    while said.startswith("Unable to ") and error.__cause__ is not None:
        error = error.__cause__
        said += f": {error}"
    return f"{said.rstrip('.')}."


def _read_yaml(path: Path) -> dict[str, Any]:
    # Imported here: most projects have no file of their own, and this one is read in every process.
    import yaml

    try:
        with path.open(encoding="utf-8") as file:
            content = yaml.safe_load(file)
    except yaml.YAMLError as error:
        # It names the file, as that is what was read.
        raise ValueError(f"The logging configuration is no YAML: {error}") from error
    if not isinstance(content, dict):
        raise ValueError(f"The logging configuration '{path}' must be a mapping, got {type(content).__name__}.")
    return content
