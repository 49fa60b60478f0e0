"""Nodes on a cluster of Ray."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ._cluster_runner import ClusterRunner

if TYPE_CHECKING:
    from ..engine.executors.cluster.executor import ClusterExecutor


class RayRunner(ClusterRunner):
    """Runs a node on Ray as soon as its own parents are done.

    Data in memory stays in Ray's object store and goes from machine to machine; persistent datasets are loaded and
    saved where the node runs; hooks run there; nodes and datasets that cannot be pickled stay in the main process.

    Args:
        address: of a cluster (``"auto"``, ``"ray://head:10001"``). None uses the one that this process is connected
            to; if it is not, a local one is started for each run and ended.
        is_async: load the inputs of a node in parallel threads, and save its outputs likewise.
        check: ask the workers of a given cluster, before anything starts, for the code and the files that they need.
        init: for ``ray.init`` (``num_cpus=4``).
    """

    _called = "RayRunner"

    def __init__(self, address: str | None = None, is_async: bool = False, check: bool = True, **init: Any) -> None:
        super().__init__(address, is_async, check, **init)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[ClusterExecutor[Any]]:
        # Imported here: a runner may be made, and shown, where the engine is not installed.
        from ..engine.executors.cluster.ray import connect

        with connect(self._address, self._options) as executor:
            yield executor
