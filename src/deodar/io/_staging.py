"""Where a dataset writes until its data is complete.

While a file dataset saves, ``_get_save_path()`` hands out a path in a hidden folder beside the target, with the
target's own name (writers look at suffixes, some write companions next to it, and some put the name into the file).
When the save is done, everything in that folder moves into place by rename; when it failed, the folder goes and what
was there before is untouched. A dataset that never asks for its save path writes as it always did.
"""

from __future__ import annotations

import errno
import os
from pathlib import PurePath
from typing import Any, Protocol

from ._errors import DatasetError
from ._leftovers import new_name, remove, sweep_once
from ._publishing import move_all, sync, sync_folder
from ._staging_rules import can_stand_in, folder_rule, is_staged, wants_sync, written_through

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

    __slots__ = ("asked", "dataset", "folder", "outer", "path", "place", "target", "written")

    def __init__(self, dataset: Any, outer: Frame | None) -> None:
        self.dataset = dataset
        self.outer = outer
        self.asked: Any = None
        self.target: PurePath | None = None
        self.path: PurePath | None = None
        self.folder: str | None = None
        self.place = ""
        self.written: list[str] = []

    def redirect(self, target: Any) -> Any:
        """Return where to write what shall end up at the target: the same place each time it is asked."""
        if self.path is None:
            folder = self._folder_for(target)
            if folder is None:
                self.asked = target
                return target
            self.target, self.folder = target, folder
            self.path = type(target)(folder) / target.name
            if not getattr(self.dataset, "_version", None) and os.path.isdir(self.place):
                # Writers that empty a folder first, or add to it, shall find one.
                os.mkdir(os.fspath(self.path))
        return self.path if target == self.target else target

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
                sync_folder(parent)
                sync_folder(os.path.dirname(parent) or ".")
        finally:
            remove(self.folder)

    def discard(self) -> None:
        """Remove what was written."""
        if self.folder is not None:
            remove(self.folder)
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

    def _folder_for(self, target: Any) -> str | None:
        """Make the folder to write in, on the target's own file system; None to write to the target itself."""
        if not isinstance(target, PurePath) or not is_staged(self.dataset, target):
            return None
        self.place = anchor = written_through(target)
        if getattr(self.dataset, "_version", None):
            # Outside of the folder of versions, where a listing could take it for one.
            anchor = written_through(self.dataset._filepath)
            if os.path.exists(anchor) and not os.path.isdir(anchor):
                return None
        elif not can_stand_in(self.dataset, anchor):
            return None
        return self.nest(anchor) or make_beside(anchor, target)

    def nest(self, anchor: str) -> str | None:
        """Return the folder set aside around this save for what is at a path, if there is one."""
        return None if self.outer is None else self.outer.nest(anchor)

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


def _is_empty_folder(path: str) -> bool:
    return os.path.isdir(path) and not os.listdir(path)


def must_not_exist(path: Any, dataset: Any) -> str:
    """Say that a version is there already."""
    return f"Save path '{path}' for {dataset!s} must not exist if versioning is enabled."


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
