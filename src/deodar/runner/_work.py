"""What the engine's tasks do in the driver's own process: run nodes against the caller's catalog."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ._hooks import is_null
from .task import Task, run_bare

if TYPE_CHECKING:
    from pluggy import PluginManager

    from ..engine.executors.protocol import Channel
    from ..engine.model import TaskId
    from ..pipeline import Node
    from ._catalog import Catalog


class LocalWork:
    """Runs nodes here. The catalog holds the values, so nothing is carried."""

    def __init__(
        self,
        nodes: Sequence[Node],
        catalog: Catalog,
        hook_manager: PluginManager,
        run_id: str | None,
        *,
        is_async: bool,
    ) -> None:
        self._nodes = nodes
        self._catalog = catalog
        self._hook_manager = hook_manager
        self._run_id = run_id
        self._is_async = is_async
        self._is_bare = is_null(hook_manager) and not is_async

    @property
    def catalog(self) -> Catalog:
        """What the nodes load from and save to."""
        return self._catalog

    @property
    def run_id(self) -> str | None:
        """The id that hooks are given."""
        return self._run_id

    def prepare(self, worker: str) -> None:
        """Nothing to do: this process is the project's."""

    def run(self, task: TaskId, attempt: int, channel: Channel | None) -> dict[str, object] | None:
        """Run the node of a task."""
        if self._is_bare:
            node, catalog = self._nodes[task], self._catalog
            run_bare(node, catalog)
            for name in node.confirms:
                catalog.confirm(name)
        else:
            self.task_for(task).run_node()
        return None

    def task_for(self, task: TaskId, *, parallel: bool = False) -> Task:
        """Return the task as an object that an executor of the standard library's kind can call."""
        manager: Any = None if parallel else self._hook_manager
        return Task(self._nodes[task], self._catalog, manager, self._is_async, self._run_id, parallel)
