"""What cannot work on the workers of a cluster, said before anything starts."""

from __future__ import annotations

import importlib.util
import platform
import socket
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._records import dataclass
from .._version import __version__
from ..engine.executors._strays import find_strays

if TYPE_CHECKING:
    from ..engine.executors.cluster.executor import ClusterExecutor
    from ..io import AbstractDataset
    from ..pipeline import Node

_KNOWN = frozenset({"builtins", "__main__", "__mp_main__", *sys.stdlib_module_names})


class ClusterNotFitError(RuntimeError):
    """A project cannot run on a cluster as it is.

    Attributes:
        problems: one sentence for each, with what to do.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(tuple(problems))
        self.problems = tuple(problems)

    def __str__(self) -> str:
        lines = "".join(f"\n  - {problem}" for problem in self.problems)
        return f"The run was not started, as it cannot work on this cluster:{lines}"


@dataclass(frozen=True, slots=True)
class View:
    """What one process sees.

    Attributes:
        files: identities of folders by path; None where there is none.
        missing: packages that it cannot import.
    """

    host: str
    python: str
    version: str
    files: Mapping[str, int | None]
    missing: frozenset[str]


def look(paths: Iterable[str], packages: Iterable[str], search: Sequence[str], host: str) -> View:
    """Look around in this process; runs in workers.

    Args:
        search: where the driver finds modules; on its own machine, workers will look there too.
    """
    here = socket.gethostname()
    before = list(sys.path)
    sys.path.extend([entry for entry in search if here == host or Path(entry).exists()])
    try:
        missing = frozenset(name for name in packages if not _can_be_found(name))
    finally:
        sys.path[:] = before
    files = {path: _identity(path) for path in paths}
    return View(here, platform.python_version(), __version__, files, missing)


def _can_be_found(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _identity(path: str) -> int | None:
    try:
        return Path(path).stat().st_ino
    except OSError:
        return None


def check_datasets(datasets: Mapping[str, AbstractDataset[Any, Any]], staying: Collection[str]) -> list[str]:
    """Return what is wrong with datasets on any number of machines: those that keep their data in their own process."""
    return [
        f"dataset {name!r} ({type(dataset).__name__}) keeps its data in one process: what a worker saves nobody else "
        "would see. Give it a place in the catalog, or let it be a MemoryDataset, which is carried between workers."
        for name, dataset in sorted(datasets.items())
        if getattr(dataset, "_EPHEMERAL", False) and name not in staying
    ]


def check_workers(
    executor: ClusterExecutor[Any], nodes: Sequence[Node], datasets: Mapping[str, AbstractDataset[Any, Any]]
) -> list[str]:
    """Return what is wrong with a cluster's workers, as seen from there: folders and packages that they do not have."""
    folders = {name: folder for name, dataset in datasets.items() if (folder := _local_folder(dataset))}
    used = [*(node.func for node in nodes), *map(type, datasets.values())]
    # What is not to be found by name here travels otherwise.
    packages = {name for name in map(_package_of, used) if name not in _KNOWN and _can_be_found(name)}
    packages -= {_root(name) for name in find_strays()}
    mine = look(sorted(set(folders.values())), (), (), "")
    try:
        views = executor.ask_workers(look, sorted(set(folders.values())), sorted(packages), sys.path, mine.host)
    except Exception as error:
        top = __name__.partition(".")[0]
        return [f"its workers cannot be asked ({type(error).__name__}: {error}). Is {top!r} installed on them?"]
    problems = []
    for worker, view in sorted(views.items()):
        problems += _problems_of(worker, view, mine, folders)
    return problems


def _problems_of(worker: str, view: View, mine: View, folders: Mapping[str, str]) -> list[str]:
    where = f"worker {worker} on {view.host}"
    problems = []
    if view.python.rpartition(".")[0] != mine.python.rpartition(".")[0]:
        problems.append(f"{where} runs Python {view.python} and this process {mine.python}: use the same release.")
    if view.version != mine.version:
        top = __name__.partition(".")[0]
        problems.append(f"{where} has {top} {view.version} and this process {mine.version}: install the same release.")
    if view.missing:
        listed = ", ".join(sorted(view.missing))
        problems.append(f"{where} does not have the code of {listed}: install it there, or share the project's folder.")
    strange = sorted(name for name, folder in folders.items() if view.files[folder] != mine.files[folder])
    if strange:
        examples = ", ".join(f"{name!r} ({folders[name]})" for name in strange[:3])
        more = f" and {len(strange) - 3} more" if len(strange) > 3 else ""
        problems.append(
            f"{where} does not see the same files as this process, so not the datasets {examples}{more}: put them on "
            "a shared folder or into an object store."
        )
    return problems


def _package_of(thing: Any) -> str:
    return _root(str(getattr(thing, "__module__", None) or "builtins"))


def _root(name: str) -> str:
    return name.partition(".")[0]


def _local_folder(dataset: AbstractDataset[Any, Any]) -> str | None:
    """Return the nearest folder that exists of a dataset's local file; None for data elsewhere."""
    path = getattr(dataset, "_filepath", None) or getattr(dataset, "_path", None)
    protocol = getattr(dataset, "_protocol", "file")
    if path is None or protocol not in ("file", "local", "") or "://" in str(path):
        return None
    place = Path(str(path)).absolute()
    return str(next((folder for folder in place.parents if folder.is_dir()), place.anchor))
