"""The project as a service over HTTP."""

from pathlib import Path
from typing import Any

__all__ = ["create_http_server"]

_TOP = __name__.partition(".")[0]


def create_http_server(
    project_path: str | Path | None = None, env: str | None = None, conf_source: str | None = None
) -> Any:
    """Return a FastAPI application that runs and describes a project.

    Args:
        project_path: the project's folder; by default what the environment says.
        env: the environment of configuration.
        conf_source: where the configuration is, if not where the project's settings say.

    Raises:
        ModuleNotFoundError: FastAPI is not installed.
        ServerSettingsError: there is no project to serve.
    """
    try:
        # Imported here: it is optional.
        from .http_server import create_http_server as create
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("fastapi", "pydantic", "starlette"):
            raise
        raise ModuleNotFoundError(
            f"The HTTP server needs {error.name}. Install it with: pip install '{_TOP}[server]'", name=error.name
        ) from error
    return create(project_path=project_path, env=env, conf_source=conf_source)
