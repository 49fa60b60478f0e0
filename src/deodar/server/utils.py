"""What the server is told by its environment."""

import os
from pathlib import Path

from ..framework.cli.server import (
    DEFAULT_HOST,
    DEFAULT_HTTP_PORT,
    KEDRO_PROJECT_PATH_ENV,
    KEDRO_SERVER_CONF_SOURCE,
    KEDRO_SERVER_ENV,
)

__all__ = [
    "DEFAULT_HOST",
    "DEFAULT_HTTP_PORT",
    "KEDRO_PROJECT_PATH_ENV",
    "KEDRO_SERVER_CONF_SOURCE",
    "KEDRO_SERVER_ENV",
    "ServerSettingsError",
]


class ServerSettingsError(Exception):
    """The server was not told, or was told wrongly, what to serve."""


def _resolve_project_path(project_path: str | Path | None = None) -> Path:
    """Return the folder of the project to serve.

    Raises:
        ServerSettingsError: no folder is given, or it does not exist.
    """
    given = project_path or os.environ.get(KEDRO_PROJECT_PATH_ENV)
    if not given:
        raise ServerSettingsError(
            f"The environment variable {KEDRO_PROJECT_PATH_ENV} is not set. "
            "Set it to the folder of the project, or pass project_path."
        )
    path = Path(given).expanduser().resolve()
    if not path.is_dir():
        raise ServerSettingsError(f"The project path {path} does not exist.")
    return path
