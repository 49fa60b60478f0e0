"""The end of large files that others have replaced: their room is freed beside the work that goes on.

A rename over a file frees the room of the old one before it returns, unless somebody holds that file: then whoever
lets go of it last does. For 10 MB that is 6 of the 6.5 ms of the rename on ext4, and 0.4 of 0.5 ms on tmpfs. So it is
held here, and let go by a thread that does nothing else.

Of files that wait to be freed there are few: beyond that, who replaces one frees it, as without this module.
"""

from __future__ import annotations

import _thread
import functools
import os
import time
from types import TracebackType

from ._staging_rules import local_file_system

# Saves in a loop must not fill the disk with what is gone already.
_MOST_AT_ONCE = 2
# Seconds, for each byte, within which the next file of a loop is there. On tmpfs it had better find the memory that the
# last one has left than another processor at work on it: 30 files of 10 MB take 3.0 ms each, and 4.3 ms beside threads.
_AT_ONCE = 1e-9
# Seconds that a fork waits for each.
_LONGEST_WAIT = 1.0

# The files that this process holds, and those of them whose thread runs. Both are changed by single steps only, so that
# no lock is needed that a child could inherit.
_held: set[Replaced] = set()
_ending: set[Replaced] = set()
# When it last replaced a file of tmpfs.
_latest = 0.0


class Replaced:
    """A file whose place another one takes inside of this context, if it can be held.

    Args:
        path: where it is.
        found: what is known of it.
    """

    __slots__ = ("_ended", "_found", "_handle", "_path")

    def __init__(self, path: str, found: os.stat_result) -> None:
        self._path = path
        self._found = found
        self._handle: int | None = None
        self._ended: _thread.LockType | None = None

    def __enter__(self) -> None:
        file_system = local_file_system(self._found.st_dev)
        # A file with another name is not freed. Without ``O_PATH`` this is another system.
        if file_system is None or not hasattr(os, "O_PATH") or self._found.st_nlink != 1:
            return
        if file_system == "tmpfs" and _is_in_a_loop(self._found.st_size):
            return
        _mind_forks()
        try:
            # Not an ordinary handle: that would take a right to read, and closing it would drop the locks (``lockf``)
            # that this process has on the file.
            self._handle = os.open(self._path, os.O_PATH | os.O_NOFOLLOW)
        except OSError:
            # Gone in between, or too many handles. The rename frees it, or says what is wrong.
            return
        _held.add(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self not in _held:
            # Not held; or this is a child now, which has let go already.
            return
        if kind is not None or len(_ending) >= _MOST_AT_ONCE:
            self._let_go()
            return
        self._ended = _thread.allocate_lock()
        self._ended.acquire()
        _ending.add(self)
        try:
            # Not a ``Thread``: that waits until the new one runs, and there is nothing to know of this one.
            _thread.start_new_thread(self._let_go, ())
        except RuntimeError:
            # No more threads for this user; or the interpreter ends.
            self._let_go()

    def wait(self) -> None:
        """Return when it is freed, or after a while."""
        if self._ended is not None and self._ended.acquire(timeout=_LONGEST_WAIT):
            self._ended.release()

    def let_go_in_child(self) -> None:
        """Close the handle that a fork has copied, unless the parent was quicker."""
        assert self._handle is not None
        if self._ended is None:
            os.close(self._handle)
            return
        try:
            found = os.fstat(self._handle)
        except OSError:
            return
        # Closed and given to another file already? That one has a name.
        if found.st_nlink == 0 and (found.st_dev, found.st_ino) == (self._found.st_dev, self._found.st_ino):
            os.close(self._handle)

    def _let_go(self) -> None:
        assert self._handle is not None
        try:
            os.close(self._handle)
        finally:
            _ending.discard(self)
            _held.discard(self)
            if self._ended is not None:
                self._ended.release()


def wait_for_all() -> None:
    """Return when every file that was replaced so far is freed, or after a while."""
    for each in list(_ending):
        each.wait()


def _is_in_a_loop(size: int) -> bool:
    """Tell whether this process can have done little since it last replaced a file, but write this one."""
    global _latest
    before, _latest = _latest, time.monotonic()
    return _latest - before < size * _AT_ONCE


@functools.cache
def _mind_forks() -> None:
    """See to it, once in a process, that no child inherits a file that shall be freed."""
    # Python warns of forks beside threads: it waits for those here, and the child has to care for other threads' alone.
    os.register_at_fork(before=wait_for_all, after_in_child=_forget_all)


def _forget_all() -> None:
    for each in list(_held):
        each.let_go_in_child()
    _held.clear()
    _ending.clear()
