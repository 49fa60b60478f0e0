"""What the command ``run`` does, once its options are known. Nothing here needs click."""

import gc
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ... import KedroDeprecationWarning
from ...utils import load_obj
from ._memory_options import asked, remembering
from ._messages import refusal
from ._store_options import storing

# New objects, less those that are gone, after which the collector looks at them. As a rule it is a few hundred.
_SELDOM = 100_000
_TOP = __name__.partition(".")[0]


def run_project(
    tags: list[str],
    env: str | None,
    runner: str | None,
    is_async: bool,
    runner_params: dict[str, Any],
    node_names: list[str],
    to_nodes: list[str],
    from_nodes: list[str],
    from_inputs: list[str],
    to_outputs: list[str],
    load_versions: dict[str, str],
    pipeline: str | None,
    pipelines: list[str],
    config: str | None,
    conf_source: str | None,
    params: dict[str, Any],
    namespaces: list[str],
    only_missing_outputs: bool,
    **memory: Any,
) -> Any:
    """Run the project's pipelines, or a part of them."""
    names = _pipeline_names(pipeline, pipelines)
    selection = {
        "tags": tuple(tags),
        "node_names": tuple(node_names),
        "from_nodes": from_nodes,
        "to_nodes": to_nodes,
        "from_inputs": from_inputs,
        "to_outputs": to_outputs,
        "load_versions": load_versions,
        "pipeline_names": names,
        "namespaces": namespaces,
        "only_missing_outputs": only_missing_outputs,
    }
    runner_object = _make_runner(runner, _resolve_runner_kwargs(is_async, runner_params))
    try:
        with remembering(memory), storing(memory):
            if memory.get("dry_run"):
                return _dry_run(env, conf_source, params, selection, memory)
            return _run_session(env, conf_source, params, {"runner": runner_object, **selection})
    except Exception as error:
        # Imported here: it is needed when a run fails.
        from ._advice import RunRequest, advise

        advise(error, RunRequest(env, conf_source, selection))
        raise


def _dry_run(
    env: str | None,
    conf_source: str | None,
    params: dict[str, Any],
    selection: dict[str, Any],
    memory: dict[str, Any],
) -> None:
    # Imported here: only a dry run looks ahead.
    from ._planning import dry_run, prospect

    dry_run(prospect(env, conf_source, params, selection, asked(memory)))


def _run_session(env: str | None, conf_source: str | None, params: dict[str, Any], arguments: dict[str, Any]) -> Any:
    # Imported here: the settings exist once the project is configured, and no other command needs a session.
    from ..project import settings
    from ..session import KedroSession

    session_class = settings.SESSION_CLASS
    takes_params = isinstance(session_class, type) and issubclass(session_class, KedroSession)
    create: dict[str, Any] = {"env": env, "conf_source": conf_source}
    if takes_params or not isinstance(session_class, type):
        create["runtime_params"] = params
    else:
        # A session for many runs takes the parameters with each of them.
        arguments = {**arguments, "runtime_params": params}
    # Imported here: only a run shows progress.
    from ._progress import shown

    with _seldom_collected() as until_nodes_run, session_class.create(**create) as session, shown(until_nodes_run):
        return session.run(**arguments)


@contextmanager
def _seldom_collected() -> Iterator[Callable[[], None]]:
    """Look for garbage seldom in this block, until what it yields is called.

    What is made before the first node runs stays until the run ends: modules, nodes, datasets. To look at it again and
    again was a tenth of a run of 1,000 nodes that had nothing to do.
    """
    usual = gc.get_threshold()

    def as_usual() -> None:
        # Hooks may have left garbage by now, and what it holds may be large. Without pluggy there are none.
        if "pluggy" not in sys.modules:
            gc.freeze()
        gc.set_threshold(*usual)

    # See how the command line itself is imported.
    gc.freeze()
    gc.set_threshold(_SELDOM, *usual[1:])
    gc.enable()
    try:
        yield as_usual
    finally:
        gc.set_threshold(*usual)


def _pipeline_names(pipeline: str | None, pipelines: list[str]) -> list[str]:
    if pipeline and pipelines:
        raise refusal("Options '--pipeline' and '--pipelines' cannot be used together.")
    if pipeline:
        warnings.warn(
            "Option '--pipeline' is deprecated. Use '--pipelines' instead.", KedroDeprecationWarning, stacklevel=2
        )
        return [pipeline]
    return list(dict.fromkeys(pipelines))


def _resolve_runner_kwargs(is_async: bool, runner_params: dict[str, Any]) -> dict[str, Any]:
    """Join ``--async`` and ``--runner-params`` into the arguments of the runner's class.

    Raises:
        KedroCliError: they contradict each other.
    """
    if is_async:
        warnings.warn(
            "Option '--async' is deprecated. Use '--runner-params=is_async=True' instead.",
            KedroDeprecationWarning,
            stacklevel=2,
        )
        if runner_params.get("is_async") is False:
            raise refusal("Options '--async' and '--runner-params=is_async=False' cannot be used together.")
    return {"is_async": is_async, **runner_params} if not is_async else {**runner_params, "is_async": True}


def _make_runner(name: str | None, arguments: dict[str, Any]) -> Any:
    name = name or "SequentialRunner"
    runner_class = _load_runner(name)
    try:
        return runner_class(**arguments)
    except TypeError as error:
        if "is_async" not in str(error) or arguments["is_async"]:
            raise refusal(f"The runner {name!r} cannot be made with {arguments!r}: {error}") from error
    # A runner of the user's own need not know the option that was not asked for.
    given = {key: value for key, value in arguments.items() if key != "is_async"}
    try:
        return runner_class(**given)
    except TypeError as error:
        raise refusal(f"The runner {name!r} cannot be made with {given!r}: {error}") from error


def _load_runner(name: str) -> Callable[..., Any]:
    runners = f"{_TOP}.runner"
    try:
        return load_obj(name, runners)  # type: ignore[no-any-return]
    except (ImportError, AttributeError, ValueError) as error:
        if isinstance(error, ImportError) and not _names_a_parent(name, error):
            # The runner's module exists, and fails by itself.
            raise
        raise refusal(f"No runner named {name!r} found.{_runner_suggestion(name, runners)}") from error


def _names_a_parent(path: str, error: ImportError) -> bool:
    module = path.rpartition(".")[0]
    return bool(error.name) and (module == error.name or module.startswith(f"{error.name}."))


def _runner_suggestion(name: str, runners: str) -> str:
    import importlib

    from ...utils import get_close_matches

    known = sorted(n for n in getattr(importlib.import_module(runners), "__all__", ()) if n.endswith("Runner"))
    close = get_close_matches(name.rpartition(".")[2], known)
    if close:
        return f" Did you mean {' or '.join(close)}?"
    return f" Known runners: {', '.join(known)}. A runner of your own is named by its dotted path."
