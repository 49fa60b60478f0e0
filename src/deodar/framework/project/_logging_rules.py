"""What a logging configuration may say, and how the standard library is to be told."""

import importlib
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ... import _environment
from ...utils import _is_module_allowed

_TOP = __name__.partition(".")[0]
_NAMES = ("kedro", "deodar")

# Naming a class in a configuration imports its module, so not every module may be named.
_DEFAULT_LOGGING_MODULE_ALLOWLIST: tuple[str, ...] = ("logging", "kedro.logging", "deodar.logging")

_LOGGING_BASE_CLASSES: dict[str, type] = {
    "handlers": logging.Handler,
    "formatters": logging.Formatter,
    "filters": logging.Filter,
}


def translated(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy that means this package wherever it says ``kedro`` or ``deodar``.

    Classes are named by the running package; what is said of one name's loggers holds for the running one's too,
    unless the configuration speaks of these itself.
    """
    copy = {key: _copied(value) for key, value in config.items()}
    for section in _LOGGING_BASE_CLASSES:
        for item in _entries(copy, section):
            if isinstance(item.get("class"), str):
                item["class"] = _named(item["class"])
    loggers = copy.get("loggers")
    if isinstance(loggers, dict):
        for name, settings in list(loggers.items()):
            loggers.setdefault(_named(str(name)), settings)
    return copy


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value


def _named(name: str) -> str:
    top, dot, rest = name.partition(".")
    return f"{_TOP}{dot}{rest}" if top in _NAMES else name


def _entries(config: Mapping[str, Any], section: str) -> list[dict[str, Any]]:
    items = config.get(section)
    return [item for item in items.values() if isinstance(item, dict)] if isinstance(items, Mapping) else []


def forbid_factories(value: Any) -> None:
    """Refuse the key by which a logging configuration calls any function it likes.

    Raises:
        ValueError: the key ``()`` is somewhere in the configuration.
    """
    if isinstance(value, Mapping):
        if "()" in value:
            raise ValueError("The '()' key is not allowed in logging configuration: name a class with 'class' instead.")
        for item in value.values():
            forbid_factories(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            forbid_factories(item)


def resolve_class(class_path: str, allowed: Iterable[str]) -> Any:
    """Import the class that a logging configuration names.

    Args:
        class_path: a dotted path.
        allowed: modules that may be named besides the standard ones.

    Raises:
        ValueError: the module may not be named or cannot be imported, or has no such class.
    """
    module_path, _, name = class_path.rpartition(".")
    permitted = (*_DEFAULT_LOGGING_MODULE_ALLOWLIST, *allowed, *_allowed_by_environment())
    if not _is_module_allowed(module_path, permitted):
        raise ValueError(
            f"Module '{module_path}' specified as a logging class is not permitted. If you trust it, add it to the "
            f"environment variable {_TOP.upper()}_LOGGING_MODULE_ALLOWLIST (names separated by commas)."
        )
    try:
        module = importlib.import_module(module_path)
    except ImportError as error:
        raise ValueError(
            f"Cannot import module '{module_path}' of the logging class '{class_path}': {error}"
        ) from error
    try:
        return getattr(module, name)
    except AttributeError as error:
        raise ValueError(f"Logging class '{name}' not found in module '{module_path}'.") from error


def _allowed_by_environment() -> list[str]:
    names = _environment.read("LOGGING_MODULE_ALLOWLIST") or ""
    return [name.strip() for name in names.split(",") if name.strip()]


def check_class(class_path: str, resolved: Any) -> None:
    """Refuse a class that has nothing to do with logging.

    Raises:
        ValueError: it is no handler, formatter or filter.
    """
    if not isinstance(resolved, type) or not issubclass(resolved, tuple(_LOGGING_BASE_CLASSES.values())):
        raise ValueError(
            f"Invalid logging class '{class_path}'. Must be a subclass of logging.Handler, logging.Formatter or "
            "logging.Filter."
        )


def prepared(config: Mapping[str, Any], resolve: Callable[[str], Any]) -> dict[str, Any]:
    """Check every class a configuration names, and return the configuration in the standard library's terms.

    Args:
        config: the configuration.
        resolve: imports a class by its dotted path; called once for each.

    Raises:
        ValueError: a class may not be named, does not exist, or is of the wrong kind.
    """
    ready = {key: _copied(value) for key, value in config.items()}
    known: dict[str, Any] = {}
    for section, base in _LOGGING_BASE_CLASSES.items():
        for item in _entries(ready, section):
            path = item.get("class")
            # A bare name has no module to import; the standard library says what it thinks of it.
            if not isinstance(path, str) or "." not in path:
                continue
            if path not in known:
                known[path] = resolve(path)
                check_class(path, known[path])
            if section != "filters":
                continue
            if not issubclass(known[path], base):
                raise ValueError(f"Invalid logging class '{path}' for a filter. Must be a subclass of logging.Filter.")
            # dictConfig ignores "class" in filters; a factory is its only way to build one of another class.
            item["()"] = known[item.pop("class")]
    return ready
