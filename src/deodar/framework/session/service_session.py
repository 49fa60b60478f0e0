"""The session of a service: many runs, each with parameters of its own, at the same time if need be."""

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ... import _environment
from ...io.core import generate_timestamp
from ...utils import find_kedro_project, get_close_matches
from .. import project
from ..hooks import _create_hook_manager
from ..hooks.manager import _register_hooks, _register_hooks_entry_points
from ..project import pipelines, settings, validate_settings
from ._run import (
    DEFAULT_PIPELINE,
    Request,
    Run,
    catalog_class_for,
    checked_runner,
    end_request,
    filtered,
    registered,
    run_params,
)
from .abstract_session import AbstractSession

if TYPE_CHECKING:
    from ...config import AbstractConfigLoader
    from ...runner import AbstractRunner
    from ..context import KedroContext

_NAME = __name__.partition(".")[0].capitalize()

_logger = logging.getLogger(__name__)


class KedroServiceSession(AbstractSession):
    """Runs a project's pipelines as often as it is asked to. It keeps no store."""

    def __init__(
        self,
        session_id: str,
        package_name: str | None = None,
        project_path: Path | str | None = None,
        conf_source: str | Path | None = None,
        env: str | None = None,
        serving_mode: bool = False,
    ) -> None:
        here = Path.cwd()
        self._project_path = Path(project_path or find_kedro_project(here) or here).resolve()
        self.session_id = session_id
        self.env = env or _environment.read("ENV")
        self._package_name = package_name or project.PACKAGE_NAME
        self._hook_manager = _create_hook_manager()
        _register_hooks(self._hook_manager, settings.HOOKS)
        _register_hooks_entry_points(self._hook_manager, settings.DISABLE_HOOKS_FOR_PLUGINS)
        self._conf_source = str(conf_source or self._project_path / settings.CONF_SOURCE)
        self._serving_mode = False
        if serving_mode:
            self._preload()

    def _preload(self) -> None:
        """Load all pipelines, so that no run has to wait for another one's."""
        pipelines.set_requested(None)
        for _ in pipelines:
            pass
        # Only now: a session that could not load them all must not pretend to.
        self._serving_mode = True

    @classmethod
    def create(
        cls,
        session_id: str | None = None,
        project_path: Path | str | None = None,
        env: str | None = None,
        conf_source: str | Path | None = None,
        serving_mode: bool = False,
    ) -> "KedroServiceSession":
        """Return a session of the configured project.

        Args:
            session_id: names the session; made up if not given.
            project_path: the project's folder; by default the one that the current folder is in.
            env: the environment of configuration.
            conf_source: where the configuration is, if not where the project's settings say.
            serving_mode: load all pipelines now, so that runs may come from many threads, and take values of
                parameters for what they are, never for types to import.

        Raises:
            ValueError: no project was configured; see `bootstrap_project`.
        """
        validate_settings()
        return cls(
            session_id=session_id or str(uuid4()),
            package_name=project.PACKAGE_NAME,
            project_path=project_path,
            env=env,
            conf_source=conf_source,
            serving_mode=serving_mode,
        )

    def _get_config_loader(self, runtime_params: dict[str, Any] | None = None) -> "AbstractConfigLoader":
        arguments = dict(settings.CONFIG_LOADER_ARGS)
        if self._serving_mode:
            arguments["restrict_runtime_params_type_selection"] = True
        loader: AbstractConfigLoader = settings.CONFIG_LOADER_CLASS(
            conf_source=self._conf_source, env=self.env, runtime_params=runtime_params, **arguments
        )
        return loader

    def load_context(self, runtime_params: dict[str, Any] | None = None) -> "KedroContext":
        """Return a new context of the project; hooks are told.

        Args:
            runtime_params: parameters that replace configured ones.
        """
        context: KedroContext = settings.CONTEXT_CLASS(
            package_name=self._package_name,
            project_path=self._project_path,
            config_loader=self._get_config_loader(runtime_params),
            env=self.env,
            runtime_params=runtime_params,
            hook_manager=self._hook_manager,
        )
        self._hook_manager.hook.after_context_created(context=context)
        return context

    def close(self) -> None:
        """End the session. There is nothing to save."""
        _logger.info("Closing session %s", self.session_id)

    def run(  # noqa: PLR0913 - the arguments are the contract's
        self,
        run_id: str | None = None,
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
        runtime_params: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Run pipelines, or part of them, and return the datasets of their free outputs by name.

        Args:
            run_id: names the run, and the versions it saves; the time of day if not given.
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
            runtime_params: parameters that replace configured ones, for this run.

        Raises:
            ValueError: there is no pipeline of a name, or the part asked for is empty.
            KedroSessionError: ``runner`` is no runner.
        """
        run_id = run_id or generate_timestamp()
        _logger.info("%s project %s", _NAME, self._package_name or self._project_path.name)
        _logger.info("Session ID: %s", self.session_id)
        _logger.info("Run ID: %s", run_id)
        request = Request(
            pipeline_names=pipeline_names or [DEFAULT_PIPELINE],
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
        if not self._serving_mode:
            pipelines.set_requested(pipeline_names or None)
        try:
            return self._run(request, runner, run_id, runtime_params)
        finally:
            if not self._serving_mode:
                end_request(pipelines)

    def _run(
        self, request: Request, runner: "AbstractRunner | None", run_id: str, runtime_params: dict[str, Any] | None
    ) -> dict[str, Any]:
        context = self.load_context(runtime_params)
        pipeline = filtered(registered(request.pipeline_names, pipelines, get_close_matches), request)
        runner = checked_runner(runner, f"{_NAME}ServiceSession")
        params = run_params(
            request,
            runner,
            session_id=self.session_id,
            run_id=run_id,
            project_path=self._project_path.as_posix(),
            env=context.env,
            runtime_params=runtime_params or {},
            pipeline_names=request.pipeline_names,
        )
        run = Run(run_id, params, pipeline, context, runner, self._hook_manager, request, self._project_path)
        return run.execute(catalog_class_for(runner, settings.DATA_CATALOG_CLASS))
