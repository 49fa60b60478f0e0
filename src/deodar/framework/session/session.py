"""The session of a project: what it was started with, and its runs."""

import getpass
import logging
import os
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import _environment
from ...io.core import generate_timestamp
from ...utils import find_kedro_project, get_close_matches
from .. import project
from ..hooks.manager import _create_hook_manager, _register_hooks, _register_hooks_entry_points
from ..project import pipelines, settings, validate_settings
from ..project._validators import qualified_name
from ._command import current_command
from ._run import (
    Request,
    Run,
    catalog_class_for,
    checked_runner,
    end_request,
    filtered,
    registered,
    run_params,
    wanted_run_id,
)
from .abstract_session import AbstractSession, KedroSessionError
from .store import BaseSessionStore

if TYPE_CHECKING:
    from ...config import AbstractConfigLoader
    from ...runner import AbstractRunner
    from ..context import KedroContext

__all__ = ["KedroSession", "KedroSessionError"]

_TOP = __name__.partition(".")[0]
_NAME = _TOP.capitalize()

_logger = logging.getLogger(__name__)


class KedroSession(AbstractSession):
    """Runs a project's pipelines, once (or as often as wanted, with the setting ``SESSION_REENTRANT``).

    Made by `create`; used as a context manager, it closes itself and remembers an error.
    """

    def __init__(
        self,
        session_id: str,
        package_name: str | None = None,
        project_path: Path | str | None = None,
        save_on_close: bool = False,
        conf_source: str | Path | None = None,
    ) -> None:
        here = Path.cwd()
        self._project_path = Path(project_path or find_kedro_project(here) or here).resolve()
        self.session_id = session_id
        self.save_on_close = save_on_close
        self._package_name = package_name or project.PACKAGE_NAME
        self._store = self._init_store()
        self._run_called = False
        self._hook_manager = _create_hook_manager()
        _register_hooks(self._hook_manager, settings.HOOKS)
        _register_hooks_entry_points(self._hook_manager, settings.DISABLE_HOOKS_FOR_PLUGINS)
        self._conf_source = str(conf_source or self._project_path / settings.CONF_SOURCE)

    @classmethod
    def create(
        cls,
        project_path: Path | str | None = None,
        save_on_close: bool = True,
        env: str | None = None,
        runtime_params: dict[str, Any] | None = None,
        conf_source: str | Path | None = None,
    ) -> "KedroSession":
        """Return a session of the configured project.

        Args:
            project_path: the project's folder; by default the one that the current folder is in.
            save_on_close: save the session's store when the session is closed.
            env: the environment of configuration.
            runtime_params: parameters that replace configured ones.
            conf_source: where the configuration is, if not where the project's settings say.

        Raises:
            ValueError: no project was configured; see `bootstrap_project`.
        """
        validate_settings()
        session = cls(
            package_name=project.PACKAGE_NAME,
            project_path=project_path,
            session_id=generate_timestamp(),
            save_on_close=save_on_close,
            conf_source=conf_source,
        )
        session._store.update(session._facts(env, runtime_params))
        return session

    def _facts(self, env: str | None, runtime_params: dict[str, Any] | None) -> dict[str, Any]:
        """Return what the store says of a new session."""
        facts: dict[str, Any] = {"project_path": self._project_path, "session_id": self.session_id}
        if command := current_command():
            facts["cli"] = command
        if env := env or _environment.read("ENV"):
            facts["env"] = env
        if runtime_params:
            facts["runtime_params"] = runtime_params
        try:
            facts["username"] = getpass.getuser()
        except Exception as error:
            # Which errors there may be depends on the system; containers often have no name for their user.
            _logger.debug("Unable to get username. Full exception: %s", error)
        facts.update(_describe_git(self._project_path))
        return facts

    def _init_store(self) -> BaseSessionStore:
        store_class = settings.SESSION_STORE_CLASS
        arguments = {"path": (self._project_path / "sessions").as_posix(), **settings.SESSION_STORE_ARGS}
        arguments["session_id"] = self.session_id
        try:
            store: BaseSessionStore = store_class(**arguments)
        except TypeError as error:
            raise ValueError(
                f"\n{error}.\nStore config must only contain arguments valid for the constructor of "
                f"'{qualified_name(store_class)}'."
            ) from error
        except Exception as error:
            kind = qualified_name(store_class)
            raise ValueError(f"\n{error}.\nFailed to instantiate session store of type '{kind}'.") from error
        return store

    @property
    def store(self) -> dict[str, Any]:
        """A copy of what the session knows of itself."""
        return dict(self._store)

    def _get_config_loader(self) -> "AbstractConfigLoader":
        loader: AbstractConfigLoader = settings.CONFIG_LOADER_CLASS(
            conf_source=self._conf_source,
            env=self.store.get("env"),
            runtime_params=self.store.get("runtime_params"),
            **settings.CONFIG_LOADER_ARGS,
        )
        return loader

    def load_context(self) -> "KedroContext":
        """Return a new context of the project; hooks are told."""
        context: KedroContext = settings.CONTEXT_CLASS(
            package_name=self._package_name,
            project_path=self._project_path,
            config_loader=self._get_config_loader(),
            env=self.store.get("env"),
            runtime_params=self.store.get("runtime_params"),
            hook_manager=self._hook_manager,
        )
        self._hook_manager.hook.after_context_created(context=context)
        return context

    def close(self) -> None:
        """Save the store, if the session was made so."""
        if self.save_on_close:
            self._store.save()

    def __exit__(self, exc_type: Any, exc_value: Any, tb: Any) -> None:
        if exc_type is not None:
            self._remember(exc_type, exc_value, tb)
        self.close()

    def _remember(self, exc_type: Any, exc_value: Any, tb: Any) -> None:
        module = "" if exc_type.__module__ == "builtins" else f"{exc_type.__module__}."
        self._store["exception"] = {
            "type": f"{module}{exc_type.__qualname__}",
            "value": str(exc_value),
            "traceback": traceback.format_tb(tb),
        }

    def run(  # noqa: PLR0913 - the arguments are the contract's
        self,
        pipeline_name: str | None = None,
        pipeline_names: list[str] | None = None,
        tags: Iterable[str] | None = None,
        runner: "AbstractRunner | None" = None,
        node_names: Iterable[str] | None = None,
        from_nodes: Iterable[str] | None = None,
        to_nodes: Iterable[str] | None = None,
        from_inputs: Iterable[str] | None = None,
        to_outputs: Iterable[str] | None = None,
        load_versions: dict[str, str] | None = None,
        namespaces: Iterable[str] | None = None,
        only_missing_outputs: bool = False,
    ) -> dict[str, Any]:
        """Run pipelines, or part of them, and return the datasets of their free outputs by name.

        Args:
            pipeline_name: deprecated, use ``pipeline_names``.
            pipeline_names: registered pipelines to run as one; ``__default__`` if none is named.
            tags: only nodes that have one of these tags.
            runner: what runs the nodes; one after the other if it is not given.
            node_names: only these nodes.
            from_nodes: only these nodes and what depends on them.
            to_nodes: only these nodes and what they depend on.
            from_inputs: only nodes that depend on these datasets.
            to_outputs: only nodes that these datasets depend on.
            load_versions: versions of datasets to load, if not the latest.
            namespaces: only nodes of these namespaces.
            only_missing_outputs: only what is needed to make the outputs that do not exist yet.

        Raises:
            ValueError: there is no pipeline of a name, or the part asked for is empty.
            KedroSessionError: the session has run already, or ``runner`` is no runner.
        """
        _logger.info("%s project %s", _NAME, self._package_name or self._project_path.name)
        if pipeline_name:
            _logger.warning("`pipeline_name` is deprecated and will be removed; use `pipeline_names` instead.")
            pipeline_names = [pipeline_name]
        run_id = wanted_run_id(self._next_run_id())
        request = Request(
            pipeline_names=pipeline_names,
            tags=tags,
            node_names=node_names,
            from_nodes=from_nodes,
            to_nodes=to_nodes,
            from_inputs=from_inputs,
            to_outputs=to_outputs,
            load_versions=load_versions,
            namespaces=namespaces,
            only_missing_outputs=only_missing_outputs,
        )
        pipelines.set_requested(pipeline_names or None)
        try:
            result = self._run(request, runner, run_id)
        finally:
            end_request(pipelines)
        self._run_called = True
        return result

    def _next_run_id(self) -> str:
        if not self._run_called:
            session_id: str = self.store["session_id"]
            return session_id
        if settings.SESSION_REENTRANT:
            return generate_timestamp()
        raise KedroSessionError(
            f"A run has already been completed as part of the active {_NAME}Session. {_NAME}Session has a 1-1 "
            "mapping with runs, and thus only one run should be executed per session. To run again in the same "
            "session, set SESSION_REENTRANT = True in the project's settings.py."
        )

    def _run(self, request: Request, runner: "AbstractRunner | None", run_id: str) -> dict[str, Any]:
        context = self.load_context()
        pipeline = filtered(registered(request.pipeline_names, pipelines, get_close_matches), request)
        runner = checked_runner(runner, f"{_NAME}Session")
        params = run_params(
            request,
            runner,
            run_id=run_id,
            project_path=self._project_path.as_posix(),
            env=context.env,
            runtime_params=self.store.get("runtime_params") or {},
            pipeline_names=request.pipeline_names,
        )
        run = Run(
            run_id, params, pipeline, context, runner, self._hook_manager, request, self._project_path, self.store
        )
        return run.execute(catalog_class_for(runner, settings.DATA_CATALOG_CLASS))


