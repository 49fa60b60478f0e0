"""What the run memory knows of datasets: where they lie, and what they hold."""

from __future__ import annotations

import os
import stat
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from ...engine.cache.content import (
    PREFIX,
    REMOTE_PREFIX,
    STAT_PREFIX,
    ContentMemo,
    identify_path,
    identify_remote,
    stat_identity,
)
from ...io import MemoryDataset, SharedMemoryDataset
from ...io.core import AbstractVersionedDataset

if TYPE_CHECKING:
    from .._catalog import Catalog

LOCAL = ("file", "local")
_NOTHING: Any = object()
_PLAIN_LOAD_PATH = AbstractVersionedDataset._get_load_path


def find(catalog: Catalog, name: str) -> Any:
    """Return a dataset of a catalog, wrappers taken off; None when it has none of this name."""
    dataset = catalog._datasets.get(name)
    if dataset is None:
        dataset = catalog.get(name) if name in catalog else None
    inner = getattr(dataset, "_dataset", None)
    # A CachedDataset keeps in memory what its own dataset has in a file.
    return inner if inner is not None and getattr(dataset, "_cache", None) is not None else dataset


def is_in_memory(dataset: Any) -> bool:
    """Say whether what a dataset holds is lost with the process."""
    # Both classes are ephemeral, and to ask an abstract class what is an instance of it takes longer.
    if not getattr(dataset, "_EPHEMERAL", False):
        return False
    return isinstance(dataset, (MemoryDataset, SharedMemoryDataset)) or not hasattr(dataset, "_filepath")


def held(dataset: Any) -> Any:
    """Return what a dataset in memory holds, uncopied where that can be had; ``NOTHING`` when it is empty."""
    if isinstance(dataset, MemoryDataset):
        return dataset._data if dataset._exists() else NOTHING
    try:
        return dataset.load() if dataset is not None and dataset.exists() else NOTHING
    except Exception:
        # A manager that is gone, a dataset in an odd state: for a witness there is nothing to see.
        return NOTHING


NOTHING = _NOTHING


def identify(dataset: Any, memo: ContentMemo | None = None, limit: int | None = None) -> str | None:
    """Return the identity of what a dataset has in files or in a store; None when that cannot be told.

    Args:
        limit: files of more bytes are told by their stat alone.
    """
    place = place_of(dataset)
    if place is None:
        return None
    filesystem, path = place
    if filesystem is None:
        return identify_path(path, memo, limit)
    return identify_remote(filesystem, path)


def is_same(dataset: Any, recorded: str, memo: ContentMemo | None = None) -> bool:
    """Say whether a dataset has what an identity tells of, looking no closer than the identity did."""
    place = place_of(dataset)
    if place is None:
        return False
    filesystem, path = place
    if recorded.startswith(REMOTE_PREFIX):
        return filesystem is not None and identify_remote(filesystem, path) == recorded
    if filesystem is not None:
        return False
    if recorded.startswith(STAT_PREFIX):
        return stat_identity(path) == recorded
    return recorded.startswith(PREFIX) and identify_path(path, memo) == recorded


def is_traceable(dataset: Any) -> bool:
    """Say whether a dataset lies where its content can be told."""
    return hasattr(dataset, "_filepath") or hasattr(dataset, "_path")


def place_of(dataset: Any) -> tuple[Any, str] | None:
    """Return where a dataset would be loaded from: a file system (None for this machine's) and a path."""
    if dataset is None or not is_traceable(dataset):
        return None
    if is_plain_file(dataset):
        # Most are of this kind, and a run asks for each.
        return None, os.fspath(dataset._filepath)
    protocol = getattr(dataset, "_protocol", "file")
    pinned = getattr(dataset, "_cached_load_version", None)
    try:
        path = dataset._get_load_path() if hasattr(dataset, "_get_load_path") else getattr(dataset, "_path", None)
    except Exception:
        # No version yet, or no right to look: nothing is there for us.
        return None
    if pinned is None and hasattr(dataset, "_cached_load_version"):
        # A look must not settle which version is loaded: the dataset may be about to be saved, by another process even.
        dataset._cached_load_version = None
    path = getattr(dataset, "_filepath", None) if path is None else path
    if path is None:
        return None
    if protocol in LOCAL:
        return None, os.fspath(path) if isinstance(path, PurePath) else str(path)
    filesystem = getattr(dataset, "_fs", None) or getattr(dataset, "_filesystem", None)
    return None if filesystem is None else (filesystem, str(path))


def is_plain_file(dataset: Any) -> bool:
    """Say whether a dataset is what lies at its path on this machine, of which there are no versions."""
    return (
        getattr(dataset, "_protocol", "file") in LOCAL
        and getattr(type(dataset), "_get_load_path", None) is _PLAIN_LOAD_PATH
        and not dataset._version
    )


def size_of(dataset: Any) -> int | None:
    """Return how many bytes the file of a dataset has; None for anything but one local file."""
    place = place_of(dataset)
    if place is None or place[0] is not None:
        return None
    try:
        found = os.stat(place[1])  # noqa: PTH116  # Once for each output of each node.
    except OSError:
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def target_of(dataset: Any, folders: dict[str, str] | None = None) -> str | None:
    """Return what two runs must not write at once; None when each writes its own version, or nobody can tell.

    Args:
        folders: where folders lead, remembered from one dataset to the next.
    """
    if dataset is None or getattr(dataset, "_version", None) is not None:
        return None
    path = getattr(dataset, "_filepath", None) or getattr(dataset, "_path", None)
    if path is None:
        return None
    protocol = getattr(dataset, "_protocol", "file")
    return (
        _real_path(os.fspath(path), {} if folders is None else folders) if protocol in LOCAL else f"{protocol}://{path}"
    )


def _real_path(path: str, folders: dict[str, str]) -> str:
    """Return where a path leads; ``realpath`` looks at each folder on the way, and outputs share their folders."""
    folder, _, name = path.rpartition(os.sep)
    if not folder or name in ("", ".", "..") or (os.altsep and os.altsep in path) or os.path.islink(path):  # noqa: PTH114
        return os.path.realpath(path)
    if folder not in folders:
        folders[folder] = os.path.realpath(folder)
    return f"{folders[folder].rstrip(os.sep)}{os.sep}{name}"
