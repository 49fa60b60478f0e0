"""Which nodes and datasets of a run can go to another process."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..io import AbstractDataset
    from ..pipeline import Node

logger = logging.getLogger(__name__)


def find_homebound(
    nodes: Sequence[Node], datasets: Mapping[str, AbstractDataset[Any, Any]]
) -> tuple[set[int], set[str]]:
    """Return the numbers of the nodes that must run in the driver, and the names of the datasets that must stay.

    A node stays when it cannot be pickled (by ``cloudpickle``, so lambdas and closures can) or uses a dataset that
    stays; a dataset stays when it cannot be pickled or wants a single process. A log line says so.
    """
    single = any(getattr(dataset, "_SINGLE_PROCESS", False) for dataset in datasets.values())
    # All at once first: what they share is pickled once, and asking each takes ten times as long.
    if not single and _cannot_be_pickled((list(nodes), dict(datasets))) is None:
        return set(), set()
    staying = {name: reason for name, dataset in datasets.items() if (reason := _reason_to_stay(dataset))}
    home: set[int] = set()
    for number, node in enumerate(nodes):
        used = [name for name in (*node.inputs, *node.outputs, *node.confirms) if name in staying]
        reason = f"dataset '{used[0]}' {staying[used[0]]}" if used else _cannot_be_pickled(node)
        if reason:
            home.add(number)
            logger.info("Node %s runs in the main process: %s.", node.name, reason)
    return home, set(staying)


def _reason_to_stay(dataset: AbstractDataset[Any, Any]) -> str | None:
    if getattr(dataset, "_SINGLE_PROCESS", False):
        return "is made for a single process"
    return _cannot_be_pickled(dataset)


def _cannot_be_pickled(thing: Any) -> str | None:
    # Imported here: only runs that leave the process need it.
    import cloudpickle

    try:
        cloudpickle.dumps(thing)
    except Exception as error:
        return f"cannot be pickled ({type(error).__name__}: {error})"
    return None
