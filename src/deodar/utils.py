"""Small functions that every part of the framework and its plugins may call.

The names are those of the contract and nothing else lives here. Importing it loads nothing heavy.
"""

import functools
import importlib
import logging
import os
import re
import sys
import types
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

HTTP_PROTOCOLS = ("http", "https")
CLOUD_PROTOCOLS = ("abfs", "abfss", "adl", "gcs", "gdrive", "gs", "oci", "oss", "s3", "s3a", "s3n")
PROTOCOL_DELIMITER = "://"

_PYPROJECT = "pyproject.toml"
_CONFIG_EXTENSIONS = (".yml", ".yaml")

# The tree loads under either name; a path written with the other one means this tree too.
_PACKAGE = __name__.partition(".")[0]
_PACKAGE_NAMES = ("kedro", "deodar")
_PROJECT_TABLES = tuple(f"[tool.{name}]" for name in _PACKAGE_NAMES)

# In these the part before "@" is the container, without which the path is meaningless.
_USERNAME_PROTOCOLS = ("abfss", "oci")

_WINDOWS_DRIVE = r"^[a-zA-Z]:[\\/]"
_PROTOCOL = r"^[a-zA-Z0-9]+://"
_WINDOWS_FILE_URL = r"^/+([a-zA-Z]:[\\/].*)$"

_EXPERIMENTAL_NOTE_MD = (
    '\n!!! warning "Experimental"\n'
    "    This feature is **experimental** and may change or be removed in a future release.\n"
)

_ROUTINES = (types.FunctionType, types.MethodType, types.BuiltinFunctionType, types.BuiltinMethodType)

_T = TypeVar("_T", bound=Callable[..., Any])


class KedroExperimentalWarning(UserWarning):
    """A feature that may still change was used."""


def load_obj(obj_path: str, default_obj_path: str = "") -> Any:
    """Import and return the object at a dotted path.

    A path into ``kedro`` or ``deodar`` resolves to the running package, under whichever name it is loaded.

    Args:
        obj_path: dotted path, or a bare name to look for in ``default_obj_path``.
        default_obj_path: the module of a bare name.

    Raises:
        AttributeError: the module has no such object.
        ModuleNotFoundError: there is no such module.
        ValueError: a bare name was given without a default module.
    """
    module_path, _, name = obj_path.rpartition(".")
    path = _in_running_package(module_path or default_obj_path)
    module = sys.modules.get(path)
    # The import system takes ten times as long to find what is there, and a catalog asks for each of its entries.
    if module is None or name not in vars(module):
        module = importlib.import_module(path)
    return getattr(module, name)


def _in_running_package(module_path: str) -> str:
    top, dot, rest = module_path.partition(".")
    return f"{_PACKAGE}{dot}{rest}" if top in _PACKAGE_NAMES else module_path


def is_kedro_project(project_path: str | Path) -> bool:
    """Tell whether a folder's ``pyproject.toml`` has a ``[tool.kedro]`` or ``[tool.deodar]`` table."""
    try:
        text = (Path(project_path).expanduser().resolve() / _PYPROJECT).read_text(encoding="utf-8")
    except (OSError, ValueError, RuntimeError):
        # Unreadable, not text, or a home folder that cannot be found: in any case no project of ours.
        return False
    return any(table in text for table in _PROJECT_TABLES)


def find_kedro_project(current_dir: Path) -> Path | None:
    """Return the folder itself or the nearest parent that holds a project."""
    current_dir = Path(current_dir)
    return next((path for path in (current_dir, *current_dir.parents) if is_kedro_project(path)), None)


# Names of the 0.19 series that older plugins still import.
_is_project = is_kedro_project
_find_kedro_project = find_kedro_project


def find_config_file(filename: str, extensions: tuple[str, ...] = _CONFIG_EXTENSIONS) -> Path | None:
    """Return the first existing file with one of the extensions in place of the name's own, or None."""
    path = Path(filename)
    candidates = (path.with_suffix(extension) for extension in extensions)
    return next((candidate for candidate in candidates if candidate.exists()), None)


def get_close_matches(
    input: str | list[str],
    targets: Iterable[str],
    max_suggestions: int = 3,
    cutoff: float = 0.6,
) -> list[str]:
    """Return targets spelled like the input, the closest first.

    Args:
        input: one name or several.
        targets: the names that exist; a one-shot iterator will do.
        max_suggestions: how many to return at most, over all names.
        cutoff: similarity below which a target is left out, from 0 to 1.
    """
    # Imported here: only a misspelled name needs it.
    import difflib

    names = [input] if isinstance(input, str) else input
    known = list(targets)
    matches = (
        match
        for name in names
        for match in difflib.get_close_matches(name, known, n=max(max_suggestions, 1), cutoff=cutoff)
    )
    return list(dict.fromkeys(matches))[:max_suggestions]


