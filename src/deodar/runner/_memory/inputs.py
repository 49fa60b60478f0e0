"""The very inputs that a node had in a run, or the same made again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..._records import replace
from ...engine.cache.store import NotStoredError, ValueStore
from ...io.core import is_parameter
from .._inherited import Inherited, inherit
from ..sequential_runner import SequentialRunner
from .datasets import find, is_in_memory
from .options import MemoryOptions, home_of

if TYPE_CHECKING:
    from ...engine.journal.history import Attempt
    from ...pipeline import Node, Pipeline
    from .._catalog import Catalog


def load_inputs(
    pipeline: Pipeline,
    catalog: Catalog,
    node: Node,
    attempt: Attempt | None,
    options: MemoryOptions,
    project: Inherited,
    tell: Callable[[str], object],
) -> dict[str, Any]:
    """Return the inputs of a node by name.

    Files are loaded as they are now. What was in memory comes from the store; what is not there is made again by
    the nodes before, incrementally.

    Args:
        attempt: whose inputs are wanted, if there was one.
        tell: says what has to be made again.
    """
    store = ValueStore(home_of(options) / "values")
    keys = dict(attempt.facts.get("inputs") or {}) if attempt is not None else {}
    inputs: dict[str, Any] = {}
    missing: list[str] = []
    for name in dict.fromkeys(node.inputs):
        catalog.get(name, fallback_to_runtime_pattern=True)
        dataset = find(catalog, name)
        if is_parameter(name) or not is_in_memory(dataset) or dataset.exists():
            inputs[name] = catalog.load(name)
            continue
        try:
            inputs[name] = store.get(keys.get(name.partition("@")[0], ""))
        except NotStoredError:
            missing.append(name)
    if missing:
        tell(f"Making {', '.join(missing)} again.")
    for name in missing:
        # One by one: what is needed on the way to another would be released again.
        inputs[name] = _make(pipeline.to_outputs(name), catalog, name, options, project)
    return {name: inputs[name] for name in dict.fromkeys(node.inputs)}


def _make(pipeline: Pipeline, catalog: Catalog, name: str, options: MemoryOptions, project: Inherited) -> Any:
    state = replace(options, mode="incremental", wants_results=True)
    with inherit(replace(project, state=state)):
        return SequentialRunner().run(pipeline, catalog)[name].load()
