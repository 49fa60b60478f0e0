"""What the runners on clusters share."""

from __future__ import annotations

import abc
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from ..engine.model import Resources
from ._remote_runner import RemoteRunner

if TYPE_CHECKING:
    from pluggy import PluginManager

    from ..engine.executors._cluster import ClusterExecutor
    from ..pipeline import Pipeline
    from ._catalog import Catalog


class ClusterRunner(RemoteRunner):
    """Runs nodes on a cluster that somebody else's engine keeps.

    Args:
        address: of a cluster that is there; None starts one on this machine for each run.
        is_async: load the inputs of a node in parallel threads, and save its outputs likewise.
        options: for the engine.
    """

    def __init__(self, address: Any = None, is_async: bool = False, **options: Any) -> None:
        super().__init__(is_async=is_async)
        self._address = address
        self._options = options

    @abc.abstractmethod
    def _connected(self) -> AbstractContextManager[ClusterExecutor[Any]]:
        """Return an executor on a cluster that stays connected in the block."""

    def _run(
        self,
        pipeline: Pipeline,
        catalog: Catalog,
        hook_manager: PluginManager | None = None,
        run_id: str | None = None,
    ) -> None:
        with self._connected() as executor:
            self._run_remotely(
                pipeline,
                catalog,
                hook_manager,
                run_id,
                executor=executor,
                supply=Resources(float(max(1, executor.slots))),
            )
