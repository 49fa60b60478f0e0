"""What the runners on clusters share."""

from __future__ import annotations

import abc
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from ._remote_runner import RemoteRunner

if TYPE_CHECKING:
    from pluggy import PluginManager

    from ..engine.executors.cluster.executor import ClusterExecutor
    from ..io import AbstractDataset
    from ..pipeline import Node, Pipeline
    from ._catalog import Catalog


class ClusterRunner(RemoteRunner):
    """Runs nodes on a cluster that somebody else's engine keeps.

    Args:
        address: of a cluster that is there; None starts one on this machine for each run.
        is_async: load the inputs of a node in parallel threads, and save its outputs likewise.
        check: ask the workers of a given cluster, before anything starts, for the code and the files that they need.
        options: for the engine.

    Raises:
        ClusterNotFitError: from ``run``, if something cannot work there.
    """

    def __init__(self, address: Any = None, is_async: bool = False, check: bool = True, **options: Any) -> None:
        super().__init__(is_async=is_async)
        self._address = address
        self._asks = check
        self._options = options

    @abc.abstractmethod
    def _connected(self) -> AbstractContextManager[ClusterExecutor[Any]]:
        """Return an executor on a cluster that stays connected in the block."""

    def _check(
        self,
        executor: Any,
        nodes: Sequence[Node],
        datasets: Mapping[str, AbstractDataset[Any, Any]],
        staying: Collection[str],
    ) -> None:
        # Imported here: a run that starts no nodes elsewhere has nothing to check.
        from ._preflight import ClusterNotFitError, check_datasets, check_workers

        problems = check_datasets(datasets, staying)
        if self._asks and not executor.ours and nodes:
            # A cluster of our own is on this machine, and sees what this process sees.
            travelling = {name: dataset for name, dataset in datasets.items() if name not in staying}
            problems += check_workers(executor, nodes, travelling)
        if problems:
            raise ClusterNotFitError(problems)

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
                supply=executor.supply,
            )
