"""Saves of datasets that write where they please: a copy of the dataset saves in their place, told another path.

Datasets that ask ``_get_save_path()`` need none of this. Those that do not are staged if they are known to write to
their ``_filepath`` and nowhere else, or if their entry says ``atomic: true``.
"""

from __future__ import annotations

import contextlib
import copy
import os
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any

from ._joint_saves import afterwards, foreign, publishing_together, staged
from ._staging_rules import empties_its_folder, local_folder_of, setting

_Stamp = tuple[int, int, int]


@contextlib.contextmanager
def writing_elsewhere(dataset: Any) -> Iterator[Any]:
    """Give what to save with in place of a dataset that writes to its own path; its data appears when that is done."""
    target = getattr(dataset, "_filepath", None)
    if not isinstance(target, (str, PurePath)) or "://" in str(target):
        with foreign():
            yield dataset
        return
    with staged(dataset) as staging:
        # A path without a protocol is one on this machine, and only a concrete one says so.
        path = staging.redirect(Path(target) if getattr(dataset, "_protocol", None) is None else PurePath(target))
        with foreign():
            if path == PurePath(target):
                yield dataset
            else:
                with _stand_in(dataset, _filepath=type(target)(path)) as writer:
                    yield writer


@contextlib.contextmanager
def saving_partitions(dataset: Any) -> Iterator[Any]:
    """Publish the partitions of a dataset together, staged where no listing of its folder sees them.

    One that would empty its folder before it writes does that when everything is there.
    """
    if setting(dataset, "atomic") is False:
        with foreign():
            yield dataset
        return
    folder = local_folder_of(dataset)
    with publishing_together(folder):
        if folder is None or not empties_its_folder(dataset):
            yield dataset
            return
        before = _stamps(folder)
        with _stand_in(dataset, _overwrite=False) as writer:
            yield writer
        afterwards(dataset, lambda: _remove_untouched(folder, before))


@contextlib.contextmanager
def _stand_in(dataset: Any, **changed: Any) -> Iterator[Any]:
    """Give a copy of a dataset that differs in some attributes; what else its save changes is carried over."""
    double = copy.copy(dataset)
    vars(double).update(changed)
    yield double
    vars(dataset).update({name: value for name, value in vars(double).items() if name not in changed})


def _stamps(folder: str) -> dict[str, _Stamp]:
    """Return what tells each file of a folder from one that is written in its place."""
    found = {}
    for at, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(at, name)
            state = os.lstat(path)
            found[path] = (state.st_ino, state.st_mtime_ns, state.st_size)
    return found


def _remove_untouched(folder: str, before: dict[str, _Stamp]) -> None:
    """Remove the files that are as they were, and the folders that are empty then."""
    for path, stamp in _stamps(folder).items():
        if before.get(path) == stamp:
            os.unlink(path)
    for at, _, _ in os.walk(folder, topdown=False):
        if at != folder:
            with contextlib.suppress(OSError):  # There is something in it.
                os.rmdir(at)
