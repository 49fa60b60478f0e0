"""Starting the launcher: which start method, and a program line that finds this very package in a fresh interpreter."""

from __future__ import annotations

import contextlib
import errno
import importlib
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from .... import _environment
from .._blame import WorkerNotReadyError
from .readiness import check_ready

logger = logging.getLogger(__name__)

METHODS = ("forkserver", "spawn", "fork")
_FOLDER = Path(__file__).resolve().parents[3]
_PACKAGE = __name__.partition(".")[0]
_MODULES = __name__.rpartition(".")[0]

# The program in a fresh interpreter: look for modules where the driver does; where this tree has another name than its
# folder, install the drop-in first (it may be there already); then run one function. The names are written into it,
# as an import of json is a good part of what there is to do.
_BOOT = """\
import sys, importlib
sys.path[:] = {path!r}
if {folder!r} != {package!r}: importlib.import_module({folder!r} + ".compat").install()
importlib.import_module({module!r}).main(*{arguments!r})
"""


class Launcher(NamedTuple):
    """A launcher that was started."""

    pid: int
    control: socket.socket


class NoWorkersHereError(OSError):
    """This platform lacks what worker processes are made with; threads are there."""


def start_method(wanted: str | None = None, *, warn: bool = True) -> str:
    """Return the start method to use: the one asked for, the environment's, or the default.

    ``forkserver`` is the default wherever there is one: never is a process forked that has threads. ``fork`` is used
    only when asked for.

    Args:
        warn: of one that there is not.
    """
    name = wanted or _environment.read("MP_CONTEXT") or ""
    default = METHODS[0] if hasattr(os, "fork") else "spawn"
    if not name or name == default:
        return default
    if name not in METHODS or not hasattr(os, "fork"):
        if warn:
            logger.warning("No start method %r here; using %r. Known: %s.", name, default, ", ".join(METHODS))
        return default
    return name


def program(module: str, *arguments: str) -> list[str]:
    """Return the command line that runs ``main`` of a module beside this one in a fresh interpreter."""
    path = [entry if entry else str(Path.cwd()) for entry in sys.path]
    root = str(_FOLDER.parent)
    if root not in path:
        path.append(root)
    text = _BOOT.format(
        path=path, folder=_FOLDER.name, package=_PACKAGE, module=f"{_MODULES}.{module}", arguments=arguments
    )
    flags: list[str] = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]  # as multiprocessing does
    return [sys.executable, *flags, "-c", text]


def launch(method: str, modules: Sequence[str] = ()) -> Launcher:
    """Start a launcher for workers of the given start method.

    Args:
        modules: to import before workers are forked off it. They must start no threads.

    Raises:
        NoWorkersHereError: this platform has no such processes.
        NotReadyToStartError: this process is a worker itself, and not ready yet.
        WorkerNotReadyError: the system starts no process.
    """
    check_ready()
    if not hasattr(os, "fork"):
        raise NoWorkersHereError(
            f"Worker processes are not available on {sys.platform}: run in threads (ThreadRunner) or in one process."
        )
    _fill_standard_descriptors()
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        pid = _fork_launcher(near, far) if method == "fork" else _start_launcher(far, method, modules)
    except OSError as error:
        near.close()
        if error.errno in (errno.EAGAIN, errno.ENOMEM):
            raise WorkerNotReadyError.refused(error.errno) from error
        raise
    finally:
        far.close()
    return Launcher(pid, near)


def _start_launcher(far: socket.socket, method: str, modules: Sequence[str]) -> int:
    command = program("launcher", str(far.fileno()), method, *modules)
    process = subprocess.Popen(command, pass_fds=(far.fileno(),), stdin=subprocess.DEVNULL)
    process.returncode = 0  # it is waited for by number: not to be warned of as forgotten
    return process.pid


def _fork_launcher(near: socket.socket, far: socket.socket) -> int:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()  # or it would come out of every process
    # Python loses an interrupt that strikes in one of the functions that it calls at a fork: let it strike after that.
    unmasked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        pid = os.fork()
        if not pid:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, unmasked)
    if not pid:
        _be_forked_launcher(near, far)
    return pid


def _fill_standard_descriptors() -> None:
    """Open what a caller has closed of the first three, or our sockets would get there what somebody prints."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    for descriptor in (1, 2):
        # A file that was put in the place of one of them is not passed on by itself.
        os.set_inheritable(descriptor, True)


def _let_go_of_input() -> None:
    """Read nothing of what the driver reads, as in processes that are not forked off it."""
    if sys.stdin is None:
        return
    with contextlib.suppress(OSError, ValueError):  # it is no file, or closed
        if sys.stdin.fileno() == 0:
            nothing = os.open(os.devnull, os.O_RDONLY)
            os.dup2(nothing, 0)
            os.close(nothing)
    sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115  # for as long as the process lives


def _be_forked_launcher(near: socket.socket, far: socket.socket) -> None:
    # Whatever happens, the driver's own frames below must never go on in this process.
    code = 1
    try:
        near.close()
        _let_go_of_input()
        module = importlib.import_module(f"{_MODULES}.launcher")
        module.main(str(far.detach()), "fork")
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        os._exit(code)
