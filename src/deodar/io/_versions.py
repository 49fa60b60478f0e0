"""What a version is, and which of the versions on a store is the latest."""

import glob
from collections import namedtuple
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path, PurePath
from typing import Any

from ..utils import _is_unsafe_version

VERSION_FORMAT = "%Y-%m-%dT%H.%M.%S.%fZ"

_SHOWN_IN = __name__.rpartition(".")[0] + ".core"


class Version(namedtuple("Version", ["load", "save"])):
    """The versions that a dataset is pinned to; None means the latest to load, a new one to save."""

    __slots__ = ()
    __module__ = _SHOWN_IN


def timestamp() -> str:
    """Return the present moment in UTC, to the millisecond, as a version string that sorts by time."""
    now = datetime.now(tz=timezone.utc).strftime(VERSION_FORMAT)
    return now[:-4] + now[-1:]  # microseconds cut to milliseconds


def local_exists(local_filepath: str) -> bool:
    """Tell whether a local path exists."""
    return Path(local_filepath).exists()


def escaped(pattern: str, filepath: str) -> str:
    """Escape what looks like a wildcard in the file path that a version pattern starts with.

    Without it a path such as ``we[i]rd.txt`` is written and never found again.
    """
    quoted = glob.escape(filepath)
    if quoted == filepath or not pattern.startswith(filepath):
        return pattern
    name = filepath.replace("\\", "/").rpartition("/")[2]
    rest = pattern[len(filepath) :]
    if rest.endswith(name):
        rest = rest[: -len(name)] + glob.escape(name)
    return quoted + rest


def newest_first(paths: Any) -> list[str]:
    """Sort version paths as the contract does: as strings, the greatest first."""
    return sorted(paths, reverse=True)


def own_version(dataset: Any) -> str | None:
    """Return the version that a dataset saves in this run, if it has been saved already, by whichever process.

    A run reads what it wrote, even when another one has saved a newer version in between.
    """
    own = dataset._version.save or dataset._cached_save_version if dataset._version else None
    if not isinstance(own, str) or _is_unsafe_version(own):
        return None
    return own if dataset._exists_function(str(dataset._get_versioned_path(own))) else None


def first_existing(paths: list[str], exists: Callable[[str], bool]) -> str | None:
    """Return the first path that is really there; a version folder without its file is no version."""
    return next((path for path in paths if exists(path)), None)


def file_in_the_way(filepath: PurePath) -> str:
    """Say why a version cannot be saved under a path at which there is a file."""
    name, parent = filepath.name, filepath.parent.as_posix()
    return (
        f"Cannot save versioned dataset '{name}' to '{parent}' because a file with the same name already "
        "exists in the directory. This is likely because versioning was enabled on a dataset already saved "
        f"previously. Either remove '{name}' from the directory or manually convert it into a versioned "
        "dataset by placing it in a versioned directory (e.g. with default versioning format "
        f"'{filepath.as_posix()}/YYYY-MM-DDThh.mm.ss.sssZ/{name}')."
    )
