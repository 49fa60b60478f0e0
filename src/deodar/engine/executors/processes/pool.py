"""Worker processes that outlive a run, and the driver's link to each of them.

The pools that no run uses are kept in ``_idle``, the only state of this module; the next run in this process takes
one of them. They end when the interpreter does. A process forked from this one does not inherit them.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import selectors
import signal
import socket
import threading
import time
import weakref
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from ...._records import dataclass
from ...commands import Submit
from ...model import FailureKind
from .._wire import EXITED, HAS_PACKETS, KILL, RECORD, REFUSED, START, STARTED, FrameReader, Lane
from .launch import Launcher, launch
from .private_memory import MemoryLooks

_PATIENCE = 2.0
"""Seconds for idle workers to end by themselves."""
_SOON = 0.01
"""Seconds until what a worker had no room for is sent again."""


@dataclass(frozen=True, slots=True)
class Exit:
    """A worker process is no more.

    Attributes:
        code: negative is a signal; None when the launcher died first.
        peak: bytes; 0 when unknown.
        unread: packets that it had not begun to read.
        is_first: of those that ended together, with their launcher.
        refused: the error number for which the system did not start it at all, or 0.
    """

    code: int | None
    peak: int
    unread: tuple[bytes, ...] = ()
    is_first: bool = True
    refused: int = 0


class Link:
    """One worker as the driver sees it.

    Attributes:
        sent: orders sent and not answered; once it is ready, the first is the one it works on.
        is_new: nothing was sent to it yet, so it is as good for one run as for another.
        ready: it can take orders of the present run.
        retired: it was told to end; nobody will miss it.
        is_gone: its process has ended, and so has the lane; its ``Exit`` is on its way to whoever polls.
        doom: why it is being killed.
        kill_at: when it is to be killed, if it was asked to end or retired.
        looks: at the memory of the attempt that it works on, where that has to be looked at.
    """

    def __init__(self, serial: int, lane: Lane, up: socket.socket) -> None:
        self.serial = serial
        self.name = f"worker-{serial}"
        self.pid = 0
        self.lane = lane
        self.reader = FrameReader(up)
        self.sent: deque[Submit] = deque()
        self.slot = 0
        self.is_new = True
        self.ready = False
        self.retired = False
        self.is_gone = False
        self.doom: FailureKind | None = None
        self.kill_at = 0.0
        self.head_since = 0.0
        self.looks: MemoryLooks | None = None

    def has_room(self, depth: int) -> bool:
        """Return whether it can take one more order, when it shall have at most so many."""
        return self.ready and self.doom is None and not self.is_gone and len(self.sent) < depth


class Pool:
    """A launcher and its workers. Owned by the one run that borrowed it. Without workers there is no process.

    Args:
        modules: that every worker will need; see ``launch``.
    """

    def __init__(self, method: str, modules: Sequence[str] = ()) -> None:
        self.method = method
        self._modules = modules
        self.kind = _kind(method)
        self.links: dict[int, Link] = {}
        self.key: object = None
        self.runs = 0
        self._serial = 0
        self._selector = selectors.DefaultSelector()
        self._launcher: Launcher | None = None
        self._owner = os.getpid()
        _all.add(self)

    def start_worker(self) -> Link:
        """Start a worker and return its link at once."""
        if self._launcher is None:
            self._launcher = launch(self.method, self._modules)
            self._selector.register(self._launcher.control, selectors.EVENT_READ, None)
        lane, near, far = self._open_line()
        self._serial += 1
        link = Link(self._serial, lane, near)
        self.links[link.serial] = link
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # then the control's end is on its way
            record = RECORD.pack(START, link.serial, 0, 0, 0)
            socket.send_fds(self._launcher.control, [record], [lane.far.fileno(), far.fileno()])
        far.close()
        self._selector.register(near, selectors.EVENT_READ, link)
        return link

    def _open_line(self) -> tuple[Lane, socket.socket, socket.socket]:
        try:
            near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        except OSError as error:
            raise self._too_many(error) from error
        try:
            return Lane(), near, far
        except OSError as error:
            near.close()
            far.close()
            raise self._too_many(error) from error

    def _too_many(self, error: OSError) -> OSError:
        told = f"{error.strerror} for one more worker process, of which each takes three; there are {len(self.links)}. "
        return OSError(error.errno, f"{told}Raise the limit (ulimit -n), or use fewer workers")

    def gather(self, key: object, count: int) -> list[Link]:
        """Return so many workers for a new run: warm ones, and started ones where there are not enough.

        Args:
            key: workers are warm for runs with the same one only.
        """
        self.poll(0)  # some may have died since the last run
        if key != self.key:
            for link in list(self.links.values()):
                if not link.retired and not link.is_new:
                    self.retire(link)
            self.key = key
        self.runs += 1
        for link in self.links.values():
            if link.retired and time.monotonic() >= link.kill_at:
                self.kill(link, signal.SIGKILL)
        warm = [link for link in self.links.values() if not link.retired and not link.doom]
        for link in warm[count:]:
            if link.is_new:
                self.retire(link)  # there was less to do than it seemed
        warm = warm[:count]
        return [*warm, *(self.start_worker() for _ in range(count - len(warm)))]

    def watch(self, end: socket.socket) -> None:
        """Let ``poll`` return when this can be read, too."""
        self._selector.register(end, selectors.EVENT_READ, end)

    def unwatch(self, end: socket.socket) -> None:
        """Stop doing so."""
        self._selector.unregister(end)

    def kill(self, link: Link, number: signal.Signals) -> None:
        """Send a signal to a worker and all that it started."""
        if self._launcher is not None:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self._launcher.control.sendall(RECORD.pack(KILL, link.serial, number, 0, 0))

    def retire(self, link: Link) -> None:
        """Let a worker end by itself once it is idle."""
        link.retired = True
        link.ready = False
        link.kill_at = time.monotonic() + _PATIENCE
        link.lane.end()

    def end(self, links: list[Link], grace: float) -> None:
        """End workers, whatever they are at: asked first, then killed; at once on a second interrupt."""
        serials = {link.serial for link in links}
        for link in links:
            link.doom = FailureKind.CANCELLED
            self.kill(link, signal.SIGTERM)
        with contextlib.suppress(KeyboardInterrupt):
            self._await_exits(serials, grace)
        for serial in serials & self.links.keys():
            self.kill(self.links[serial], signal.SIGKILL)
        self._await_exits(serials, grace)

    def _await_exits(self, serials: set[int], seconds: float) -> None:
        limit = time.monotonic() + seconds
        while serials & self.links.keys() and (left := limit - time.monotonic()) > 0:
            self.poll(left)

    def poll(self, timeout: float | None) -> list[tuple[Link, Any]]:
        """Return what came up from the workers, each message a tuple or an ``Exit``, in order for each worker."""
        if not HAS_PACKETS and not all([link.lane.flush() for link in self.links.values() if not link.retired]):
            timeout = _SOON if timeout is None else min(timeout, _SOON)
        found: list[tuple[Link, Any]] = []
        control = False
        for key, _ in self._selector.select(timeout):
            link = key.data
            if link is None:
                control = True
            elif isinstance(link, Link):
                found.extend((link, message) for message in link.reader.read())
                if link.reader.ended:
                    # What it forked may hold the other end open, or not: the launcher says when it is gone.
                    self._selector.unregister(link.reader.end)
        if control:
            found.extend(self._hear_launcher())
        return found

    def _hear_launcher(self) -> list[tuple[Link, Any]]:
        assert self._launcher is not None
        data = b""
        with contextlib.suppress(ConnectionResetError):  # it was killed before it had read all that it was sent
            data = self._launcher.control.recv(RECORD.size * 64)
            while data and len(data) % RECORD.size:
                more = self._launcher.control.recv(RECORD.size - len(data) % RECORD.size)
                data = data + more if more else b""
        if not data or len(data) % RECORD.size:
            return self._launcher_is_gone()
        found: list[tuple[Link, Any]] = []
        for kind, serial, pid, code, peak in RECORD.iter_unpack(data):
            link = self.links.get(serial)
            if link is None:
                continue
            if kind == STARTED:
                link.pid = pid
            elif kind == EXITED:
                found.extend(self._bury(link, code, peak))
            elif kind == REFUSED:
                found.extend(self._bury(link, None, 0, refused=code))
        return found

    def _launcher_is_gone(self) -> list[tuple[Link, Any]]:
        """Start anew without the launcher: the kernel ended its workers with it."""
        assert self._launcher is not None
        launcher, self._launcher = self._launcher, None
        self._selector.unregister(launcher.control)
        launcher.control.close()
        _bury_launcher(launcher.pid)
        found: list[tuple[Link, Any]] = []
        for number, link in enumerate(list(self.links.values())):
            # The kernel ends them with the launcher, but not in the same instant; what they say until then counts.
            messages = link.reader.read_to_end(_PATIENCE)
            found.extend((link, message) for message in messages)
            found.extend(self._bury(link, None, 0, is_first=not number))
        return found

    def _bury(
        self, link: Link, code: int | None, peak: int, *, is_first: bool = True, refused: int = 0
    ) -> list[tuple[Link, Any]]:
        """Return the last words of a worker, and its end."""
        found: list[tuple[Link, Any]] = [(link, message) for message in link.reader.read(everything=True)]
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(link.reader.end)
        link.reader.end.close()
        del self.links[link.serial]
        link.is_gone = True
        unread = () if link.retired else tuple(link.lane.take_back())
        link.lane.close()
        found.append((link, Exit(code, peak, unread, is_first, refused)))
        return found

    def close(self, patience: float = _PATIENCE) -> None:
        """End all workers: idle ones by themselves, with what they want done at their exit; others are killed.

        Args:
            patience: seconds for those that end by themselves.
        """
        if self._owner != os.getpid():
            return
        for link in self.links.values():
            if not link.retired:
                self.retire(link)
        limit = time.monotonic() + patience
        with contextlib.suppress(KeyboardInterrupt):
            while self.links and (left := limit - time.monotonic()) > 0:
                self.poll(left)
        if self._launcher is not None:
            with contextlib.suppress(OSError):
                # Closing alone is not seen by the launcher while a process that this one forked holds the socket too.
                self._launcher.control.shutdown(socket.SHUT_RDWR)
        self.abandon()
        if self._launcher is not None:
            _bury_launcher(self._launcher.pid)
            self._launcher = None

    def drop(self) -> None:
        """End a pool that nobody has used, at once, whatever its processes are at."""
        if self._launcher is not None and self._owner == os.getpid():
            os.kill(self._launcher.pid, signal.SIGKILL)  # it has not been waited for, so the number is its own
        self.close(0.0)

    def abandon(self) -> None:
        """Close the sockets. In the process that owns the pool, that makes the launcher kill who is left and end."""
        _all.discard(self)
        self._selector.close()
        for link in self.links.values():
            link.reader.end.close()
            if not link.retired:
                link.lane.close()
        self.links.clear()
        if self._launcher is not None:
            self._launcher.control.close()


def _bury_launcher(pid: int) -> None:
    """Wait for a launcher that is about to end; kill it if it does not."""
    limit = time.monotonic() + _PATIENCE
    with contextlib.suppress(ChildProcessError):
        while not os.waitpid(pid, os.WNOHANG)[0]:
            if time.monotonic() >= limit:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                return
            time.sleep(0.001)


_lock = threading.Lock()  # guards _idle
_idle: dict[object, Pool] = {}
_all: weakref.WeakSet[Pool] = weakref.WeakSet()


def borrow(method: str) -> Pool:
    """Return a pool that nobody else uses: a warm one if there is one. ``fork`` always starts afresh, from now."""
    with _lock:
        pool = _idle.pop(_kind(method), None)
    return Pool(method) if pool is None else pool


def give_back(pool: Pool) -> None:
    """Keep a pool for the next run; one of each kind is enough."""
    with _lock:
        useless = [kind for kind, other in _idle.items() if other.method == pool.method]
        closing = [_idle.pop(kind) for kind in useless]
        if pool.method != "fork":
            _idle[pool.kind] = pool
        else:
            closing.append(pool)
    for old in closing:
        old.close()


@contextlib.contextmanager
def warmed(method: str, count: int, modules: Sequence[str]) -> Iterator[None]:
    """Have workers start while the caller prepares the run that borrows them inside of the block.

    Whoever comes first gets them. If nobody has come by the end of the block, they end with it.

    Args:
        modules: that the workers will need; see ``launch``.
    """
    # A worker of ``fork`` is to be like this process at the moment of the run.
    pool = None if method == "fork" else _start_early(method, count, modules)
    try:
        yield
    finally:
        if pool is not None and not pool.runs and _take_out(pool):
            pool.drop()


def _start_early(method: str, count: int, modules: Sequence[str]) -> Pool | None:
    """Put a pool among the idle ones, if there is none of its kind."""
    with _lock:
        if _kind(method) in _idle:
            return None
    pool = Pool(method, modules)
    try:
        for _ in range(count):
            pool.start_worker()
    except BaseException:
        pool.drop()
        raise
    with _lock:
        first = _idle.setdefault(pool.kind, pool)
    if first is pool:
        return pool
    pool.drop()
    return None


def _take_out(pool: Pool) -> bool:
    """Return whether the pool was idle, which it is no more."""
    with _lock:
        if _idle.get(pool.kind) is not pool:
            return False
        del _idle[pool.kind]
        return True


def _kind(method: str) -> object:
    """Return what a launcher takes over when it starts and cannot change later; pools differ if this does."""
    streams = []
    for descriptor in (1, 2):
        with contextlib.suppress(OSError):
            where = os.fstat(descriptor)
            streams.append((where.st_dev, where.st_ino))
    early = {name: value for name, value in os.environ.items() if name.startswith(("PYTHON", "LD_", "DEODAR_DROPIN"))}
    return method, tuple(streams), tuple(sorted(early.items()))


def close_idle_pools() -> None:
    """End the worker processes that no run uses."""
    with _lock:
        pools = list(_idle.values())
        _idle.clear()
    for pool in pools:
        pool.close()


def _forget_after_fork() -> None:
    global _lock
    _lock = threading.Lock()
    _idle.clear()
    for pool in list(_all):
        pool.abandon()
    _all.clear()


def _close_at_exit() -> None:
    with contextlib.suppress(KeyboardInterrupt):  # it wants this process gone, and the launchers go with it
        close_idle_pools()


atexit.register(_close_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
