"""Moving finished data into place, by renames alone wherever the file system can.

A file is there old or new. A folder takes the place of another one in a single step where the system can exchange
the two (Linux, macOS), and in two renames elsewhere; ``_leftovers`` takes back the first when the second never came.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from stat import S_IMODE, S_ISDIR, S_ISREG
from typing import Literal

from ._leftovers import name_for_replaced, new_name, remove

FolderRule = Literal["replace", "merge"]

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2  # renameat2 on Linux, and RENAME_SWAP of renamex_np on macOS.
# Bytes. Freeing the room of a smaller file takes little more than a thread does: for 1 MB half a millisecond on ext4
# and 0.06 on tmpfs, beside 0.07.
_LARGE = 1 << 20


def move_all(folder: str, parent: str, names: list[str], rule: FolderRule | None) -> None:
    """Move everything that was written in a staging folder beside each other, what was named last at the end.

    Args:
        rule: what becomes of the files in a folder that is there already: gone, or kept beside the new ones.

    Raises:
        IsADirectoryError: there is a folder where a file should go.
    """
    for name in names:
        move(f"{folder}/{name}", f"{parent}/{name}", rule)


def move(source: str, place: str, rule: FolderRule | None = None) -> None:
    """Move a file or a folder into place, with the permissions of what was there."""
    try:
        found = os.lstat(place)
    except FileNotFoundError:
        rename(source, place)
        return
    old, new = found.st_mode, os.lstat(source).st_mode
    if S_ISDIR(old):
        if not S_ISDIR(new):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), place)
        if rule == "merge":
            _keep_what_is_not_replaced(place, source)
        _chmod(source, old, new)
        _replace_folder(source, place)
        return
    if S_ISREG(old) and S_ISREG(new):
        _chmod(source, old, new)
    if S_ISREG(old) and found.st_size >= _LARGE:
        # Imported here: most programs replace no large file.
        from ._replaced_files import Replaced

        with Replaced(place, found):
            rename(source, place)
        return
    rename(source, place)


def sync(path: str) -> None:
    """Have a file, or a folder and all that is in it, on the disk when this returns."""
    if os.path.isdir(path) and not os.path.islink(path):
        for name in os.listdir(path):
            sync(f"{path}/{name}")
    _sync_one(path)


def sync_folder(path: str) -> None:
    """Have the names in a folder on the disk when this returns."""
    if sys.platform != "win32":
        _sync_one(path)


def _sync_one(path: str) -> None:
    flags = os.O_RDWR if sys.platform == "win32" else os.O_RDONLY
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _chmod(path: str, wanted: int, mode: int) -> None:
    if S_IMODE(wanted) != S_IMODE(mode):
        with contextlib.suppress(PermissionError):  # Somebody else's file in a folder of ours.
            os.chmod(path, S_IMODE(wanted))


def rename(source: str, place: str) -> None:
    """Move a file or a folder to where nothing is, or a file is that may be replaced."""
    try:
        os.replace(source, place)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        os.replace(source, place)
    except OSError as exc:
        if exc.errno != errno.EXDEV:
            raise
        _copy_across(source, place)


def _copy_across(source: str, place: str) -> None:
    """Move between file systems that looked like one: the copy appears by a rename all the same."""
    # Imported here: bind mounts inside a folder of data are rare.
    import shutil

    nearby = f"{os.path.dirname(place)}/{new_name()}"
    os.mkdir(nearby)
    try:
        copy = shutil.copytree if os.path.isdir(source) else shutil.copy2
        copy(source, f"{nearby}/copy")
        os.replace(f"{nearby}/copy", place)
    finally:
        remove(nearby)


def _keep_what_is_not_replaced(old: str, new: str) -> None:
    """Give a new folder the files of the old one that it does not have, without copying them.

    Nobody writes to the new folder any more, so that two names for one file do no harm.
    """
    for entry in list(os.scandir(old)):
        target = f"{new}/{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            if not os.path.lexists(target):
                os.mkdir(target)
                os.chmod(target, S_IMODE(entry.stat(follow_symlinks=False).st_mode))
            if os.path.isdir(target):
                _keep_what_is_not_replaced(entry.path, target)
        elif not os.path.lexists(target):
            _link(entry.path, target)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except (OSError, NotImplementedError):
        # A file system without links.
        import shutil

        shutil.copy2(source, target, follow_symlinks=False)


def _replace_folder(new: str, place: str) -> None:
    if _exchange(new, place):
        # What was there is in the staging folder now, and goes with it.
        return
    aside = f"{os.path.dirname(place)}/{name_for_replaced(os.path.basename(place))}"
    os.rename(place, aside)
    try:
        os.rename(new, place)
    except BaseException:
        os.rename(aside, place)
        raise
    remove(aside)


def _exchange(one: str, other: str) -> bool:
    """Let two folders swap places in one step; False where that cannot be done."""
    # Imported here: it takes a while, and few datasets replace folders.
    import ctypes

    try:
        library = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "darwin":
            result = library.renamex_np(os.fsencode(one), os.fsencode(other), _RENAME_EXCHANGE)
        else:
            result = library.renameat2(
                _AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), ctypes.c_uint(_RENAME_EXCHANGE)
            )
    except (AttributeError, OSError, TypeError):
        # Another system, or an older one.
        return False
    return bool(result == 0)
