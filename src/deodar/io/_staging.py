"""Where a dataset writes until its data is complete.

While a file dataset saves, ``_get_save_path()`` hands out a path in a hidden folder beside the target, with the
target's own name (writers look at suffixes, some write companions next to it, and some put the name into the file).
When the save is done, everything in that folder moves into place by rename; when it failed, the folder goes and what
was there before is untouched. A dataset that never asks for its save path writes as it always did.

To make and remove a folder costs more than the rest of it. Writers that are known to open one file, in whose data its
name is not, get a hidden file beside the target instead.
"""

from __future__ import annotations

import errno
import os
from pathlib import PurePath
from stat import S_ISREG
from typing import Any, Protocol

from ._errors import DatasetError
from ._leftovers import name_for_new, new_name, remove, sweep_once
from ._publishing import move, move_all, rename, sync, sync_folder
from ._staging_rules import (
    can_stand_in,
    folder_rule,
    is_staged,
    needs_its_name,
    opens_one_file,
    place_and_mode,
    takes_new_files,
    wants_sync,
    written_through,
)

# Where a save cannot even begin, writing in place would destroy what is there.
_NO_ROOM = tuple(getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EIO", "EFBIG") if hasattr(errno, name))


class Frame(Protocol):
    """A save in progress, or several."""

    outer: Frame | None

    def nest(self, anchor: str) -> str | None:
        """Return a folder to write in for a save to a path, made already; None where none is set aside."""


class Staging:
    """One save in progress: the dataset, and once it asked, where it writes and where that will go.

    Owned by the thread (more exactly, the context) that saves.
    """

    __slots__ = ("asked", "dataset", "file", "folder", "is_new", "outer", "path", "place", "target", "written")

    def __init__(self, dataset: Any, outer: Frame | None) -> None:
        self.dataset = dataset
        self.outer = outer
        self.asked: Any = None
        self.target: PurePath | None = None
        self.path: PurePath | None = None
        # Where it writes: a folder, or a file without one. Neither when it writes to the target itself.
        self.folder: str | None = None
        self.file: str | None = None
        self.place = ""
        self.is_new = False
        self.written: list[str] = []

    def redirect(self, target: Any) -> Any:
        """Return where to write what shall end up at the target: the same place each time it is asked."""
        if self.path is None:
            self._make_room_for(target)
            if self.file is not None:
                self.target, self.path = target, type(target)(self.file)
            elif self.folder is not None:
                self.target = target
                self.path = type(target)(self.folder) / target.name
                if not getattr(self.dataset, "_version", None) and os.path.isdir(self.place):
                    # Writers that empty a folder first, or add to it, shall find one.
                    os.mkdir(os.fspath(self.path))
            else:
                self.asked = target
                return target
        return self.path if target is self.target or target == self.target else target

    def finish(self) -> None:
        """Take note of what was written: nothing more will be."""
        if self.folder is None:
            return
        try:
            names = os.listdir(self.folder)
        except FileNotFoundError:
            # Asked for the path, and wrote elsewhere or nothing.
            return
        own = os.path.basename(self.place)
        if names == [own] and os.path.isdir(self.place) and _is_empty_folder(f"{self.folder}/{own}"):
            # The folder that was made for it, and nothing in it: replacing data with that is too dear a mistake.
            return
        # The target itself last: where it is, its companions are.
        self.written = sorted(names, key=lambda name: (name == own, name)) if len(names) > 1 else names

    def publish(self) -> None:
        """Move what was written into place."""
        if self.file is not None:
            self._publish_file(self.file)
        if self.folder is None:
            return
        try:
            if not self.written:
                return
            is_synced = wants_sync(self.dataset)
            if is_synced:
                sync(self.folder)
            parent = os.path.dirname(self.place) or "."
            if getattr(self.dataset, "_version", None):
                self._publish_version(self.folder, parent)
            else:
                move_all(self.folder, parent, self.written, folder_rule(self.dataset))
            if is_synced:
                _sync_names_in(parent)
        finally:
            remove(self.folder)

    def discard(self) -> None:
        """Remove what was written."""
        what = self.folder or self.file
        if what is not None:
            remove(what)
        if self.written and hasattr(self.dataset, "_clear_version_cache"):
            # It counted on being published, and knows the version that it saved.
            self.dataset._clear_version_cache()

    def in_real_terms(self, text: str) -> str:
        """Name the target where a message names the place that stood in for it."""
        if self.path is None or str(self.path) not in text:
            return text
        return text.replace(str(self.path), str(self.target))

    def explain(self, error: BaseException) -> str:
        """Return what an error says, with the target where there was no room for it."""
        reason = self.in_real_terms(str(error))
        if not _means_no_room(error):
            return reason
        if self.target is not None:
            told = f"There was no room for '{self.target}'. What was there before is still there."
        elif self.asked is not None:
            told = f"There was no room for '{self.asked}'. It is written in place, and may hold part of the new data."
        else:
            return reason
        return reason if told in reason else f"{reason}\n{told}"

    def _make_room_for(self, target: Any) -> None:
        """Choose where to write, on the target's own file system; nowhere else than the target if that cannot be."""
        if not isinstance(target, PurePath) or not is_staged(self.dataset, target):
            return
        self.place, mode = place_and_mode(target)
        anchor = self.place
        self.is_new = mode is None
        is_versioned = bool(getattr(self.dataset, "_version", None))
        if is_versioned:
            # Outside of the folder of versions, where a listing could take it for one.
            anchor = written_through(self.dataset._filepath)
            if os.path.exists(anchor) and not os.path.isdir(anchor):
                return
        elif not can_stand_in(self.dataset, mode):
            return
        self.folder = self.nest(anchor)
        if self.folder is None:
            if not is_versioned and (mode is None or S_ISREG(mode)) and opens_one_file(self.dataset.__class__):
                self.file = _file_beside(self.dataset, anchor)
            if self.file is None:
                self.folder = make_beside(anchor, target)

    def nest(self, anchor: str) -> str | None:
        """Return the folder set aside around this save for what is at a path, if there is one."""
        return None if self.outer is None else self.outer.nest(anchor)

    def _publish_file(self, file: str) -> None:
        is_synced = wants_sync(self.dataset)
        try:
            if is_synced:
                sync(file)
            if self.is_new:
                rename(file, self.place)
            else:
                move(file, self.place)
        except BaseException as exc:
            if isinstance(exc, FileNotFoundError) and not os.path.lexists(file):
                # Asked for the path, and wrote elsewhere or nothing.
                return
            remove(file)
            raise
        if is_synced:
            _sync_names_in(os.path.dirname(self.place) or ".")

    def _publish_version(self, folder: str, version_folder: str) -> None:
        try:
            # The whole version appears at once, and of two that save the same version one fails.
            try:
                os.rename(folder, version_folder)
            except FileNotFoundError:
                os.makedirs(os.path.dirname(version_folder) or ".", exist_ok=True)
                os.rename(folder, version_folder)
        except OSError as exc:
            if exc.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.EACCES, errno.EXDEV):
                raise
            if os.path.exists(self.place):
                raise DatasetError(must_not_exist(self.target, self.dataset)) from exc
            move_all(folder, version_folder, self.written, None)


