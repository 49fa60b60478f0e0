"""A worker: takes orders off its lane one at a time, does them, and says what came of it. This is the program it runs.

Nothing of the project is imported before the first order, which brings the run's outfit and its work.
"""

from __future__ import annotations

import atexit
import contextlib
import faulthandler
import os
import pickle
import resource
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from ...transport.pickling import UnreadableValueError
from ...transport.writer import LARGE, RAM, Handle, ShelfAddress, Writer, mapped_bytes
from .._outfit import Outfit, is_stale, now, put_on
from .._remote_errors import pack_error
from .._reporting import forward_reports
from .._wire import DONE, FAILED, PREPARE, READY, STALE, TASK, UNREADY, LaneEnd, decode, encode, frame
from .private_memory import memory_of
from .readiness import getting_ready

if TYPE_CHECKING:  # a quarter of what a worker would import before it starts
    from ...model import TaskId, ValueId
    from ..protocol import Work

_PR_SET_PDEATHSIG = 1
_KILL_ME_FIRST = 200
"""Added to what the kernel goes by when memory is out: a run survives the death of a worker, not of its driver."""


class Ended(BaseException):
    """The driver wants this process to end: unwind, so that half-written files are cleared up, and go."""


class WorkerChannel:
    """How one attempt takes and gives carried values. Threads of the attempt may share it."""

    def __init__(self, writer: Writer, reads: dict[int, Handle]) -> None:
        self._writer = writer
        self._reads = reads
        self.given: dict[ValueId, Handle] = {}

    @property
    def reads(self) -> Iterable[Handle]:
        """Where the inputs lie."""
        return self._reads.values()

    def take(self, value: ValueId) -> Any:
        """Return a value of the attempt's own."""
        handle = self.given.get(value) or self._reads.get(value)
        if handle is None:
            raise LookupError(f"Value {value} is not one that this task reads.")
        return self._writer.load(handle)

    def give(self, value: ValueId, data: Any) -> None:
        """Publish a value as it is now."""
        before = self.given.get(value)
        self.given[value] = self._writer.put(data)
        if before is not None:
            self._writer.discard([before])

    def discard(self) -> None:
        """Remove what was given, because the attempt failed."""
        self._writer.discard(self.given.values())
        self.given.clear()


class Worker:
    """The state of this process as a worker."""

    def __init__(self, serial: int, down: socket.socket, up: socket.socket) -> None:
        self._serial = serial
        self._lane = LaneEnd(down)
        self._up = up
        self._sending = threading.RLock()  # guards the stream that goes up
        self._inside = False
        self._unsent: list[bytes] = []
        self._born = now()
        self._process = os.getpid()
        self._folder: str | None = None
        self._served = False
        self._number = 0
        self._task = -1
        self._work: Work | None = None
        self._writer: Writer | None = None
        self._meter = Meter()

    def serve(self) -> None:
        """Do what comes down until the driver closes."""
        while packet := self._lane.receive():
            message = decode(packet)
            if message[0] == TASK:
                self._run(*message[1:])
            elif message[0] == PREPARE:
                self._prepare(*message[1:])
            else:
                self._rest()

    def _send(self, *message: Any) -> None:
        self._unsent.append(frame(encode(*message)))
        with self._sending:
            if self._inside:
                return  # a signal handler that logs has struck while its own thread is sending: it goes on there
            self._inside = True
            try:
                while self._unsent:
                    self._up.sendall(self._unsent[0])
                    del self._unsent[0]
            finally:
                self._inside = False

    def _report(self, kind: int, *rest: Any) -> None:
        self._send(kind, self._number, self._task, *rest)

    def _prepare(self, run: int, name: str, address: Any, tag: str, outfit: Any, work: Any) -> None:
        is_used, self._served = self._served, True
        if is_used and is_stale(self._born):
            self._give_way(run)
        self._rest()
        self._number = run
        modules = len(sys.modules)
        try:
            with getting_ready():
                self._put_on(name, address, tag, Handle(*outfit), Handle(*work))
        except Exception as error:
            if is_used:
                self._give_way(run)  # whatever an earlier run's tasks left here may be why
            reason = error.__cause__ if isinstance(error, UnreadableValueError) else None
            self._send(UNREADY, run, pack_error(reason or error))
        else:
            self._send(READY, run, modules)

    def _give_way(self, run: int) -> NoReturn:
        """Have a fresh process take this one's place."""
        self._send(STALE, run)
        raise SystemExit(0)

    def _put_on(self, name: str, address: Any, tag: str, outfit: Handle, work: Handle) -> None:
        folders, writers, budget, number = address
        self._writer = Writer(ShelfAddress(folders, writers, budget), number, tag)
        known: Outfit = self._writer.load(outfit)
        put_on(known)
        self._folder = known.folder
        forward_reports(self._report)
        self._work = self._writer.load(work)
        self._work.prepare(name)
        forward_reports(self._report)  # the project may have set up handlers of its own

    def _rest(self) -> None:
        """Let go of a run that is over, and of all that its work holds."""
        self._work = None
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _run(self, task: TaskId, attempt: int, reads: dict[int, Any], devices: str | None) -> None:
        assert self._writer is not None
        channel = WorkerChannel(self._writer, {value: Handle(*handle) for value, handle in reads.items()})
        self._task = task
        meter, traffic = self._meter, self._writer.traffic
        before = memory_of("self") if mapped_bytes(channel.reads) >= LARGE else None
        handed_over = traffic.handed_over
        started, clock = time.time(), time.perf_counter()
        meter.start()
        try:
            if self._work is None:
                raise RuntimeError("This worker was not made ready for the run.")
            with visible_devices(devices):
                facts = self._work.run(task, attempt, channel)
            if os.getpid() != self._process:
                _leave_forked(None)
            packed_facts = None if facts is None else pickle.dumps(facts, protocol=5)
        except Ended:
            raise
        except BaseException as error:
            if os.getpid() != self._process:
                _leave_forked(error)
            channel.discard()
            packed = pack_error(error)
            # Or frames, and with them the data they hold, would live until the next failure.
            error.__traceback__ = None
            self._send(FAILED, task, packed)
        else:
            seconds, (cpu, peak) = time.perf_counter() - clock, meter.stop()
            given = tuple((value, (h.size, h.data, h.name, h.home)) for value, h in channel.given.items())
            # What it wrote into shared memory was there twice, but for what was handed over.
            peak += sum(h.size for h in channel.given.values() if h.data is None and h.home == RAM)
            peak = max(0, peak - traffic.handed_over + handed_over)
            self._send(DONE, task, (started, seconds, cpu, peak, before), given, packed_facts)
        finally:
            self._task = -1
            self._go_back()
            _flush()  # this process may live long, and what nodes print should be seen with their run

    def _go_back(self) -> None:
        """Return to the driver's folder, or the next task's relative paths would depend on what ran here before."""
        with contextlib.suppress(OSError):
            if self._folder is not None and os.getcwd() != self._folder:  # noqa: PTH109  # after each task
                os.chdir(self._folder)


