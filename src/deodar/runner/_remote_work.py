"""What the engine's tasks do outside of the driver's process: run nodes against a catalog made for them there.

Persistent datasets go along and are loaded and saved where the node runs. Datasets in memory are replaced by ones
that take their data from the engine and give it back. Hooks run beside the data, in the worker.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from types import FunctionType
from typing import TYPE_CHECKING, Any

from ..engine.transport.pickling import UnportableValueError
from ..io import AbstractDataset, DataCatalog, DatasetError
from ..io import MemoryDataset as _MemoryDataset
from ._hook_travel import HookLuggage
from .task import Task

if TYPE_CHECKING:
    from pluggy import PluginManager

    from ..engine.executors.protocol import Channel
    from ..engine.model import TaskId, ValueId
    from ..pipeline import Node
    from ._catalog import Catalog
    from ._inherited import Inherited

logger = logging.getLogger(__name__)


class ChannelSlot:
    """Holds the channel of the task that is running; a worker runs one at a time."""

    channel: Channel | None = None

    def require(self, name: str) -> Channel:
        """Return the channel, or fail naming the dataset that was used outside of a task."""
        if self.channel is None:
            raise RuntimeError(f"Dataset {name!r} lives in memory, and can be used in a worker while a node runs only.")
        return self.channel


class MemoryDataset(_MemoryDataset):
    """A dataset in memory whose data the engine brings and takes.

    What is loaded belongs to the node: the engine hands out memory of its own to every reader. Logs and hooks in a
    worker see the name and the kind that the dataset has in the caller's process.
    """

    def __init__(self, name: str, value: ValueId, slot: ChannelSlot, *, runner: str, is_plain: bool = False) -> None:
        super().__init__()
        self._runner = runner
        self._name = name
        self._value = value
        self._slot = slot
        self._is_plain = is_plain

    def load(self) -> Any:
        """Take the data from the engine."""
        try:
            return self._slot.require(self._name).take(self._value)
        except LookupError as error:
            if type(error) is not LookupError:
                raise  # It was there, and was lost.
            raise DatasetError("Data for MemoryDataset has not been saved yet.") from error

    def save(self, data: Any) -> None:
        """Give the data to the engine."""
        channel = self._slot.require(self._name)
        if self._is_plain and isinstance(data, FunctionType) and "<" in data.__qualname__:
            # Nothing else is looked at: to pickle large data twice only to refuse some would be dear.
            raise _unserialisable(data, self._runner)
        try:
            channel.give(self._value, data)
        except UnportableValueError as error:
            raise _unserialisable(data, self._runner) from error

    def _exists(self) -> bool:
        return True

    def _release(self) -> None:
        """Leave it to the engine, which knows when the last reader has ended."""

    def _describe(self) -> dict[str, Any]:
        return {"name": self._name}


def _unserialisable(data: Any, runner: str) -> DatasetError:
    return DatasetError(
        f"{type(data)!s} cannot be serialised. {runner} implicit memory datasets can only be used with "
        "serialisable data. Return plain data, or save it to a dataset of the catalog."
    )


class RemoteWork:
    """Runs nodes in workers; survives ``cloudpickle`` once per worker.

    In the driver's own process it runs those nodes that cannot travel, against the caller's own datasets.

    Args:
        nodes: by task number.
        datasets: the persistent ones that the nodes use, by name.
        carried: value numbers of the datasets in memory, by name.
        runner: what errors call it.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        datasets: Mapping[str, AbstractDataset[Any, Any]],
        carried: Mapping[str, ValueId],
        *,
        hook_manager: PluginManager,
        run_id: str | None,
        is_async: bool,
        project: Inherited,
        runner: str,
    ) -> None:
        self._runner = runner
        self._nodes = list(nodes)
        self._datasets = dict(datasets)
        self._carried = dict(carried)
        self._run_id = run_id
        self._is_async = is_async
        self._prepare_worker = project.prepare_worker
        self._is_plain = project.plain_values
        self._hooks = HookLuggage(hook_manager, project.project_hooks)
        self._home: set[int] = set()
        self._manager: PluginManager | None = hook_manager
        self._slot = ChannelSlot()
        self._catalog: Catalog | None = None

    def stay_home(self, nodes: set[int], datasets: set[str]) -> None:
        """Leave behind what cannot travel, when this is pickled."""
        self._home = nodes
        self._stay = datasets

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        state["_nodes"] = [None if number in self._home else node for number, node in enumerate(self._nodes)]
        stay = state.pop("_stay", set())
        state["_datasets"] = {name: dataset for name, dataset in self._datasets.items() if name not in stay}
        state["_manager"] = state["_catalog"] = None
        state["_slot"] = ChannelSlot()
        return state

    def prepare(self, worker: str) -> None:
        """Make this worker ready for the project: its package, its logging, its hooks."""
        if self._prepare_worker is not None:
            self._prepare_worker()
        self._manager = self._hooks.unpack()

    def run(self, task: TaskId, attempt: int, channel: Channel | None) -> dict[str, object] | None:
        """Run the node of a task."""
        self._slot.channel = channel
        try:
            node, catalog = self._nodes[task], self._require_catalog()
            Task(node, catalog, self._manager, self._is_async, self._run_id).run_node()
        finally:
            self._slot.channel = None
        return None

    @property
    def catalog(self) -> Catalog:
        """What the nodes load from and save to, in this process."""
        return self._require_catalog()

    @property
    def run_id(self) -> str | None:
        """The id that hooks are given."""
        return self._run_id

    def _require_catalog(self) -> Catalog:
        if self._catalog is None:
            datasets: dict[str, AbstractDataset[Any, Any]] = dict(self._datasets)
            for name, value in self._carried.items():
                datasets[name] = MemoryDataset(name, value, self._slot, runner=self._runner, is_plain=self._is_plain)
            self._catalog = DataCatalog(datasets)
        return self._catalog
