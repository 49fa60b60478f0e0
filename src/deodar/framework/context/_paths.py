"""Paths in a catalog's configuration that are relative to the project."""

from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Any

from ..._expressions import expression

_PATH_KEYS = ("filename", "filepath", "path")
_SCHEME = expression(r"^[a-zA-Z][a-zA-Z0-9+.-]*:")


def _expand_full_path(project_path: str | Path) -> Path:
    return Path(project_path).expanduser().resolve()


def _is_relative_path(path_string: str) -> bool:
    """Tell whether a text is a path relative to some folder, not an absolute one nor a URL."""
    if PureWindowsPath(path_string).drive or _SCHEME.match(path_string):
        return False
    return not PurePosixPath(path_string).is_absolute()


def _convert_paths_to_absolute_posix(project_path: PurePath, conf_dictionary: dict[str, Any]) -> dict[str, Any]:
    """Make the relative paths of a catalog's configuration start at the project; the dictionary itself is changed.

    Raises:
        ValueError: the project's own path is relative.
    """
    if not project_path.is_absolute():
        raise ValueError(f"project_path must be an absolute path. Received: {project_path}")
    for key, value in conf_dictionary.items():
        if isinstance(value, dict):
            conf_dictionary[key] = _convert_paths_to_absolute_posix(project_path, value)
        elif key in _PATH_KEYS and isinstance(value, str):
            conf_dictionary[key] = _absolute_posix(project_path, value)
    return conf_dictionary


def _absolute_posix(project_path: PurePath, value: str) -> str:
    if value.startswith("~/"):
        return Path(value).expanduser().as_posix()
    if _is_relative_path(value):
        return (project_path / value).as_posix()
    if PureWindowsPath(value).drive:
        return PureWindowsPath(value).as_posix()
    return value
