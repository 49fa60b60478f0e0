"""``server``: the project over HTTP."""

import importlib.util
import os
import warnings
from typing import TYPE_CHECKING

import click

from ._groups import CONTEXT_SETTINGS, SuggestingGroup
from .utils import KedroCliError, env_option, validate_conf_source, verbose_option

if TYPE_CHECKING:
    from ..startup import ProjectMetadata

_TOP = __name__.partition(".")[0]
_NEEDED = ("fastapi", "pydantic", "uvicorn")

# What a server process, and the ones it reloads, is told by its environment.
KEDRO_PROJECT_PATH_ENV = "KEDRO_PROJECT_PATH"
KEDRO_SERVER_ENV = "KEDRO_SERVER_ENV"
KEDRO_SERVER_CONF_SOURCE = "KEDRO_SERVER_CONF_SOURCE"
DEFAULT_HOST = "127.0.0.1"
DEFAULT_HTTP_PORT = 8000


@click.group(name="server", context_settings=CONTEXT_SETTINGS, cls=SuggestingGroup)
def server_cli() -> None:
    """Serve the project over HTTP."""


@server_cli.command("start")
@click.option("--host", "-H", default=DEFAULT_HOST, show_default=True, help="Address to listen on.")
@click.option("--port", "-p", type=int, default=DEFAULT_HTTP_PORT, show_default=True, help="Port to listen on.")
@click.option("--reload", is_flag=True, help="Start again when a file of the project changes; for development.")
@env_option
@click.option("--conf-source", callback=validate_conf_source, help="Folder, archive or URL of the configuration.")
@verbose_option
@click.pass_obj
def start(
    metadata: "ProjectMetadata", host: str, port: int, reload: bool, env: str | None, conf_source: str | None
) -> None:
    """Start the server."""
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise KedroCliError(
            f"{_TOP.capitalize()} HTTP server requires 'fastapi', 'pydantic', and 'uvicorn' packages. "
            f"Install what is missing: pip install {' '.join(missing)}"
        )
    if reload:
        warnings.warn("The option --reload is for development only.", stacklevel=2)
    variables = {
        KEDRO_PROJECT_PATH_ENV: str(metadata.project_path),
        KEDRO_SERVER_ENV: env,
        KEDRO_SERVER_CONF_SOURCE: conf_source,
    }
    for name, value in variables.items():
        os.environ.pop(name, None)
        if value:
            os.environ[name] = value
    # Imported here: it is optional.
    import uvicorn

    uvicorn.run(
        f"{_TOP}.server.http_server:create_http_server",
        factory=True,
        host=host,
        port=port,
        reload=reload,
        reload_dirs=[str(metadata.project_path)] if reload else None,
        log_level="info",
    )
