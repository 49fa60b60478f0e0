"""Nodes on a cluster of Dask."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ._cluster_runner import ClusterRunner

if TYPE_CHECKING:
    from ..engine.executors.cluster.executor import ClusterExecutor


class DaskRunner(ClusterRunner):
    """Runs a node on Dask as soon as its own parents are done.

    Data in memory stays on the cluster and goes from worker to worker; persistent datasets are loaded and saved where
    the node runs; hooks run there; nodes and datasets that cannot be pickled stay in the main process.

    Args:
        address: of a scheduler (``"tcp://10.0.0.1:8786"``), or a ``distributed`` cluster or client. None starts a
            local cluster for each run and closes it.
        is_async: load the inputs of a node in parallel threads, and save its outputs likewise.
        check: ask the workers of a given cluster, before anything starts, for the code and the files that they need.
        cluster: for ``distributed.LocalCluster`` (``n_workers=4``), or with an address for ``distributed.Client``.
    """

    _called = "DaskRunner"

    def __init__(self, address: Any = None, is_async: bool = False, check: bool = True, **cluster: Any) -> None:
        super().__init__(address, is_async, check, **cluster)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[ClusterExecutor[Any]]:
        # Imported here: a runner may be made, and shown, where the engine is not installed.
        from ..engine.executors.cluster.dask import DaskExecutor, connect

        with connect(self._address, self._options) as client:
            yield DaskExecutor(client, ours=self._address is None)
