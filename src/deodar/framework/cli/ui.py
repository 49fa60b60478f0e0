"""``ui``: the page that shows runs while they happen."""

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .utils import KedroCliError, verbose_option

if TYPE_CHECKING:
    from ..startup import ProjectMetadata

_TOP = __name__.partition(".")[0]
_NEEDED = ("starlette", "uvicorn")
_LOOPBACK = ("127.0.0.1", "localhost")
DEFAULT_PORT = 4242


@click.command()
@click.option("--host", default=_LOOPBACK[0], show_default=True, help="Address to listen on.")
@click.option("--port", "-p", type=click.IntRange(0, 65535), default=DEFAULT_PORT, show_default=True, help="0: any.")
@click.option("--open/--no-open", "opens", default=True, help="Open the page in a browser.")
@verbose_option
@click.pass_obj
def ui(metadata: "ProjectMetadata", /, host: str, port: int, opens: bool) -> None:
    """Show the project's runs in the browser, while they happen.

    Whoever can reach the address can read what runs recorded: parameters, errors, names of datasets. Nothing can be
    changed or started from the page.
    """
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise KedroCliError(f"The page needs {' and '.join(missing)}. Install them: pip install 'deodar[ui]'")
    # Imported here: all of it is for the page alone.
    import contextlib
    import socket
    import webbrowser

    import uvicorn

    from ...engine.journal.store import FILE_NAME
    from ...web.app import create_app
    from ..session._memory import home_of

    home = home_of(Path(metadata.project_path))
    # A name of another machine is no protection where anybody may ask anyway.
    hosts = _LOOPBACK if host in _LOOPBACK else ("*",)
    app = create_app(home / FILE_NAME, metadata.project_name, hosts, lambda: server.should_exit)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    try:
        listener = socket.create_server((host, port))
    except OSError as error:
        raise KedroCliError(f"Cannot listen on {host}:{port} ({error.strerror}). Try another: --port 0") from error
    with listener:
        address = f"http://{host}:{listener.getsockname()[1]}"
        click.echo(f"The runs of {metadata.project_name}: {address} (Ctrl-C ends it)")
        if opens:
            webbrowser.open(address)
        # The server ends at Ctrl-C, then raises it again.
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listener])
