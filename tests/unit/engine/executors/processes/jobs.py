"""What the jobs of the tests do. Imports no test framework: workers load it."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Any


class AwkwardError(Exception):
    """Does not unpickle by itself: its arguments are not what its constructor wants."""

    def __init__(self, first: str, second: int) -> None:
        super().__init__(f"{first} and {second}")
        self.first = first
        self.second = second


class StuckError(ValueError):
    """Cannot be pickled as it is."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.lock = threading.Lock()


class SealedError(OSError):
    """Cannot be made from anything but a worker's hands."""

    def __new__(cls, *arguments: Any) -> SealedError:
        if arguments != ("a secret",):
            raise TypeError("not like that")
        return super().__new__(cls, "no way out")

    def __str__(self) -> str:
        return "no way out"


def nothing(*_: Any) -> None:
    """Take anything and do nothing."""


def pid(*_: Any) -> int:
    return os.getpid()


def spoil_process() -> int:
    del sys.argv  # a worker cannot take over the driver's any more
    return os.getpid()


def add(*numbers: Any) -> Any:
    return sum(numbers)


def big() -> Any:
    import numpy as np

    return np.arange(200_000)


def total(array: Any) -> int:
    return int(array.sum())


def zeros(megabytes: int) -> Any:
    import numpy as np

    return np.ones(megabytes << 20, dtype="u1")


def double(array: Any) -> int:
    return int((array + array).max())


def zero_and_total(array: Any) -> int:
    found = int(array.sum())
    array[:] = 0
    return found


def fail() -> None:
    raise KeyError("missing", 7)


def fail_with_cause() -> None:
    try:
        fail()
    except KeyError as error:
        raise ValueError("because") from error


def fail_awkwardly() -> None:
    raise AwkwardError("one", 2)


def fail_stuck() -> None:
    raise StuckError("no way out")


def fail_sealed() -> None:
    raise SealedError("a secret")


def move_away() -> str:
    os.chdir(os.sep)
    return os.getcwd()


def fork_and_return() -> int:
    child = os.fork()
    if child:
        os.waitpid(child, 0)
    return os.getpid()


def fork_and_exit() -> int:
    if not (child := os.fork()):
        sys.exit(3)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
    return os.getpid()


def fork_and_fail() -> int:
    if not (child := os.fork()):
        raise ValueError("in the child")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    return os.getpid()


def close_output() -> None:
    sys.stdout.close()


def leave_a_thread_and_close_everything() -> None:
    threading.Thread(target=time.sleep, args=(600,)).start()
    os.closerange(3, 1024)


def leave() -> None:
    sys.exit(3)


def exit_hard() -> None:
    os._exit(137)


def kill_self() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def crash() -> None:
    import ctypes

    ctypes.string_at(0)


def spin_in_c() -> None:
    # A long power holds the interpreter lock for minutes: no Python code runs in this process meanwhile.
    pow(7, 10**9)


def hang() -> None:
    threading.Event().wait()


def hang_with_child(note: str) -> None:
    import subprocess

    child = subprocess.Popen(["sleep", "600"])
    Path(note).write_text(str(child.pid))
    child.wait()


def wait_for(path: str) -> str:
    """Return when a file is there; two minutes at most."""
    for _ in range(12_000):
        if Path(path).exists():
            return path
        time.sleep(0.01)
    raise TimeoutError(path)


def note(path: str) -> int:
    Path(path).write_text(str(os.getpid()))
    return os.getpid()


def log(text: str) -> None:
    logging.getLogger("project.nodes").warning("%s from %s", text, "worker", extra={"rows": 3})


def warn() -> None:
    warnings.warn("take care", FutureWarning, stacklevel=1)


def environment(name: str) -> str | None:
    return os.environ.get(name)


def unwind(entered: str, left: str) -> None:
    Path(entered).write_text("")
    try:
        hang()
    finally:
        Path(left).write_text("")


def use(megabytes: int) -> int:
    return len(bytearray(megabytes << 20))
