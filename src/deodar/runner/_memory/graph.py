"""A pipeline's graph as the run memory sees it: one value for each dataset, whatever formats it is read in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..._records import dataclass, replace
from ...engine.graph import TaskGraph
from ...engine.model import TaskId, TaskSpec, ValueId, ValueSpec
from .datasets import find, is_in_memory
from .work import Output

if TYPE_CHECKING:
    from .._catalog import Catalog
    from .._compile import CompiledPipeline


@dataclass(frozen=True, slots=True)
class MemoryGraph:
    """A graph to decide on.

    Attributes:
        names: by value, as in the journal.
        datasets: by value.
        aliases: by value, the names of the dataset in the catalog.
        outputs: by task, what it writes.
        inputs: values that no task of the graph writes.
        carried: numbers in the runner's graph of the values that the executor has, and not the catalog; by name.
    """

    graph: TaskGraph
    names: dict[ValueId, str]
    datasets: dict[ValueId, Any]
    aliases: dict[ValueId, list[str]]
    outputs: Sequence[Sequence[Output]]
    inputs: frozenset[ValueId]
    carried: dict[str, ValueId]


def look(compiled: CompiledPipeline, catalog: Catalog) -> MemoryGraph:
    """Translate a compiled pipeline. Tasks keep their numbers, values that are one dataset become one."""
    numbers: dict[str, ValueId] = {}
    same: list[ValueId] = []
    names: dict[ValueId, str] = {}
    datasets: dict[ValueId, Any] = {}
    aliases: dict[ValueId, list[str]] = {}
    for name in compiled.datasets:
        base = name.partition("@")[0]
        value = numbers.setdefault(base, ValueId(len(numbers)))
        same.append(value)
        names[value] = base
        datasets.setdefault(value, find(catalog, name))
        aliases.setdefault(value, []).append(name)
    carried = {value for value, dataset in datasets.items() if dataset is None or is_in_memory(dataset)}
    kept = {same[number] for number, spec in enumerate(compiled.graph.values) if spec.kept}
    values = [ValueSpec(name, value in carried, value in kept) for name, value in numbers.items()]
    tasks = [_translated(task, same) for task in compiled.graph.tasks]
    outputs = [
        [Output(value, compiled.datasets[value], names[same[value]], same[value] in carried) for value in task.writes]
        for task in compiled.graph.tasks
    ]
    written = {value for task in tasks for value in task.writes}
    graph = TaskGraph(tasks, values, compiled.graph.children, compiled.graph.waits)
    travelling = {
        compiled.datasets[number]: ValueId(number) for number, spec in enumerate(compiled.graph.values) if spec.carried
    }
    return MemoryGraph(graph, names, datasets, aliases, outputs, frozenset(set(names) - written), travelling)


def _translated(task: TaskSpec, same: Sequence[ValueId]) -> TaskSpec:
    reads = tuple(dict.fromkeys([same[value] for value in task.reads]))
    writes = tuple(dict.fromkeys([same[value] for value in task.writes]))
    # Most pipelines read each dataset in one format, and to replace costs more than all of the above.
    return task if (reads, writes) == (task.reads, task.writes) else replace(task, reads=reads, writes=writes)


def results(found: MemoryGraph) -> frozenset[ValueId]:
    """Return the values in memory that are left at the end for the caller."""
    return frozenset(
        value
        for task in found.graph.tasks
        for value in task.writes
        if found.graph.values[value].kept and found.graph.values[value].carried
    )


def numbers_of(found: MemoryGraph, wanted: Sequence[str]) -> tuple[frozenset[TaskId], list[str]]:
    """Return the tasks of these names, and the names that no task has."""
    by_name = {task.name: TaskId(number) for number, task in enumerate(found.graph.tasks)}
    return frozenset(by_name[name] for name in wanted if name in by_name), [n for n in wanted if n not in by_name]
