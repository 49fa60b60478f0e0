"""Where a dataset writes until its data is complete, and when the data then appears under its path.

While a file dataset saves, ``_get_save_path()`` hands out a path in a hidden folder beside the target, with the
target's own name (writers look at suffixes, some write companions next to it, and some put the name into the file).
When the save is done, everything in that folder moves into place by rename; when it failed, the folder goes and what
was there before is untouched. A dataset that never asks for its save path writes as it always did.

Several saves may be published together: what each wrote waits until the last one has succeeded.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import PurePath
from typing import Any, Protocol

from ._errors import DatasetError
from ._leftovers import FOLDER_PREFIX, new_name, remove, sweep, sweep_once
from ._publishing import move_all, sync, sync_folder
from ._staging_rules import (
    can_stand_in,
    folder_rule,
    is_staged,
    local_folder_of,
    setting,
    wants_sync,
    written_through,
)

# Where a save cannot even begin, writing in place would destroy what is there.
_NO_ROOM = tuple(getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EIO", "EFBIG") if hasattr(errno, name))


class _Step(Protocol):
    """What waits to be published, of which dataset."""

    @property
    def dataset(self) -> Any: ...
    def explain(self, error: BaseException) -> str: ...
    def publish(self) -> None: ...
    def discard(self) -> None: ...


class Staging:
    """One save in progress: the dataset, and once it asked, where it writes and where that will go.

    Owned by the thread (more exactly, the context) that saves.
    """

    __slots__ = ("dataset", "folder", "outer", "path", "place", "target", "written")

    def __init__(self, dataset: Any, outer: _Frame | None) -> None:
        self.dataset = dataset
        self.outer = outer
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
                return target
            self.target, self.folder = target, folder
            self.path = type(target)(folder) / target.name
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
        if self.written:
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
        if self.target is None or not isinstance(error, OSError) or error.errno not in _NO_ROOM:
            return reason
        return f"{reason}\nThere was no room for '{self.target}'. What was there before is still there."

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
        nested = _nested_in(self.outer, anchor)
        return nested or _make_beside(anchor, target)

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


class Group:
    """Saves that are published together, in their order, when all of them have succeeded.

    Args:
        root: a folder whose files somebody may list while they are written: they are staged beside it.
    """

    __slots__ = ("_count", "_folder", "_steps", "outer", "root")

    def __init__(self, outer: _Frame | None, root: str | None) -> None:
        self.outer = outer
        self.root = root
        self._steps: list[_Step] = []
        self._folder: str | None = None
        self._count = 0

    def add(self, step: _Step) -> None:
        """Have something published with the rest."""
        self._steps.append(step)

    def publish(self) -> None:
        """Move everything into place.

        Raises:
            DatasetError: from the first that could not be moved; those after it are discarded.
        """
        try:
            while self._steps:
                step = self._steps.pop(0)
                try:
                    step.publish()
                except OSError as exc:
                    raise DatasetError(
                        f"Failed while saving data to dataset {step.dataset!s}.\n{step.explain(exc)}"
                    ) from exc
        finally:
            self.discard()

    def discard(self) -> None:
        """Remove everything that was written."""
        while self._steps:
            self._steps.pop().discard()
        if self._folder is not None:
            remove(self._folder)

    @property
    def dataset(self) -> Any:
        """The steps inside have theirs."""
        return None

    def explain(self, error: BaseException) -> str:
        """Return what an error says."""
        return str(error)

    def make_folder(self) -> str | None:
        """Make a folder beside the root for one save; None where that cannot be."""
        if self.root is None:
            return None
        if self._folder is None:
            beside = os.path.dirname(self.root)
            if not _on_one_file_system(self.root, beside):
                return None
            self._folder = _make_beside(self.root, self.root)
            if self._folder is None:
                return None
        self._count += 1
        return _made(f"{self._folder}/{self._count}", self.root)


class _Action:
    """Something that is to be done once the saves before it are published."""

    __slots__ = ("dataset", "publish")

    def __init__(self, dataset: Any, action: Callable[[], None]) -> None:
        self.dataset = dataset
        self.publish = action

    def explain(self, error: BaseException) -> str:
        """Return what an error says."""
        return str(error)

    def discard(self) -> None:
        """Leave it undone."""


class _Foreign:
    """A save of a dataset that may look at what others write for it, so that those publish at once."""

    __slots__ = ("outer",)

    def __init__(self, outer: _Frame | None) -> None:
        self.outer = outer


_Frame = Staging | Group | _Foreign

_active: ContextVar[_Frame | None] = ContextVar("staging", default=None)


def staging_of(dataset: Any) -> Staging | None:
    """Return the save in progress of a dataset, or None."""
    frame = _active.get()
    while frame is not None:
        if isinstance(frame, Staging) and frame.dataset is dataset:
            return frame
        frame = frame.outer
    return None


@contextlib.contextmanager
def staged(dataset: Any) -> Iterator[Staging]:
    """Publish what the dataset writes inside when all of it succeeded; leave no trace when it failed."""
    staging = Staging(dataset, _active.get())
    token = _active.set(staging)
    try:
        yield staging
    except BaseException:
        staging.discard()
        raise
    finally:
        _active.reset(token)
    staging.finish()
    _hand_over(staging, staging.outer)


@contextlib.contextmanager
def publishing_together(root: str | None = None) -> Iterator[None]:
    """Publish what is saved inside when all saves succeeded; when one failed, none of them happened.

    Only saves that are made here count: what a dataset has others save for it appears at once, as it may look at it.
    Stores and files that are not staged are written as ever.

    Args:
        root: see ``Group``.
    """
    group = Group(_active.get(), root)
    token = _active.set(group)
    try:
        yield
    except BaseException:
        group.discard()
        raise
    finally:
        _active.reset(token)
    _hand_over(group, group.outer)


@contextlib.contextmanager
def foreign() -> Iterator[None]:
    """Let saves inside be published one by one, at their end."""
    outer = _active.get()
    if outer is None or isinstance(outer, _Foreign):
        yield
        return
    token = _active.set(_Foreign(outer))
    try:
        yield
    finally:
        _active.reset(token)


def saving_partitions(dataset: Any) -> contextlib.AbstractContextManager[None]:
    """Publish the partitions of a dataset together, staged where no listing of its folder sees them."""
    if setting(dataset, "atomic") is False:
        return foreign()
    return publishing_together(local_folder_of(dataset))


def afterwards(dataset: Any, action: Callable[[], None]) -> None:
    """Do something when what was saved so far is published: now, unless it waits for other saves."""
    frame = _active.get()
    if isinstance(frame, Group):
        frame.add(_Action(dataset, action))
    else:
        action()


def sweep_folder_of(dataset: Any) -> None:
    """Remove what killed saves left in a folder whose files are about to be listed."""
    folder = local_folder_of(dataset)
    if folder is not None:
        sweep(folder)


def sweep_beside(datasets: list[Any]) -> None:
    """Remove what killed saves left where datasets are about to be saved."""
    parents = set()
    for dataset in datasets:
        path = getattr(dataset, "_filepath", None)
        if isinstance(path, PurePath) and is_staged(dataset, path):
            parents.add(os.path.dirname(written_through(path)) or ".")
        folder = local_folder_of(dataset) if path is None else None
        if folder is not None:
            parents.update((folder, os.path.dirname(folder)))
    for parent in sorted(parents):
        sweep(parent)


def must_not_exist(path: Any, dataset: Any) -> str:
    """Say that a version is there already."""
    return f"Save path '{path}' for {dataset!s} must not exist if versioning is enabled."


def _hand_over(step: _Step, outer: _Frame | None) -> None:
    if isinstance(outer, Group):
        outer.add(step)
    else:
        step.publish()


def _nested_in(frame: _Frame | None, anchor: str) -> str | None:
    """Make a folder in that of the group whose root the anchor is in, if there is one."""
    while frame is not None:
        if isinstance(frame, Group) and frame.root is not None:
            within = os.path.abspath(anchor).startswith(f"{frame.root.rstrip(os.sep)}{os.sep}")
            return frame.make_folder() if within else None
        frame = frame.outer
    return None


def _make_beside(anchor: str, target: Any) -> str | None:
    parent = os.path.dirname(anchor) or "."
    sweep_once(parent)
    return _made(f"{parent}/{new_name()}", target)


def _made(folder: str, target: Any) -> str | None:
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


def _on_one_file_system(folder: str, parent: str) -> bool:
    try:
        return os.stat(folder).st_dev == os.stat(parent).st_dev
    except OSError:
        # Not there yet.
        return True


__all__ = [
    "FOLDER_PREFIX", "Group", "Staging", "afterwards", "foreign", "must_not_exist", "publishing_together",
    "saving_partitions", "staged", "staging_of", "sweep_beside", "sweep_folder_of",
]  # fmt: skip
