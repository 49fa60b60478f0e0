"""Importable nodes, hooks and datasets for the conformance suite; workers import them by name."""

from __future__ import annotations

import builtins
import logging
import os
import signal
import threading
import time
import warnings
from pathlib import Path
from typing import Any

import pluggy

from deodar.io import AbstractDataset

hookspec, hookimpl = pluggy.HookspecMarker("conformance"), pluggy.HookimplMarker("conformance")
logger = logging.getLogger("deodar.conformance")


def increment(x: int) -> int:
    return x + 1


def add(*terms: int) -> int:
    return sum(terms)


def split(x: int) -> tuple[int, int]:
    return x, -x


def pick(x: int) -> dict[str, int]:
    return {"small": x, "big": x * 100}


def two_arrays(size: int) -> tuple[Any, Any]:
    # Workers of the other suites need no NumPy.
    import numpy as np

    return np.ones(size), np.zeros(size)


def chunks(x: int) -> Any:
    for number in range(3):
        yield x * number


def shout(x: int) -> int:
    logger.warning("shouting %s", x)
    return x


def shout_and_wait_for(path: str) -> int:
    logger.warning("waiting")
    tries = 0
    while not Path(path).exists():
        tries += 1
        time.sleep(0.005)
    return tries


def leave_mark(folder: str, name: str) -> str:
    Path(folder, name).touch()
    return name


def wait_for_marks(folder: str, count: int) -> int:
    limit = time.monotonic() + 60.0
    while len(os.listdir(folder)) < count:
        if time.monotonic() > limit:
            raise TimeoutError(f"only {len(os.listdir(folder))} of {count} are there")
        time.sleep(0.005)
    return count


def warn(x: int) -> int:
    warnings.warn("this is a warning from a node", UserWarning, stacklevel=1)
    return x


class OddError(Exception):
    """An error that does not unpickle: its constructor wants what pickle does not give."""

    def __init__(self, code: int, *, detail: str) -> None:
        super().__init__(f"code {code}: {detail}")


def raise_odd(x: int) -> int:
    raise OddError(x, detail="odd")


def divide(x: int) -> float:
    return x / 0


class Unreadable:
    """Goes well into a pickle, and raises an error of a kind when it comes out."""

    def __init__(self, x: int, kind: str) -> None:
        self.kind = kind

    def __reduce__(self) -> Any:
        return fail_to_load, (self.kind,)


def fail_to_load(kind: str) -> None:
    raise getattr(builtins, kind)("a load that fails")


def make_lock(x: int) -> Any:
    return threading.Lock()


