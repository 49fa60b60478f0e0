"""Where a dataset writes until its data is complete, and how the data then appears under its path.

While a file dataset saves, ``_get_save_path()`` hands out a path in a hidden folder beside the target, with
the target's own name (writers look at suffixes, and some write companions next to it). When the save is
done, everything in that folder moves into place by rename; when it failed, the folder goes and what was
there before is untouched. A dataset that never asks for its save path writes as it always did.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path, PurePath
from stat import S_ISDIR, S_ISREG
from typing import Any

from ._errors import DatasetError

FOLDER_PREFIX = ".deodar-staging-"

_LOCAL_PROTOCOLS = ("file", "local")
_OPT_OUT = ("deodar", "kedro")
_SAVE_OPTIONS = ("_save_args", "_fs_open_args_save", "_writer_args")


class Staging:
    """One save in progress: the dataset, and once it asked, where it writes and where that will go.

    Owned by the thread (more exactly, the context) that saves.
    """

    __slots__ = ("dataset", "folder", "outer", "path", "target")

    def __init__(self, dataset: Any, outer: Staging | None) -> None:
        self.dataset = dataset
        self.outer = outer
        self.target: PurePath | None = None
        self.path: PurePath | None = None
        self.folder: Path | None = None

    def redirect(self, target: Any) -> Any:
        """Return where to write what shall end up at the target: the same place each time it is asked."""
        if self.path is None:
            folder = _folder_beside(self.dataset, target)
            if folder is None:
                return target
            self.target, self.folder = target, folder
            self.path = type(target)(folder) / target.name
        return self.path if target == self.target else target

    def publish(self) -> None:
        """Move what was written into place."""
        if self.folder is None or self.target is None:
            return
        try:
            written = [child.name for child in self.folder.iterdir()]
        except FileNotFoundError:
            # Asked for the path, and wrote elsewhere or nothing.
            return
        target = _written_through(self.target)
        try:
            if not written:
                return
            if getattr(self.dataset, "_version", None):
                self._publish_version(self.folder, target, written)
            else:
                _move(self.folder, target, written)
        finally:
            self.discard()

    def _publish_version(self, folder: Path, target: Path, written: list[str]) -> None:
        version_folder = target.parent
        version_folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            # The whole version appears at once, and of two that save the same version one fails.
            folder.rename(version_folder)
        except OSError as exc:
            if exc.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.EACCES):
                raise
            if target.exists():
                raise DatasetError(must_not_exist(self.target, self.dataset)) from exc
            _move(folder, target, written)

    def discard(self) -> None:
        """Remove what was written."""
        if self.folder is None:
            return
        try:
            self.folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            # Imported here: it is slow to import, and what is left over is rare.
            import shutil

            shutil.rmtree(self.folder, ignore_errors=True)

    def in_real_terms(self, text: str) -> str:
        """Name the target where a message names the place that stood in for it."""
        if self.path is None or str(self.path) not in text:
            return text
        return text.replace(str(self.path), str(self.target))


_active: ContextVar[Staging | None] = ContextVar("staging", default=None)


def staging_of(dataset: Any) -> Staging | None:
    """Return the save in progress of a dataset, or None."""
    staging = _active.get()
    while staging is not None and staging.dataset is not dataset:
        staging = staging.outer
    return staging


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
    staging.publish()


def must_not_exist(path: Any, dataset: Any) -> str:
    """Say that a version is there already."""
    return f"Save path '{path}' for {dataset!s} must not exist if versioning is enabled."


def _folder_beside(dataset: Any, target: Any) -> Path | None:
    """Name the folder to write in, on the target's own file system; None to write to the target itself."""
    if not isinstance(target, PurePath) or not _is_atomic(dataset, target):
        return None
    anchor = local = _written_through(target)
    if getattr(dataset, "_version", None):
        # Outside of the folder of versions, where a listing could take it for one.
        anchor = _written_through(dataset._filepath)
        if anchor.exists() and not anchor.is_dir():
            return None
    elif _is_other_than_file(local):
        return None
    folder = anchor.parent / f"{FOLDER_PREFIX}{os.getpid()}-{os.urandom(4).hex()}"
    try:
        folder.mkdir()
    except FileNotFoundError:
        # The dataset makes the folders above, or fails for want of them, as without staging.
        return folder
    except OSError:
        # No right to add to the folder, though perhaps to write the file: as without staging.
        return None
    return folder


def _is_other_than_file(path: Path) -> bool:
    """Tell whether there is a folder, a pipe or a device, which no rename can stand in for.

    Folders, because a writer may add to what is in them.
    """
    try:
        return not S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def _is_atomic(dataset: Any, target: PurePath) -> bool:
    protocol = getattr(dataset, "_protocol", None)
    if protocol is None:
        # Only a concrete path is local for certain: Spark's are pure and may mean another file system.
        if not isinstance(target, Path):
            return False
    elif protocol not in _LOCAL_PROTOCOLS:
        return False
    return not _opted_out(dataset) and not _adds_to_target(dataset)


def _opted_out(dataset: Any) -> bool:
    """Tell whether the catalog entry says ``metadata: {deodar: {atomic: false}}``."""
    metadata = getattr(dataset, "metadata", None)
    if not isinstance(metadata, dict):
        return False
    sections = (metadata.get(name) for name in _OPT_OUT)
    return any(isinstance(section, dict) and section.get("atomic") is False for section in sections)


def _adds_to_target(dataset: Any) -> bool:
    """Tell whether the save needs what is there already: appending, exclusive creation and their like."""
    options = [getattr(dataset, name, None) for name in _SAVE_OPTIONS]
    arguments = getattr(dataset, "_init_args", None)
    return any(_has_other_mode(option) for option in (*options, arguments))


def _has_other_mode(options: Any) -> bool:
    if not isinstance(options, dict):
        return False
    for key, value in options.items():
        if isinstance(value, dict):
            if "load" not in str(key) and _has_other_mode(value):
                return True
        elif (key == "mode" and isinstance(value, str) and not _replaces(value)) or (key == "append" and value is True):
            return True
    return False


def _replaces(mode: str) -> bool:
    return mode == "overwrite" or (mode.startswith("w") and "+" not in mode)


def _written_through(target: PurePath) -> Path:
    """Return the file itself if the target is a link, as opening it would write there."""
    path = Path(target)
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def _move(folder: Path, target: Path, written: list[str]) -> None:
    """Move all that was written beside the target, the target itself last, with the permissions it had."""
    target.parent.mkdir(parents=True, exist_ok=True)
    for name in sorted(written, key=lambda name: name == target.name):
        place = target.parent / name
        try:
            mode = place.lstat().st_mode
        except FileNotFoundError:
            mode = None
        if mode is not None and S_ISDIR(mode):
            # A rename cannot replace a folder that has something in it.
            place.replace(folder / f"{FOLDER_PREFIX}replaced-{name}")
        elif mode is not None and S_ISREG(mode):
            with contextlib.suppress(PermissionError):  # Somebody else's file in a folder of ours.
                (folder / name).chmod(mode & 0o7777)
        (folder / name).replace(place)
