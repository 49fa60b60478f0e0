"""The room of a large file that was replaced is freed by a thread, and no handle of it stays."""

from __future__ import annotations

import _thread
import os
import threading
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deodar.io import _replaced_files as replaced_files
from deodar.io._publishing import _LARGE, move

Work = Callable[[], None]


@pytest.fixture(autouse=True)
def local(mounted_as: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    mounted_as("ext4")
    monkeypatch.setattr(replaced_files, "_latest", 0.0)


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> list[Work]:
    """What threads would do, if they came to run."""
    left: list[Work] = []
    monkeypatch.setattr("_thread.start_new_thread", lambda work, args: left.append(lambda: work(*args)))
    return left


def replace(folder: Path, size: int = _LARGE) -> Path:
    """Replace a file of some size."""
    old, new = folder / "x", folder / "new"
    old.write_bytes(bytes(size))
    new.write_bytes(b"new")
    move(str(new), str(old))
    return old


def held_in(folder: Path) -> int:
    """Count the handles of this process to files of a folder."""
    count = 0
    for handle in os.listdir("/proc/self/fd"):
        try:
            count += os.readlink(f"/proc/self/fd/{handle}").startswith(f"{folder}{os.sep}")
        except FileNotFoundError:
            # That of the listing.
            continue
    return count


def test_a_large_file_is_freed_by_a_thread(tmp_path: Path, waiting: list[Work]) -> None:
    assert replace(tmp_path).read_bytes() == b"new"
    assert (len(waiting), held_in(tmp_path)) == (1, 1)
    waiting.pop()()
    assert (held_in(tmp_path), replaced_files._held, replaced_files._ending) == (0, set(), set())


def test_the_thread_ends(tmp_path: Path) -> None:
    replace(tmp_path)
    replaced_files.wait_for_all()
    assert (held_in(tmp_path), replaced_files._held) == (0, set())


def test_few_wait_to_be_freed(tmp_path: Path, waiting: list[Work]) -> None:
    for _ in range(5):
        replace(tmp_path)
    assert (len(waiting), held_in(tmp_path)) == (2, 2)
    while waiting:
        waiting.pop()()
    assert held_in(tmp_path) == 0


def test_without_a_thread_it_is_freed_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("_thread.start_new_thread", refuse)
    assert replace(tmp_path).read_bytes() == b"new"
    assert (held_in(tmp_path), replaced_files._held, replaced_files._ending) == (0, set(), set())


def test_a_rename_that_fails_holds_nothing(
    tmp_path: Path, waiting: list[Work], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any) -> None:
        raise PermissionError(13, "denied")

    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(PermissionError):
        replace(tmp_path)
    assert (waiting, held_in(tmp_path), replaced_files._held) == ([], 0, set())


def test_a_file_that_cannot_be_held_is_replaced_all_the_same(
    tmp_path: Path, waiting: list[Work], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any) -> int:
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr("os.open", refuse)
        path = replace(tmp_path)
    assert (path.read_bytes(), waiting) == (b"new", [])


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "fuse.sshfs", "9p", "btrfs"])
def test_nothing_is_held_where_that_may_change_the_rename(
    kind: str, tmp_path: Path, waiting: list[Work], mounted_as: Any
) -> None:
    mounted_as(kind)
    replace(tmp_path)
    assert waiting == []