class Meter:
    """Measures the processor time of this process and how far its memory rose.

    Args:
        alone: the process is for tasks alone; otherwise it is the processor time of this thread.
    """

    def __init__(self, *, alone: bool = True) -> None:
        # Summing up the threads of somebody else's worker takes 100 µs while they are busy.
        self._who = resource.RUSAGE_SELF if alone else getattr(resource, "RUSAGE_THREAD", resource.RUSAGE_SELF)
        self._reset: int | None = None
        if sys.platform == "linux":
            with contextlib.suppress(OSError):
                self._reset = os.open("/proc/self/clear_refs", os.O_WRONLY | os.O_CLOEXEC)
        self._before = resource.getrusage(self._who)

    def start(self) -> None:
        """Begin at the level of now; where the peak cannot be reset, at the highest so far."""
        if self._reset is not None:
            try:
                os.write(self._reset, b"5")
            except OSError:
                os.close(self._reset)
                self._reset = None
        self._before = resource.getrusage(self._who)

    def stop(self) -> tuple[float, int]:
        """Return processor seconds, and bytes over the level at the start."""
        before, after = self._before, resource.getrusage(self._who)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        unit = 1 if sys.platform == "darwin" else 1024
        return cpu, max(0, after.ru_maxrss - before.ru_maxrss) * unit


@contextlib.contextmanager
def visible_devices(devices: str | None) -> Any:
    """Let the code inside see these graphics devices only; None leaves things as they are."""
    if devices is None:
        yield
        return
    name = "CUDA_VISIBLE_DEVICES"
    before = os.environ.get(name)
    os.environ[name] = devices
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def main(serial: str, down: str, up: str, parent: str) -> None:
    """Be a worker in an interpreter of its own; the arguments are numbers of descriptors and the launcher's own."""
    lane, stream = (socket.socket(fileno=int(descriptor)) for descriptor in (down, up))
    be_worker(int(serial), lane, stream, int(parent))


def be_worker(serial: int, down: socket.socket, up: socket.socket, parent: int) -> None:
    """Serve until the driver closes, then return."""
    with contextlib.suppress(OSError):
        os.setpgid(0, 0)
    for end in (down, up):
        end.set_inheritable(False)
        atexit.register(end.close)  # last of all: what tasks want done at the exit may log
    _die_with(parent)
    _offer_to_the_kernel()
    with contextlib.suppress(OSError, ValueError):
        faulthandler.enable(file=2)  # where a crash in native code happened
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _unwind)
    # What a task forks (a pool of its own, say) ends by the signal as any process does.
    os.register_at_fork(after_in_child=_end_plainly)
    try:
        Worker(serial, down, up).serve()
    except Ended:
        _die_of(signal.SIGTERM)
    except (BrokenPipeError, ConnectionResetError):
        pass  # the driver is gone
    except Exception:
        # At once: threads that a task left behind would keep the process, and the driver waiting, for as long as
        # they like.
        traceback.print_exc()
        _flush()
        os._exit(1)


def _leave_forked(error: BaseException | None) -> NoReturn:
    """End a process that a task forked and that came back out of the task: its answer is not the task's."""
    code = 0 if error is None else 1
    if isinstance(error, SystemExit):
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    elif error is not None:
        traceback.print_exception(error)
    _flush()
    os._exit(code & 0xFF)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with contextlib.suppress(Exception):  # a task may have closed it, or its reader be gone
                stream.flush()


def _unwind(number: int, frame: FrameType | None) -> NoReturn:
    raise Ended


def _end_plainly() -> None:
    if signal.getsignal(signal.SIGTERM) is _unwind:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _die_of(number: signal.Signals) -> None:
    """End as the signal would have ended it, so that the launcher sees the truth."""
    _flush()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _die_with(parent: int) -> None:
    """See to it that this process does not outlive its launcher, whatever it is doing then."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            _c_library().prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    else:
        threading.Thread(target=_watch, args=(parent,), name="deodar-parent-watch", daemon=True).start()
    if os.getppid() != parent:
        os._exit(1)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _c_library() -> Any:
    # Only on Linux, where it is needed.
    import ctypes

    return ctypes.CDLL(None)


def _offer_to_the_kernel() -> None:
    path = Path("/proc/self/oom_score_adj")
    with contextlib.suppress(OSError, ValueError):
        path.write_text(str(min(1000, int(path.read_text()) + _KILL_ME_FIRST)))


if sys.platform == "linux":
    _c_library()  # in the launcher, once for all workers
