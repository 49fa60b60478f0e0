"""Runs in pieces: datasets in memory that live in a shared store, so that each node may run in a process of its own.

A scheduler of one's own (Airflow, Argo, Slurm, make) starts the pieces, in any order that their data allows; all of
them name one store and one run id.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .._records import dataclass, field, replace
from ..engine.transport.store import NotInStoreError, RunStore
from ..io import AbstractDataset, MemoryDataset, SharedMemoryDataset
from ..pipeline.transcoding import _strip_transcoding
from ._inherited import inherit, inherited

if TYPE_CHECKING:
    from ..pipeline import Pipeline
    from ._catalog import Catalog


class MissingFromStoreError(ValueError):
    """A part of a run was started before the part that makes its inputs.

    Attributes:
        names: the datasets that are not there yet.
        nodes: names of those that have to run first, in order; empty where nobody knows them.
        command: runs these nodes; empty where nobody knows them.
    """

    def __init__(self, names: list[str], store: RunStore, nodes: Sequence[str] = (), command: str = "") -> None:
        super().__init__(names, store, nodes, command)
        self.names = names
        self.store = store
        self.nodes = list(nodes)
        self.command = command

    def __str__(self) -> str:
        listed = ", ".join(map(repr, self.names))
        found = f"The run store {self.store.url!r} has no {listed} of run {self.store.run!r}."
        if not self.nodes:
            return f"{found} Run the nodes that make them first, with the same store and the same run id."
        return f"{found} Run {', '.join(map(repr, self.nodes))} first:\n    {self.command}"


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """What a run is told of its store.

    Attributes:
        url: a folder's path, or any URL that fsspec understands.
        run_id: shared by all pieces of a run; None means the run's own.
        storage_options: for the file system.
    """

    url: str
    run_id: str | None = None
    storage_options: Mapping[str, Any] = field(default_factory=dict)


class StoredDataset(AbstractDataset[Any, Any]):
    """A dataset that would be in memory, kept in a run store."""

    def __init__(self, name: str, store: RunStore) -> None:
        self._name = name
        self._store = store

    def load(self) -> Any:
        """Return the data; it is the caller's own."""
        try:
            return self._store.get(self._name)
        except NotInStoreError as error:
            raise MissingFromStoreError([self._name], self._store) from error

    def save(self, data: Any) -> None:
        """Keep the data for the other pieces of the run."""
        self._store.put(self._name, data)

    def _exists(self) -> bool:
        return self._name in self._store

    def _describe(self) -> dict[str, Any]:
        return {"place": self._store.place_of(self._name)}


@contextlib.contextmanager
def storing(url: str, run_id: str | None = None, **storage_options: Any) -> Iterator[None]:
    """Have the runs of this block keep in a store what would be in memory alone.

    Args:
        url: a folder's path, or any URL that fsspec understands.
        run_id: shared by all pieces of a run.
        storage_options: for the file system.
    """
    with inherit(replace(inherited(), store=StoreOptions(url, run_id, storage_options))):
        yield


def attach_store(options: StoreOptions, pipeline: Pipeline, catalog: Catalog, run_id: str | None) -> None:
    """Replace the datasets of a pipeline that would be in memory, and hold nothing, by stored ones.

    Raises:
        MissingFromStoreError: if a free input is not in the store yet.
        ValueError: if there is no run id.
    """
    run = options.run_id or run_id
    if not run:
        raise ValueError("A run with a store needs a run id, which its pieces share. Give one by --run-id or run_id=.")
    store = RunStore(options.url, run, options.storage_options)
    kept = [name for name in sorted(pipeline.datasets()) if _is_to_be_stored(name, catalog)]
    missing = [name for name in kept if name in pipeline.inputs() and name not in store]
    if missing:
        first = _to_run_first(missing, catalog, store)
        raise MissingFromStoreError(missing, store, first, _command(first, options, run))
    for name in kept:
        catalog[name] = StoredDataset(name, store)


def _is_to_be_stored(name: str, catalog: Catalog) -> bool:
    if name not in catalog:
        return not name.startswith("params:") and name != "parameters"
    dataset = catalog.get(name)
    return isinstance(dataset, (MemoryDataset, SharedMemoryDataset)) and not dataset.exists()


def _to_run_first(missing: list[str], catalog: Catalog, store: RunStore) -> list[str]:
    """Return the nodes that make what is missing, and what these miss, in an order in which they can run."""
    whole = inherited().whole
    if whole is None:
        return []
    makers = {_strip_transcoding(output): node for node in whole.nodes for output in node.outputs}
    wanted, found = list(missing), set()
    while wanted:
        maker = makers.get(_strip_transcoding(wanted.pop()))
        if maker is not None and maker not in found:
            found.add(maker)
            wanted += [name for name in maker.inputs if _is_to_be_stored(name, catalog) and name not in store]
    return [node.name for node in whole.nodes if node in found]


def _command(nodes: list[str], options: StoreOptions, run: str) -> str:
    # Imported here: only an error needs it.
    import shlex

    project = inherited()
    words = ["deodar", "run", f"--nodes={','.join(nodes)}", f"--store={options.url}", f"--run-id={run}"]
    if project.pipeline_names and project.pipeline_names != ("__default__",):
        words.append(f"--pipelines={','.join(project.pipeline_names)}")
    if project.env:
        words.append(f"--env={project.env}")
    return shlex.join(words)