def _means_no_room(error: BaseException | None) -> bool:
    """Tell whether an error is the system's refusal to take more data, or stands for it."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            return True
        error = error.__cause__
    return False


def _sync_names_in(folder: str) -> None:
    sync_folder(folder)
    sync_folder(os.path.dirname(folder) or ".")


def _is_empty_folder(path: str) -> bool:
    return os.path.isdir(path) and not os.listdir(path)


def must_not_exist(path: Any, dataset: Any) -> str:
    """Say that a version is there already."""
    return f"Save path '{path}' for {dataset!s} must not exist if versioning is enabled."


def _file_beside(dataset: Any, place: str) -> str | None:
    """Name a file of this process beside a path; None where there shall be a folder, or nothing can be added."""
    parent, slash, name = place.rpartition("/")
    parent = parent or slash or "."
    if needs_its_name(dataset, name) or not takes_new_files(parent):
        return None
    sweep_once(parent)
    return f"{parent}/{name_for_new()}"


def make_beside(anchor: str, target: Any) -> str | None:
    """Make a folder of this process beside a path; None where that is not allowed."""
    parent = os.path.dirname(anchor) or "."
    sweep_once(parent)
    return make_folder(f"{parent}/{new_name()}", target)


def make_folder(folder: str, target: Any) -> str | None:
    """Make a folder to stage a target in; None where that is not allowed.

    Raises:
        OSError: there is no room for it.
    """
    try:
        os.mkdir(folder)
    except FileNotFoundError:
        # The dataset makes the folders above, or fails for want of them, as without staging.
        return folder
    except OSError as exc:
        if exc.errno in _NO_ROOM:
            raise OSError(exc.errno, exc.strerror, str(target)) from exc
        # No right to add to the folder, though perhaps to write the file: as without staging.
        return None
    return folder
