"""Paths as catalogs write them and as filesystems expect them. Nothing here touches a disk."""

import os
from pathlib import PurePath
from typing import Any

from ..utils import HTTP_PROTOCOLS, PROTOCOL_DELIMITER, _parse_filepath
from ._errors import DatasetError

_PARAMETERS = "parameters"
_PARAMETER_PREFIX = "params:"


def is_parameter(dataset_name: str) -> bool:
    """Tell whether a dataset name means a parameter."""
    return dataset_name.startswith(_PARAMETER_PREFIX) or dataset_name == _PARAMETERS


def get_protocol_and_path(filepath: str | os.PathLike[str], version: Any = None) -> tuple[str, str]:
    """Split a file path or URL into its protocol and the path without it.

    Raises:
        DatasetError: a version was given for a path over HTTP, which cannot hold versions.
    """
    parts = _parse_filepath(str(filepath))
    protocol, path = parts["protocol"], parts["path"]
    if protocol in HTTP_PROTOCOLS:
        if version is not None:
            raise DatasetError(
                "Versioning is not supported for HTTP protocols. "
                "Please remove the `versioned` flag from the dataset configuration."
            )
        path = path.split(PROTOCOL_DELIMITER, 1)[1]
    return protocol, path


def get_filepath_str(raw_path: PurePath, protocol: str) -> str:
    """Return a path as the filesystem of that protocol wants it: posix, with the scheme for HTTP."""
    path = raw_path.as_posix()
    return f"{protocol}{PROTOCOL_DELIMITER}{path}" if protocol in HTTP_PROTOCOLS else path


def validate_on_forbidden_chars(**kwargs: Any) -> None:
    """Refuse values with white-space or a semicolon.

    Raises:
        DatasetError: naming the argument.
    """
    for key, value in kwargs.items():
        if " " in value or ";" in value:
            raise DatasetError(f"Neither white-space nor semicolon are allowed in '{key}'.")