def _parse_filepath(filepath: str) -> dict[str, str]:
    """Split a file path or URL into ``protocol`` and ``path``, as filesystems expect them."""
    # Most paths are plain: the first look spares them the patterns.
    if "://" not in filepath or re.match(_WINDOWS_DRIVE, filepath) or not re.match(_PROTOCOL, filepath):
        return {"protocol": "file", "path": filepath}

    # Imported here: most programs only know local paths.
    from urllib.parse import urlsplit

    parts = urlsplit(filepath)
    protocol = parts.scheme or "file"
    if protocol in HTTP_PROTOCOLS:
        return {"protocol": protocol, "path": filepath}

    path = parts.path
    if protocol == "file" and (drive := re.match(_WINDOWS_FILE_URL, path)):
        path = drive.group(1)
    if parts.query:
        path = f"{path}?{parts.query}"
    if parts.fragment:
        path = f"{path}#{parts.fragment}"
    if protocol in CLOUD_PROTOCOLS and parts.netloc:
        path = _bucket(protocol, parts.netloc) + path
    return {"protocol": protocol, "path": path}


def _bucket(protocol: str, netloc: str) -> str:
    """Return the host without port and credentials, but with the container where the protocol needs one."""
    # By hand: urlsplit's own hostname is lower-cased, and names of buckets are not.
    user, at, host = netloc.rpartition("@")
    host = host.rsplit(":", 1)[0]
    if protocol in _USERNAME_PROTOCOLS and at:
        return f"{user.partition(':')[0]}@{host}"
    return host


def _is_unsafe_version(version: str) -> bool:
    """Tell whether a version could lead out of the dataset's own folder."""
    return not version or version in (".", "..") or "/" in version or "\\" in version


def _is_module_allowed(module_path: str, allowed_prefixes: Iterable[str | None]) -> bool:
    """Tell whether a module is one of the prefixes or lies below one."""
    return any(module_path == prefix or module_path.startswith(f"{prefix}.") for prefix in allowed_prefixes if prefix)


def _is_databricks() -> bool:
    """Tell whether this process runs on Databricks."""
    return "DATABRICKS_RUNTIME_VERSION" in os.environ


def _has_rich_handler(logger: logging.Logger | None = None) -> bool:
    """Tell whether a logger (the root one by default) writes through Rich."""
    # A handler of Rich can only exist where Rich was imported, so there is no need to import it here.
    rich_logging = sys.modules.get("rich.logging")
    if rich_logging is None:
        return False
    handlers = (logger or logging.getLogger()).handlers
    return any(isinstance(handler, rich_logging.RichHandler) for handler in handlers)


def _format_rich(value: str, markup: str) -> str:
    """Wrap text in a tag of Rich's console markup."""
    return f"[{markup}]{value}[/{markup}]"


def experimental(obj: _T) -> _T:
    """Mark a function or class as experimental: its first use warns, and its documentation says so.

    Anything else is returned unchanged.
    """
    marked: Any = obj
    if isinstance(obj, type):
        # In place, so that subclasses and isinstance go on working.
        marked.__init__ = _warning_once(marked.__init__, obj.__name__)
    elif isinstance(obj, _ROUTINES):
        marked = _warning_once(obj, obj.__name__)
    else:
        return obj
    marked.__kedro_experimental__ = True
    _inject_experimental_doc(marked)
    return marked  # type: ignore[no-any-return]  # the same class, or a wrapper of the same signature


def _warning_once(call: Callable[..., Any], name: str) -> Callable[..., Any]:
    warned = False

    @functools.wraps(call)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        nonlocal warned
        if not warned:
            warned = True
            message = f"{name} is experimental and may change in future {_PACKAGE.capitalize()} releases."
            warnings.warn(message, KedroExperimentalWarning, stacklevel=2)
        return call(*args, **kwargs)

    return wrapper


def _inject_experimental_doc(obj: Any) -> None:
    doc = obj.__doc__ or ""
    if "experimental" not in doc.lower():
        obj.__doc__ = f"{_EXPERIMENTAL_NOTE_MD}\n\n{doc}".strip()
