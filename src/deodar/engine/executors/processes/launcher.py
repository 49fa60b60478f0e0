"""The launcher: a small process between the driver and its workers. This is the program it runs.

It starts workers, tells when one has ended and how, and kills on demand. That it stands between buys three things: it
has one thread, so that forking it is safe whatever the driver has started; it outlives a driver that was killed just
long enough to end every worker with all that a worker started; and it is the workers' parent, whose death the kernel
can tell them of (which goes by thread, so a thread of the driver would not do).
"""

from __future__ import annotations

import contextlib
import errno
import gc
import importlib
import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from .._wire import EXITED, KILL, RECORD, REFUSED, START, STARTED

Birth = tuple[int, socket.socket, socket.socket, int]
"""A worker's number, the ends of its sockets, and the process that it must not outlive."""


def main(descriptor: str, method: str, *modules: str) -> None:
    """Serve the driver over a socket until it goes; in the processes forked off, be a worker.

    Args:
        modules: that all workers will need.
    """
    collects = gc.isenabled()
    gc.disable()  # nothing of what is made here is garbage
    control = socket.socket(fileno=int(descriptor))
    birth = serve(control, _fork if method != "spawn" else _spawn, () if method == "spawn" else modules)
    if birth is not None:
        if collects:
            gc.enable()
        # Loaded before any fork, so that no worker has to.
        from .worker import be_worker

        be_worker(*birth)


def serve(control: socket.socket, start: Callable[[Birth], int], modules: Sequence[str]) -> Birth | None:
    """Do what the driver asks; return only in a forked worker, with what it was born with."""
    with contextlib.suppress(OSError):
        os.setpgid(0, 0)  # or a signal to the driver's group would end who is to clear up
    wake, woken = _wake_up_for_exits()
    if start is _fork:
        # For all workers at once, before the first fork.
        for module in (f"{__package__}.worker", *modules):
            importlib.import_module(module)
        gc.freeze()  # or the first collection in each worker would copy all pages
    workers = Workers(control)
    parent = os.getppid()
    while True:
        # The driver's end may live on in a process that the driver forked: so its own life is looked at as well.
        readable, _, _ = select.select([control, woken], [], [], 1.0)
        if woken in readable:
            with contextlib.suppress(BlockingIOError):
                woken.recv(4096)
        workers.reap()
        if os.getppid() != parent:
            workers.end()
        if control not in readable:
            continue
        kind, serial, number, ends = workers.hear()
        if kind == KILL:
            workers.kill(serial, number)
            continue
        assert kind == START
        down, up = ends
        birth = serial, down, up, os.getpid()
        try:
            pid = start(birth)
        except OSError as error:
            workers.refuse(serial, error.errno or errno.EAGAIN)
            pid = -1
        if not pid:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for end in (control, wake, woken):
                end.close()
            return birth
        down.close()
        up.close()
        if pid > 0:
            workers.add(serial, pid)


def _wake_up_for_exits() -> tuple[socket.socket, socket.socket]:
    """Have a socket, the second, become readable when a worker ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    wake, woken = socket.socketpair()
    wake.setblocking(False)
    woken.setblocking(False)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return wake, woken


class Workers:
    """The workers that are alive, and the line to the driver, with whom they end."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._alive: dict[int, int] = {}

    def hear(self) -> tuple[int, int, int, list[socket.socket]]:
        """Return the driver's next wish: its kind, the worker's number, a signal's, and the ends of sockets."""
        data, descriptors = b"", list[int]()
        with contextlib.suppress(ConnectionResetError):  # it went before it had read all that it was sent
            data, descriptors, _, _ = socket.recv_fds(self._control, RECORD.size, 2)
        if not data:
            self.end()
        kind, serial, number, _, _ = RECORD.unpack(data)
        return kind, serial, number, [socket.socket(fileno=descriptor) for descriptor in descriptors]

    def add(self, serial: int, pid: int) -> None:
        """Take a worker that was started, and tell of it."""
        with contextlib.suppress(OSError):
            os.setpgid(pid, pid)  # here as well as there: whoever comes first
        self._alive[pid] = serial
        self._tell(STARTED, serial, pid, 0, 0)

    def refuse(self, serial: int, reason: int) -> None:
        """Tell of a worker that the system did not start."""
        self._tell(REFUSED, serial, 0, reason, 0)

    def reap(self) -> None:
        """Tell of those that have ended."""
        while self._alive:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            serial = self._alive.pop(pid, None)
            if serial is None:
                continue
            code = os.waitstatus_to_exitcode(status)
            if code:
                with contextlib.suppress(OSError):
                    os.killpg(pid, signal.SIGKILL)  # what a worker that died had started
            self._tell(EXITED, serial, pid, code, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))

    def kill(self, serial: int, number: int) -> None:
        """Send a signal to a worker, and all that it started."""
        for pid, known in self._alive.items():
            if known == serial:
                with contextlib.suppress(OSError):
                    os.killpg(pid, number)

    def end(self) -> NoReturn:
        """End all that there is, this process last."""
        for pid in self._alive:
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
        os._exit(0)

    def _tell(self, *record: int) -> None:
        try:
            self._control.sendall(RECORD.pack(*record))
        except (BrokenPipeError, ConnectionResetError):
            self.end()


def _fork(birth: Birth) -> int:
    return os.fork()


def _spawn(birth: Birth) -> int:
    from .launch import program

    serial, down, up, parent = birth
    pid = os.fork()
    if pid:
        return pid
    try:
        for end in (down, up):
            end.set_inheritable(True)
        arguments = program("worker", str(serial), str(down.fileno()), str(up.fileno()), str(parent))
        os.execv(sys.executable, arguments)
    finally:
        os._exit(127)