def test_in_a_loop_the_memory_of_tmpfs_is_freed_at_once(
    tmp_path: Path, waiting: list[Work], mounted_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounted_as("tmpfs")
    size = 1 << 24
    held = []
    for now in (100.0, 100.010, 100.020, 100.100):
        monkeypatch.setattr("time.monotonic", lambda now=now: now)
        replace(tmp_path, size)
        held.append(len(waiting))
        while waiting:
            waiting.pop()()
    assert held == [1, 0, 0, 1]


def test_a_small_file_is_not_held(tmp_path: Path, waiting: list[Work]) -> None:
    replace(tmp_path, _LARGE - 1)
    assert waiting == []


def test_a_file_with_another_name_is_not_held(tmp_path: Path, waiting: list[Work]) -> None:
    (tmp_path / "x").write_bytes(b"")
    os.link(tmp_path / "x", tmp_path / "other")
    replace(tmp_path)
    assert waiting == []


def test_without_handles_for_paths_nothing_is_held(
    tmp_path: Path, waiting: list[Work], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("os.O_PATH")
    replace(tmp_path)
    assert waiting == []


def exit_code_of_child(work: Callable[[], bool]) -> int:
    pid = os.fork()
    if pid == 0:
        code = 2
        try:
            code = 0 if work() else 1
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_a_child_holds_nothing_of_its_parent(
    tmp_path: Path, waiting: list[Work], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Their threads do not come to run: there is nothing to wait for.
    monkeypatch.setattr(replaced_files, "_LONGEST_WAIT", 0)
    replace(tmp_path)
    replace(tmp_path)

    def child() -> bool:
        if held_in(tmp_path) or replaced_files._held or replaced_files._ending:
            return False
        replace(tmp_path)
        return len(waiting) == 3 and held_in(tmp_path) == 1

    assert exit_code_of_child(child) == 0
    assert held_in(tmp_path) == 2
    while waiting:
        waiting.pop()()
    assert held_in(tmp_path) == 0


@pytest.mark.parametrize("is_same_inode", [False, True])
def test_a_child_closes_no_handle_that_was_given_to_another_file(
    is_same_inode: bool, tmp_path: Path, waiting: list[Work], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaced_files, "_LONGEST_WAIT", 0)
    replace(tmp_path)
    (held,) = replaced_files._held
    handle = held._handle
    assert handle is not None
    # As if the thread had closed it, and come no further.
    with (tmp_path / "another").open("wb") as another:
        os.dup2(another.fileno(), handle)
        if is_same_inode:
            # File systems give numbers away again, too.
            held._found = os.fstat(handle)
        assert exit_code_of_child(lambda: os.write(handle, b"x") == 1 and not replaced_files._held) == 0
    waiting.pop()()


def test_a_child_that_is_forked_during_a_rename_lets_go_once(
    tmp_path: Path, waiting: list[Work], monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = os.replace
    children: list[int] = []
    reused: list[int] = []

    def fork_and_rename(source: str, place: str) -> None:
        (held,) = replaced_files._held
        children.append(os.fork())
        if children == [0]:
            handle = held._handle
            if handle is None or os.path.exists(f"/proc/self/fd/{handle}"):
                os._exit(2)
            # Its number is given to another file.
            os.dup2(os.open(tmp_path, os.O_RDONLY), handle)
            reused.append(handle)
            return
        rename(source, place)

    monkeypatch.setattr("os.replace", fork_and_rename)
    try:
        replace(tmp_path)
        while waiting:
            waiting.pop()()
    finally:
        if children == [0]:
            # Still that of the child?
            os._exit(0 if os.path.exists(f"/proc/self/fd/{reused[0]}") else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(children[0], 0)[1]) == 0
    assert held_in(tmp_path) == 0


def test_a_fork_waits_for_the_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    is_waited_for = threading.Event()
    close, allocate = os.close, _thread.allocate_lock
    closed: list[int] = []

    class Lock:
        """Tells when somebody waits for it."""

        def __init__(self) -> None:
            self._lock = allocate()
            self.release = self._lock.release

        def acquire(self, timeout: float | None = None) -> bool:
            if timeout is None:
                return self._lock.acquire()
            is_waited_for.set()
            return self._lock.acquire(timeout=timeout)

    def close_late(handle: int) -> None:
        assert is_waited_for.wait(20)
        close(handle)
        closed.append(handle)

    # Of this module alone: imports take locks, too.
    own = types.SimpleNamespace(allocate_lock=Lock, start_new_thread=_thread.start_new_thread)
    monkeypatch.setattr(replaced_files, "_thread", own)
    monkeypatch.setattr("os.close", close_late)
    monkeypatch.setattr(replaced_files, "_LONGEST_WAIT", 20)
    replace(tmp_path)
    code = exit_code_of_child(lambda: len(closed) == 1)
    is_waited_for.set()
    assert code == 0
