"""The application that serves the page: files of this package, and the journal as JSON. It answers reading only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from ..engine.journal.history import History, UnknownRunError
from ..engine.journal.store import Journal, JournalError
from . import views
from .stream import check_number, follow, never

_PAGE = Path(__file__).parent / "page"
_FILES = {"/": "index.html", "/page.js": "page.js", "/page.css": "page.css"}
_HEADERS = {
    # Nothing from elsewhere, no script in the page itself: what a journal holds is text, whatever it looks like.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_LIMIT = 200

Answer = Callable[[History, Request], Any]


def create_app(
    journal: Path,
    project: str,
    hosts: Sequence[str] = ("127.0.0.1", "localhost"),
    is_closing: Callable[[], bool] = never,
) -> Starlette:
    """Return the application.

    Args:
        journal: the file; it need not exist yet, and is opened for each request.
        project: its name, for the title.
        hosts: names under which this may be asked for; other pages in the browser must not reach it by one of theirs.
        is_closing: whether the server is about to end; pages that listen are left then.
    """

    def answering(answer: Answer, when_empty: Any) -> Callable[[Request], Response]:
        # A plain function: starlette calls it in a thread, as SQLite may have to wait.
        def respond(request: Request) -> Response:
            if not journal.exists():
                return _json(when_empty)
            try:
                with Journal(journal, read_only=True) as opened:
                    return _json(answer(History(opened), request))
            except UnknownRunError as error:
                return _json({"error": str(error)}, 404)
            except JournalError as error:
                return _json({"error": str(error)}, 503)

        return respond

    async def events(request: Request) -> Response:
        try:
            after = check_number(request.headers.get("last-event-id"))
        except JournalError as error:
            return _json({"error": str(error)}, 400)
        return StreamingResponse(follow(journal, after, is_closing), media_type="text/event-stream", headers=_HEADERS)

    def about(request: Request) -> Response:
        return _json({"project": project})

    return Starlette(
        routes=[
            *(Route(path, _file(name)) for path, name in _FILES.items()),
            Route("/api/project", about),
            Route("/api/runs", answering(lambda history, _: views.list_runs(history, _LIMIT), [])),
            Route("/api/runs/{run}", answering(_show, None)),
            Route("/api/runs/{run}/changes/{other}", answering(_compare, [])),
            Route("/api/events", events),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False)],
    )


def _show(history: History, request: Request) -> Any:
    return views.show_run(history, request.path_params["run"])


def _compare(history: History, request: Request) -> Any:
    return views.compare_runs(history, request.path_params["other"], request.path_params["run"])


def _file(name: str) -> Callable[[Request], Response]:
    def respond(request: Request) -> Response:
        return FileResponse(_PAGE / name, headers=_HEADERS)

    return respond


def _json(content: Any, status: int = 200) -> Response:
    return JSONResponse(content, status_code=status, headers=_HEADERS)
