"""What runners share whose nodes run outside of the main process: how a pipeline and its data get there and back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..io import AbstractDataset, DatasetError, MemoryDataset, SharedMemoryDataset
from ._hooks import NULL_MANAGER
from ._inherited import inherited
from .runner import AbstractRunner

if TYPE_CHECKING:
    from pluggy import PluginManager

    from ..engine.executors.protocol import Executor as EngineExecutor
    from ..engine.model import Resources, ValueId
    from ..pipeline import Node, Pipeline
    from ._catalog import Catalog
    from ._compile import CompiledPipeline


class RemoteRunner(AbstractRunner):
    """Runs nodes in workers that an executor of the engine brings.

    Data in memory is carried by the engine; persistent datasets are loaded and saved where the node runs; what cannot
    travel stays in the main process.
    """

    _called = "ParallelRunner"
    """What errors call it, that of a project's own subclass too."""

    def _check(
        self,
        executor: Any,
        nodes: Sequence[Node],
        datasets: Mapping[str, AbstractDataset[Any, Any]],
        staying: Collection[str],
    ) -> None:
        """Raise if nodes that shall travel cannot work where they get to.

        Args:
            datasets: the persistent ones.
            staying: names of those that do not travel.
        """
        return

    def _run_remotely(
        self,
        pipeline: Pipeline,
        catalog: Catalog,
        hook_manager: PluginManager | None,
        run_id: str | None,
        *,
        executor: EngineExecutor,
        supply: Resources,
    ) -> None:
        """Run a pipeline on an executor.

        Args:
            supply: what the workers have; holds where the project's budget does not say.
        """
        # Imported here: beside the start of workers, which comes first.
        from ._compile import compile_pipeline
        from ._crash_hooks import CrashHooks
        from ._policies import SpecMaker
        from ._remote_work import RemoteWork
        from ._travel import find_homebound

        manager: Any = hook_manager or NULL_MANAGER
        datasets = {name: catalog[name] for name in sorted(pipeline.datasets() | confirmed(pipeline))}
        memory = {name for name, dataset in datasets.items() if in_memory(dataset)}
        persistent = {name: dataset for name, dataset in datasets.items() if name not in memory}
        home, staying = find_homebound(pipeline.nodes, persistent)
        travelling = [node for number, node in enumerate(pipeline.nodes) if number not in home]
        self._check(executor, travelling, persistent, staying)
        project = inherited()
        maker = SpecMaker.inherited_by(project, home)
        compiled = compile_pipeline(pipeline, carried=memory, maker=maker)
        carried = {name: compiled.numbers[name] for name in memory if name in compiled.numbers}
        work = RemoteWork(
            compiled.nodes,
            persistent,
            carried,
            hook_manager=manager,
            run_id=run_id,
            is_async=self._is_async,
            project=project,
            runner=self._called,
        )
        work.stay_home(home, staying)
        self._pipeline_run(pipeline, compiled, catalog).execute(
            executor,
            work,
            policy=maker.run_policy(project, on_error="drain", supply=supply, by_cost=True),
            seed=lambda executor: _seed(executor, compiled, datasets, carried),
            finish=lambda executor: _collect(executor, pipeline, datasets, carried),
            observers=[
                CrashHooks(
                    manager,
                    compiled.nodes,
                    catalog,
                    lambda name: executor.fetch(carried[name]) if name in carried else catalog.load(name),
                    is_async=self._is_async,
                    run_id=run_id,
                )
            ],
        )


def in_memory(dataset: Any) -> bool:
    """Return whether the engine can carry what a dataset holds."""
    return isinstance(dataset, (MemoryDataset, SharedMemoryDataset))


def keep_result(dataset: Any, data: Any) -> None:
    """Put data that nobody else holds into a dataset in memory, where it outlives workers and managers."""
    if isinstance(dataset, SharedMemoryDataset):
        # A dataset without its manager is empty; from now on it holds the result by itself.
        dataset.shared_memory_dataset = MemoryDataset()
        dataset.shared_memory_dataset.adopt(data)
    elif isinstance(dataset, MemoryDataset):
        dataset.adopt(data)


def confirmed(pipeline: Pipeline) -> set[str]:
    """Return the names of the datasets that nodes confirm."""
    return {name for node in pipeline.nodes for name in node.confirms}


def _seed(
    executor: EngineExecutor,
    compiled: CompiledPipeline,
    datasets: Mapping[str, AbstractDataset[Any, Any]],
    carried: Mapping[str, ValueId],
) -> None:
    """Hand over what is in memory before the run and is read in it without having been written."""
    written = {value for task in compiled.graph.tasks for value in task.writes}
    read = {value for task in compiled.graph.tasks for value in task.reads}
    for name, value in sorted(carried.items()):
        if value in read and value not in written and datasets[name].exists():
            executor.put(value, datasets[name].load())


def _collect(
    executor: EngineExecutor,
    pipeline: Pipeline,
    datasets: Mapping[str, AbstractDataset[Any, Any]],
    carried: Mapping[str, ValueId],
) -> None:
    """Put the results that are in memory into the caller's datasets.

    Raises:
        DatasetError: naming the first result that cannot be unpacked here.
    """
    # Imported here, as above.
    from ..engine.transport.pickling import UnreadableValueError

    prefetch = getattr(executor, "prefetch", None)
    if prefetch is not None:
        # Where values are far away.
        prefetch([carried[name] for name in sorted(pipeline.outputs()) if name in carried])
    unreadable: list[tuple[str, UnreadableValueError]] = []
    for name in sorted(pipeline.outputs()):
        if name not in carried:
            continue
        try:
            data = executor.fetch(carried[name])
        except LookupError:
            # Its node was reused, and nobody asked for the value.
            continue
        except UnreadableValueError as error:
            unreadable.append((name, error))
            continue
        keep_result(datasets[name], data)
    # Last: the other results are good.
    for name, reason in unreadable:
        raise DatasetError(f"{name}: All nodes ran, but this result could not be brought back. {reason}") from reason
