"""The FastAPI application."""

import logging
import os
import threading
import time
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Query

from .. import __version__ as kedro_version
from ..framework.cli.utils import _split_params
from ..framework.project import settings
from ..framework.session import KedroServiceSession
from ..framework.startup import bootstrap_project
from ..inspection import get_project_snapshot
from ..io.core import _redact_url_credentials, generate_timestamp
from ..runner import AbstractRunner
from ..utils import _is_module_allowed, load_obj
from .models import (
    ErrorDetail,
    HealthResponse,
    RunFailure,
    RunRequest,
    RunResponse,
    RunSuccess,
    SnapshotFailure,
    SnapshotResponse,
    SnapshotSuccess,
)
from .utils import KEDRO_SERVER_CONF_SOURCE, KEDRO_SERVER_ENV, _resolve_project_path

logger = logging.getLogger(__name__)

_TOP = __name__.partition(".")[0]
_RUNNERS = f"{_TOP}.runner"
_DEFAULT_RUNNER = "SequentialRunner"


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Bootstrap the project before the first request; close its session after the last."""
    app.state.metadata = bootstrap_project(app.state.project_path)
    session_class = settings.SESSION_CLASS
    if not (isinstance(session_class, type) and issubclass(session_class, KedroServiceSession)):
        logger.warning(
            "The server runs with KedroServiceSession; the SESSION_CLASS of the project, %s, is not used.",
            getattr(session_class, "__name__", session_class),
        )
    try:
        yield
    finally:
        with app.state.session_lock:
            session, app.state.session = app.state.session, None
        if session is not None:
            session.close()


def create_http_server(
    project_path: str | Path | None = None, env: str | None = None, conf_source: str | None = None
) -> FastAPI:
    """Return the application; see ``create_http_server`` of the package."""
    app = FastAPI(title=f"{_TOP.capitalize()} Server", version=kedro_version, lifespan=lifespan)
    app.state.project_path = _resolve_project_path(project_path)
    app.state.default_env = env or os.environ.get(KEDRO_SERVER_ENV) or None
    app.state.default_conf_source = conf_source or os.environ.get(KEDRO_SERVER_CONF_SOURCE) or None
    # Guards the session: the first of several requests at once makes it.
    app.state.session_lock = threading.Lock()
    app.state.metadata = None
    app.state.session = None

    # Plain functions: FastAPI calls them in threads, so that a run does not hold up the others.
    @app.get("/health", response_model=HealthResponse)
    def health() -> HealthResponse:
        """Tell that the server is there."""
        return HealthResponse(status="healthy", kedro_version=kedro_version)

    @app.get("/snapshot", response_model=SnapshotResponse)
    def snapshot(params: str | None = Query(default=None)) -> Any:
        """Describe the project; ``params=a=1,b.c=2`` replaces parameters."""
        return _snapshot(app, params)

    @app.post("/run", response_model=RunResponse)
    def run(request: RunRequest) -> Any:
        """Make a run and wait for its end."""
        try:
            session = _session(app)
        except Exception as error:
            return _failure(generate_timestamp(), time.perf_counter(), error)
        return _execute_pipeline(session, request=request)

    return app


def _session(app: FastAPI) -> KedroServiceSession:
    with app.state.session_lock:
        if app.state.session is None:
            app.state.session = KedroServiceSession.create(
                project_path=app.state.project_path,
                env=app.state.default_env,
                conf_source=app.state.default_conf_source,
                serving_mode=True,
            )
        session: KedroServiceSession = app.state.session
    return session


def _snapshot(app: FastAPI, params: str | None) -> SnapshotSuccess | SnapshotFailure:
    try:
        taken = get_project_snapshot(
            metadata=app.state.metadata,
            env=app.state.default_env,
            conf_source=app.state.default_conf_source,
            runtime_params=_parse_snapshot_params(params) if params else None,
        )
    # Whatever is wrong with a project, the one who asks gets an answer.
    except Exception as error:
        logger.exception("The project cannot be described")
        return SnapshotFailure(status="failure", error=_detail(error))
    return SnapshotSuccess(
        status="success",
        metadata=taken.metadata,
        pipelines=taken.pipelines,
        datasets=taken.datasets,
        parameters=taken.parameters,
    )


def _parse_snapshot_params(value: str) -> dict[str, Any]:
    """Read parameters as the command line does.

    Raises:
        ValueError: they are ill-formed.
    """
    # Imported here: only bad parameters need it.
    from click import ClickException

    try:
        params: dict[str, Any] = _split_params(None, None, value)
    except ClickException as error:
        raise ValueError(error.format_message()) from error
    return params


def _validate_runner_module(runner_name: str | None, package_name: str | None) -> bool:
    """Tell whether a runner may be named by those who ask for a run.

    Runners of this package and of the project may, and of the modules that ``RUNNER_MODULE_ALLOWLIST`` lists.
    """
    if not runner_name or "." not in runner_name:
        return True
    module = runner_name.rpartition(".")[0]
    own = ("kedro.runner", "deodar.runner", package_name)
    return _is_module_allowed(module, (*own, *settings.RUNNER_MODULE_ALLOWLIST))


def _runner(request: RunRequest, package_name: str | None) -> AbstractRunner:
    name = request.runner or _DEFAULT_RUNNER
    if not _validate_runner_module(name, package_name):
        raise ValueError(
            f"The runner '{name}' is not allowed. It must come from {_RUNNERS}, from the project's package, "
            "or from a module in the setting RUNNER_MODULE_ALLOWLIST."
        )
    runner_class = load_obj(name, _RUNNERS)
    if not (isinstance(runner_class, type) and issubclass(runner_class, AbstractRunner)):
        raise TypeError(f"'{name}' is not a subclass of AbstractRunner.")
    runner: AbstractRunner = runner_class(is_async=request.is_async)
    return runner


def _execute_pipeline(session: KedroServiceSession, *, request: RunRequest) -> RunSuccess | RunFailure:
    run_id = generate_timestamp()
    start = time.perf_counter()
    try:
        session.run(
            run_id=run_id,
            runner=_runner(request, session._package_name),
            runtime_params=request.params or {},
            **request.model_dump(exclude={"runner", "is_async", "params"}),
        )
    # Whatever goes wrong in a run, the one who asked for it gets an answer.
    except Exception as error:
        said = _redact_url_credentials(f"{error}\n{traceback.format_exc()}")
        logger.error("Pipeline run %s failed: %s", run_id, said)
        return _failure(run_id, start, error)
    return RunSuccess(status="success", run_id=run_id, duration_ms=_milliseconds_since(start))


def _failure(run_id: str, start: float, error: Exception) -> RunFailure:
    return RunFailure(status="failure", run_id=run_id, duration_ms=_milliseconds_since(start), error=_detail(error))


def _detail(error: Exception) -> ErrorDetail:
    return ErrorDetail(type=type(error).__qualname__, message=_redact_url_credentials(str(error)))


def _milliseconds_since(start: float) -> float:
    return (time.perf_counter() - start) * 1000
