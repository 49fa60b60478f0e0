"""One run of a session: which pipeline, with which catalog, told to whom.

Both kinds of session run this way; they differ in where run ids and parameters come from.
"""

import logging
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..._records import dataclass, field, replace
from ..._version import KEDRO_CONTRACT_VERSION
from .. import _worker, project
from ._execution import execution_policies
from ._memory import facts_of, learned_costs, memory_options
from .abstract_session import KedroSessionError

if TYPE_CHECKING:
    from ...pipeline.pipeline import Pipeline
    from ...runner import AbstractRunner
    from ..context import KedroContext

logger = logging.getLogger(__name__)

_TOP = __name__.partition(".")[0]
DEFAULT_PIPELINE = "__default__"


@dataclass(frozen=True, slots=True)
class Request:
    """What a run was asked for, as it was given."""

    pipeline_names: list[str] | None
    tags: Iterable[str] | None
    node_names: Iterable[str] | None
    from_nodes: Iterable[str] | None
    to_nodes: Iterable[str] | None
    from_inputs: Iterable[str] | None
    to_outputs: Iterable[str] | None
    load_versions: dict[str, str] | None
    namespaces: Iterable[str] | None
    only_missing_outputs: bool


class RunParams(dict[str, Any]):
    """What hooks are told of a run.

    It holds the keys of the newest release of the contract; the names that older ones had for the same things can
    be looked up too, but do not show when it is listed or compared.
    """

    def __missing__(self, key: str) -> Any:
        if key == "session_id" and "run_id" in self:
            return self["run_id"]
        if key == "pipeline_name" and "pipeline_names" in self:
            names = self["pipeline_names"]
            return ", ".join(names) if names else None
        raise KeyError(key)

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value by its newest or an older name, or the default."""
        try:
            return self[key]
        except KeyError:
            return default


def run_params(request: Request, runner: Any, **of_session: Any) -> RunParams:
    """Return what hooks are told of a run.

    Args:
        request: what was asked for.
        runner: the runner.
        of_session: what the session adds; ids, project, environment, parameters.
    """
    return RunParams(
        of_session,
        kedro_version=KEDRO_CONTRACT_VERSION,
        tags=request.tags,
        from_nodes=request.from_nodes,
        to_nodes=request.to_nodes,
        node_names=request.node_names,
        from_inputs=request.from_inputs,
        to_outputs=request.to_outputs,
        load_versions=request.load_versions,
        namespaces=request.namespaces,
        runner=getattr(runner, "__name__", str(runner)),
        only_missing_outputs=request.only_missing_outputs,
    )


def registered(
    names: list[str] | None, pipelines: Any, close_matches: Callable[[str, Iterable[str]], list[str]]
) -> "Pipeline":
    """Return the registered pipelines of these names as one, ``__default__`` if there are none.

    Args:
        names: the pipelines.
        pipelines: the registered ones.
        close_matches: finds names to suggest.

    Raises:
        ValueError: there is no pipeline of a name.
    """
    names = names or [DEFAULT_PIPELINE]
    try:
        return _combined(names, pipelines)
    except KeyError as error:
        # All of them, so that the right name is among those that are suggested.
        pipelines.set_requested(None)
        missing = next((name for name in names if name not in pipelines), None)
        if missing is None:
            raise
        message = (
            f"Failed to find the pipeline named '{missing}'. It needs to be generated and returned by the "
            "'register_pipelines' function."
        )
        if matches := close_matches(missing, pipelines.keys()):
            message += "\nDid you mean one of these instead?\n    " + "\n    ".join(matches)
        raise ValueError(message) from error


def wanted_run_id(made_up: str) -> str:
    """Return the id that the caller wants the run to have, or the one that was made up for it."""
    # Whoever wants one has imported it; it comes with the runner, which is dear.
    known = sys.modules.get(f"{_TOP}.runner._inherited")
    return made_up if known is None else known.inherited().run_id or made_up


def end_request(pipelines: Any) -> None:
    """Let later readers see all pipelines: what one run asked for holds for that run."""
    if isinstance(pipelines, project._ProjectPipelines):
        pipelines.end_request()


def _combined(names: list[str], pipelines: Mapping[str, "Pipeline"]) -> "Pipeline":
    # Imported here: the session alone needs no pipeline.
    from ...pipeline.pipeline import Pipeline

    chosen = [pipelines[name] for name in names]
    if len(chosen) == 1 and isinstance(chosen[0], Pipeline):
        # As it is: a project's own class of pipelines would be lost in a sum.
        return chosen[0]
    for name, pipeline in zip(names, chosen, strict=True):
        if not hasattr(pipeline, "filter"):
            raise TypeError(
                f"The pipeline '{name}' that 'register_pipelines' returns is no Pipeline but "
                f"{type(pipeline).__name__}: {pipeline!r}."
            )
    return sum(chosen, Pipeline([]))


def filtered(pipeline: "Pipeline", request: Request) -> "Pipeline":
    """Return the part of a pipeline that was asked for."""
    return pipeline.filter(
        tags=request.tags,
        from_nodes=request.from_nodes,
        to_nodes=request.to_nodes,
        node_names=request.node_names,
        from_inputs=request.from_inputs,
        to_outputs=request.to_outputs,
        node_namespaces=request.namespaces,
    )


def checked_runner(runner: Any, session: str) -> "AbstractRunner":
    """Return the runner to use: the one given, or one that runs nodes one after the other.

    Raises:
        KedroSessionError: something else than an instance of a runner was given.
    """
    # Imported here: sessions serve programs that only look at a project, too.
    from ...runner.runner import AbstractRunner
    from ...runner.sequential_runner import SequentialRunner

    runner = runner or SequentialRunner()
    if not isinstance(runner, AbstractRunner):
        raise KedroSessionError(
            f"{session} expect an instance of Runner instead of a class. Have you forgotten the `()` when "
            f"instantiating the runner? Received {runner!r}."
        )
    return runner


def catalog_class_for(runner: "AbstractRunner", chosen: type) -> type:
    """Return the class of catalog that a runner needs, given the one that the project has chosen."""
    parallel = sys.modules.get(f"{_TOP}.runner.parallel_runner")
    # A runner of that class cannot exist before its module was imported, which is dear.
    if parallel is None or not isinstance(runner, parallel.ParallelRunner):
        return chosen
    # Imported here: the session alone needs no catalog.
    from ...io.data_catalog import DataCatalog, SharedMemoryDataCatalog

    return SharedMemoryDataCatalog if chosen is DataCatalog else chosen


@dataclass(frozen=True, slots=True)
class Run:
    """A run that is ready to start."""

    run_id: str
    params: RunParams
    pipeline: "Pipeline"
    context: "KedroContext"
    runner: "AbstractRunner"
    hook_manager: Any
    request: Request
    project_path: Path
    store: Mapping[str, Any] = field(default_factory=dict)

    def execute(self, catalog_class: type) -> dict[str, Any]:
        """Build the catalog, run the pipeline, tell the hooks, and return the datasets of its outputs."""
        names = self.request.pipeline_names
        if names and DEFAULT_PIPELINE not in names:
            self.context._pipelines_to_validate = list(names)
        catalog = self.context._get_catalog(
            catalog_class=catalog_class, save_version=self.run_id, load_versions=self.request.load_versions
        )
        told = {"run_params": self.params, "pipeline": self.pipeline, "catalog": catalog}
        self.hook_manager.hook.before_pipeline_run(**told)
        try:
            with self._inheritance():
                result = self.runner.run(
                    self.pipeline,
                    catalog,
                    self.hook_manager,
                    run_id=self.run_id,
                    only_missing_outputs=self.request.only_missing_outputs,
                )
        except Exception as error:
            try:
                self.hook_manager.hook.on_pipeline_error(error=error, **told)
            except Exception:
                # What a hook raises must not hide why the run failed.
                logger.exception("An on_pipeline_error hook failed while it was told that the run failed.")
            raise
        self.hook_manager.hook.after_pipeline_run(run_result=result, **told)
        return result

    def _inheritance(self) -> Any:
        # Imported here: it comes with the runner, which is loaded by now.
        from ...runner._inherited import inherit, inherited

        outer = inherited()
        facts = {**facts_of(self.params, self.store), "runner": type(self.runner).__name__}
        memory = memory_options(outer.state, self.project_path, facts, self.context.env)
        costs, peaks = learned_costs(memory)
        return inherit(
            # What the caller has said stays: the command line brings its display along.
            replace(
                outer,
                package_name=project.PACKAGE_NAME,
                project_path=self.project_path,
                env=self.context.env,
                prepare_worker=_worker.preparation(_worker.source_dirs(self.project_path)),
                project_hooks=_worker.project_hooks,
                execution=execution_policies(self.context.config_loader),
                pipeline_names=tuple(self.request.pipeline_names or (DEFAULT_PIPELINE,)),
                state=memory,
                costs=costs,
                peaks=peaks,
                hooks=self.hook_manager,
                whole=outer.whole or self._whole() if outer.store is not None else None,
            )
        )

    def _whole(self) -> "Pipeline":
        """Return the pipeline that was asked for before it was filtered."""
        return _combined(self.request.pipeline_names or [DEFAULT_PIPELINE], project.pipelines)