def _describe_git(project_path: Path) -> dict[str, Any]:
    """Return the commit that a project is at, and whether it was changed since; nothing if that cannot be told."""
    path = str(project_path)
    if "subprocess" not in sys.modules and not _may_be_repository(project_path):
        # The answer is known before the 10 ms that asking costs. Where that module is loaded, somebody may listen.
        _logger.debug("Unable to git describe %s", path)
        return {}
    # Imported here: only sessions that are really started need it.
    import subprocess

    try:
        sha = subprocess.check_output(
            ["git", "rev-parse", "--short", "HEAD"], cwd=path, stderr=subprocess.DEVNULL, env=_git_environment()
        )
        status = subprocess.check_output(
            ["git", "status", "--short"], cwd=path, stderr=subprocess.DEVNULL, env=_git_environment()
        )
        git = {"commit_sha": sha.decode().strip(), "dirty": bool(status.decode().strip())}
    except Exception as error:
        # No git, no repository, no commit yet: all the same to a session, and none of its business.
        _logger.debug("Unable to git describe %s", path)
        _logger.debug("%s: %s", type(error).__name__, error)
        return {}
    return {"git": git}


def _may_be_repository(project_path: Path) -> bool:
    # The variable says that the repository is elsewhere.
    return "GIT_DIR" in os.environ or any(
        (folder / ".git").exists() for folder in (project_path, *project_path.parents)
    )


def _git_environment() -> dict[str, str]:
    # Describing must not take the lock on the index away from the user's own commands.
    return {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
