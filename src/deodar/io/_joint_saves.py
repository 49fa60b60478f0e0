"""When the data of a save appears under its path: at its end, or with that of other saves.

Saves may be published together: what each wrote waits until the last one has succeeded.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import PurePath
from types import TracebackType
from typing import Any, Protocol

from ._errors import DatasetError
from ._leftovers import remove, sweep
from ._staging import Frame, Staging, make_beside, make_folder
from ._staging_rules import is_staged, local_folder_of, written_through


class _Step(Protocol):
    """What waits to be published, of which dataset."""

    @property
    def dataset(self) -> Any: ...
    def explain(self, error: BaseException) -> str: ...
    def publish(self) -> None: ...
    def discard(self) -> None: ...


class Group:
    """Saves that are published together, in their order, when all of them have succeeded.

    Args:
        root: a folder whose files somebody may list while they are written: they are staged beside it.
    """

    __slots__ = ("_count", "_folder", "_steps", "outer", "root")

    def __init__(self, outer: Frame | None, root: str | None) -> None:
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

    def nest(self, anchor: str) -> str | None:
        """Return a new folder beside the root, for a save within it; None where that cannot be."""
        if self.root is None:
            return None if self.outer is None else self.outer.nest(anchor)
        if not os.path.abspath(anchor).startswith(f"{self.root.rstrip(os.sep)}{os.sep}"):
            return None
        if self._folder is None:
            beside = os.path.dirname(self.root)
            if not _on_one_file_system(self.root, beside):
                return None
            self._folder = make_beside(self.root, self.root)
            if self._folder is None:
                return None
        self._count += 1
        return make_folder(f"{self._folder}/{self._count}", self.root)


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

    def __init__(self, outer: Frame | None) -> None:
        self.outer = outer

    def nest(self, anchor: str) -> str | None:
        """Return the folder set aside around this save for what is at a path, if there is one."""
        return None if self.outer is None else self.outer.nest(anchor)


_ONE_BY_ONE = contextlib.nullcontext()

_active: ContextVar[Frame | None] = ContextVar("staging", default=None)


def staging_of(dataset: Any) -> Staging | None:
    """Return the save in progress of a dataset, or None."""
    frame = _active.get()
    while frame is not None:
        if isinstance(frame, Staging) and frame.dataset is dataset:
            return frame
        frame = frame.outer
    return None


class staged:
    """Publish what a dataset writes inside when all of it succeeded; leave no trace when it failed.

    A class, as there is one for each save: a generator takes three times as long.
    """

    __slots__ = ("_staging", "_token")

    def __init__(self, dataset: Any) -> None:
        self._staging = Staging(dataset, _active.get())

    def __enter__(self) -> Staging:
        self._token = _active.set(self._staging)
        return self._staging

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is not None:
                self._staging.discard()
                return
        finally:
            _active.reset(self._token)
        self._staging.finish()
        _hand_over(self._staging, self._staging.outer)


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


def foreign() -> contextlib.AbstractContextManager[None]:
    """Let saves inside be published one by one, at their end."""
    outer = _active.get()
    # Of data in memory there are many saves, each over in a few microseconds.
    return _ONE_BY_ONE if outer is None or isinstance(outer, _Foreign) else _within(_Foreign(outer))


@contextlib.contextmanager
def _within(frame: Frame) -> Iterator[None]:
    token = _active.set(frame)
    try:
        yield
    finally:
        _active.reset(token)


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
        if isinstance(path, PurePath):
            parent = os.path.dirname(written_through(path)) or "."
            if parent not in parents and is_staged(dataset, path):
                parents.add(parent)
        folder = local_folder_of(dataset) if path is None else None
        if folder is not None:
            parents.update((folder, os.path.dirname(folder)))
    for parent in sorted(parents):
        sweep(parent)


def _hand_over(step: _Step, outer: Frame | None) -> None:
    if isinstance(outer, Group):
        outer.add(step)
    else:
        step.publish()


def _on_one_file_system(folder: str, parent: str) -> bool:
    try:
        return os.stat(folder).st_dev == os.stat(parent).st_dev
    except OSError:
        # Not there yet.
        return True
