"""One node after the other, in the caller's own thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .runner import AbstractRunner

if TYPE_CHECKING:
    from pluggy import PluginManager

    from ..pipeline import Pipeline
    from ._catalog import Catalog


class SequentialRunner(AbstractRunner):
    """Runs nodes in the pipeline's topological order, in the thread that calls ``run``.

    Args:
        is_async: load the inputs of a node in parallel threads, and save its outputs likewise.
    """

    def __init__(self, is_async: bool = False) -> None:
        super().__init__(is_async=is_async)

    def _run(
        self,
        pipeline: Pipeline,
        catalog: Catalog,
        hook_manager: PluginManager | None = None,
        run_id: str | None = None,
    ) -> None:
        self._log_synchronous_mode()
        super()._run(pipeline, catalog, hook_manager, run_id)