def die(x: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return x


def die_the_first_time(marker: str) -> str:
    if not Path(marker).exists():
        Path(marker).touch()
        die(0)
    return "alive"


def crash(x: int) -> int:
    # Only the child of a test does this.
    import ctypes

    ctypes.string_at(0)
    return x


def leave_at_once(x: int) -> int:
    os._exit(41)


def fill_memory_and_die(x: int) -> int:
    held = b"x" * 200_000_000
    return die(len(held))


def die_of_two(a: int, b: int) -> int:
    return die(a + b)


def note_times(path: str, number: int) -> tuple[float, float]:
    began = time.monotonic()
    sum(range(100_000 + number))
    return began, time.monotonic()


def die_for_memory_once(path: str) -> tuple[float, float]:
    marker = Path(path) / "died"
    if not marker.exists():
        marker.touch()
        fill_memory_and_die(0)
    return note_times(path, 0)


def be_refused_memory_once(path: str) -> tuple[float, float]:
    marker = Path(path) / "refused"
    if not marker.exists():
        marker.touch()
        raise MemoryError("no room")
    return note_times(path, 0)


def sleep_for_ever(x: int) -> int:
    while True:
        time.sleep(3600)


def succeed_on_third(path: str) -> int:
    counter = Path(path)
    tries = int(counter.read_text()) + 1 if counter.exists() else 1
    counter.write_text(str(tries))
    if tries < 3:
        raise ConnectionError(f"attempt {tries}")
    return tries


def spoil(array: Any) -> float:
    """Change the input in place, and say what was in it."""
    total = float(array.sum())
    array[:] = -1
    return total


class FileLog(AbstractDataset[Any, Any]):
    """Persistent: appends what is saved to a file, loads all lines."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def load(self) -> list[str]:
        return self._path.read_text().splitlines()

    def save(self, data: Any) -> None:
        with self._path.open("a") as file:
            file.write(f"{data}\n")

    def _exists(self) -> bool:
        return self._path.exists()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}


class Unpicklable(AbstractDataset[Any, Any]):
    """Holds a lock, so it cannot leave its process."""

    def __init__(self) -> None:
        import threading

        self._lock = threading.Lock()
        self._data: Any = None

    def load(self) -> Any:
        with self._lock:
            return self._data

    def save(self, data: Any) -> None:
        with self._lock:
            self._data = data

    def _describe(self) -> dict[str, Any]:
        return {}


class Specs:
    """The hooks of the contract that concern nodes and datasets."""

    @hookspec
    def before_dataset_loaded(self, dataset_name, node): ...  # type: ignore[no-untyped-def]

    @hookspec
    def after_dataset_loaded(self, dataset_name, data, node): ...  # type: ignore[no-untyped-def]

    @hookspec
    def before_node_run(self, node, catalog, inputs, is_async, run_id): ...  # type: ignore[no-untyped-def]

    @hookspec
    def after_node_run(self, node, catalog, inputs, outputs, is_async, run_id): ...  # type: ignore[no-untyped-def]

    @hookspec
    def on_node_error(self, error, node, catalog, inputs, is_async, run_id): ...  # type: ignore[no-untyped-def]

    @hookspec
    def before_dataset_saved(self, dataset_name, data, node): ...  # type: ignore[no-untyped-def]

    @hookspec
    def after_dataset_saved(self, dataset_name, data, node): ...  # type: ignore[no-untyped-def]


class FileHooks:
    """Writes a line per call; O_APPEND keeps lines of several processes whole."""

    def __init__(self, path: str) -> None:
        self.path = path

    def _note(self, *words: object) -> None:
        with Path(self.path).open("a") as file:
            file.write(" ".join(map(str, words)) + "\n")

    @hookimpl
    def before_dataset_loaded(self, dataset_name: str) -> None:
        self._note("before_dataset_loaded", dataset_name)

    @hookimpl
    def after_dataset_loaded(self, dataset_name: str, data: Any) -> None:
        self._note("after_dataset_loaded", dataset_name)

    @hookimpl
    def before_node_run(self, node: Any, run_id: str) -> None:
        self._note("before_node_run", node.name, run_id)

    @hookimpl
    def after_node_run(self, node: Any, outputs: dict[str, Any]) -> None:
        self._note("after_node_run", node.name)

    @hookimpl
    def on_node_error(self, error: Exception, node: Any) -> None:
        self._note("on_node_error", node.name, type(error).__name__)

    @hookimpl
    def before_dataset_saved(self, dataset_name: str) -> None:
        self._note("before_dataset_saved", dataset_name)

    @hookimpl
    def after_dataset_saved(self, dataset_name: str) -> None:
        self._note("after_dataset_saved", dataset_name)


class ClumsyHooks:
    """Fails when it is told of a failure."""

    @hookimpl
    def on_node_error(self) -> None:
        raise OSError("clumsy")


class InputsOfFailures:
    """Keeps the inputs of nodes that failed, with the process that it was told in."""

    def __init__(self, found: list[Any]) -> None:
        self._found = found

    @hookimpl
    def on_node_error(self, inputs: Any) -> None:
        self._found.append((os.getpid(), dict(inputs)))


def hook_manager(path: str) -> pluggy.PluginManager:
    manager = pluggy.PluginManager("conformance")
    manager.add_hookspecs(Specs)
    manager.register(FileHooks(path))
    return manager


def assigned_by_ray(_: Any) -> dict[str, float]:
    import ray

    return dict(ray.get_runtime_context().get_assigned_resources())


def left_by_dask(_: Any) -> dict[str, float]:
    import distributed

    return dict(distributed.get_worker().state.available_resources)
