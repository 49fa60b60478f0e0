"""Which versions a run reads: settled when it is planned, and the same in all its processes.

What comes from outside is pinned to the version that is the latest now, whatever others save while the run goes on.
What the run saves it reads itself, so that anything known about its outputs from before must be forgotten.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..io.core import AbstractVersionedDataset

if TYPE_CHECKING:
    from ._catalog import Catalog
    from ._compile import CompiledPipeline

logger = logging.getLogger(__name__)


@contextlib.contextmanager
def pinned_versions(compiled: CompiledPipeline, catalog: Catalog) -> Iterator[None]:
    """Settle the versions of a run's inputs, and have its outputs be read as they were saved."""
    written = {name for node in compiled.nodes for name in node.outputs}
    outputs = []
    for name in compiled.datasets:
        dataset = _versioned(catalog, name)
        if dataset is None:
            continue
        if name in written:
            outputs.append(dataset)
            dataset._cached_load_version = None
        else:
            _pin(name, dataset)
    try:
        yield
    finally:
        for dataset in outputs:
            # Saved by a worker, and looked at before here: the next look finds the version of this run.
            if dataset._cached_load_version != (dataset._version.save or dataset._cached_save_version):
                dataset._cached_load_version = None


def _pin(name: str, dataset: Any) -> None:
    try:
        dataset.resolve_load_version()
    except Exception as error:
        # It may never be loaded; if it is, the load says why it cannot be.
        logger.debug("The version of %s cannot be told yet: %s", name, error)


def _versioned(catalog: Catalog, name: str) -> Any:
    dataset: Any = catalog._datasets.get(name)
    if getattr(dataset, "_passes_on", False):
        dataset = dataset._dataset
    is_open = isinstance(dataset, AbstractVersionedDataset) and dataset._version and not dataset._version.load
    return dataset if is_open else None
