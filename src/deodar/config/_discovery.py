"""Where configuration lies, and which files of a folder match a pattern.

Patterns mean what they mean to ``fsspec``: ``*`` stays inside one folder, ``**`` crosses them, linked folders are not
entered. Folders of the local disk are searched without ``fsspec``; archives are read in place and never unpacked.
"""

import fnmatch
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from .._expressions import expression
from .abstract_config import MissingConfigException

SUFFIXES = (".yml", ".yaml", ".json")

_ARCHIVES = {
    "application/x-tar": "tar",
    "application/zip": "zip",
    "application/x-zip-compressed": "zip",
    "application/zip-compressed": "zip",
}
_MAGIC = expression(r"[*?\[]")


class Source(Protocol):
    """One place that holds the folders of all environments."""

    def folder(self, env: str) -> str:
        """Return the path of an environment's folder."""

    def check(self, folder: str) -> None:
        """Raise ``MissingConfigException`` unless the folder is there."""

    def find(self, folder: str, patterns: Iterable[str]) -> list[str]:
        """Return the configuration files that match any of the patterns, sorted, each once."""

    def read(self, path: str) -> bytes:
        """Return the content of a file."""

    def parts(self, path: str) -> tuple[str, ...]:
        """Return the parts of a path below the root of the source, or all of them if it lies outside."""


class LocalSource:
    """A folder of the local disk."""

    def __init__(self, root: str) -> None:
        self._root = root

    def folder(self, env: str) -> str:
        path = Path(self._root) / env
        return path.as_posix()

    def check(self, folder: str) -> None:
        if not os.path.isdir(folder):  # noqa: PTH112
            raise MissingConfigException(_no_folder(folder))

    def find(self, folder: str, patterns: Iterable[str]) -> list[str]:
        search = _Search()
        found: set[str] = set()
        for pattern in patterns:
            parts = [part for part in str(pattern).replace("\\", "/").split("/") if part not in ("", ".")]
            found.update(path for path in search.expand(folder, parts) if path.endswith(SUFFIXES))
        # The same file may be reached by two spellings when a pattern climbs with "..".
        unique = {os.path.normpath(path): path for path in sorted(found, reverse=True)}
        return sorted(path for path in unique.values() if os.path.isfile(path))  # noqa: PTH113

    def read(self, path: str) -> bytes:
        return Path(path).read_bytes()

    def parts(self, path: str) -> tuple[str, ...]:
        resolved = Path(path).resolve()
        root = Path(self._root).resolve()
        return resolved.relative_to(root).parts if resolved.is_relative_to(root) else resolved.parts


class _Search:
    """One search on the local disk, which lists no folder twice."""

    def __init__(self) -> None:
        self._listings: dict[str, list[tuple[str, bool]]] = {}

    def expand(self, folder: str, parts: Sequence[str]) -> Iterator[str]:
        """Yield the paths below a folder that the parts of a pattern lead to."""
        if not parts:
            return
        head, rest = parts[0], parts[1:]
        if head == "**":
            for below in self._below(folder):
                if rest:
                    yield from self.expand(below, rest)
                else:
                    yield from (f"{below}/{name}" for name, _ in self._listing(below))
        elif not _MAGIC.search(head):
            path = f"{folder}/{head}"
            yield from self.expand(path, rest) if rest else [path]
        else:
            matches = _matcher(head)
            for name, is_folder in self._listing(folder):
                if matches(name) and (is_folder or not rest):
                    yield from self.expand(f"{folder}/{name}", rest) if rest else [f"{folder}/{name}"]

    def _below(self, folder: str) -> Iterator[str]:
        yield folder
        for name, is_folder in self._listing(folder):
            if is_folder:
                yield from self._below(f"{folder}/{name}")

    def _listing(self, folder: str) -> list[tuple[str, bool]]:
        """Return the names in a folder, and whether each is a folder itself."""
        if folder not in self._listings:
            try:
                with os.scandir(folder) as entries:
                    listing = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
            except (FileNotFoundError, NotADirectoryError):
                listing = []
            self._listings[folder] = listing
        return self._listings[folder]


def _matcher(pattern: str) -> Callable[[str], object]:
    """Return what tells whether a name matches one part of a pattern."""
    start = pattern.rstrip("*")
    if not _MAGIC.search(start):
        # As most are, and a regular expression takes longer to make than the folder to read.
        return lambda name: name.startswith(start)
    return re.compile(fnmatch.translate(pattern)).match


class FilesystemSource:
    """A root on any filesystem of ``fsspec``: a bucket, a web server, memory."""

    def __init__(self, filesystem: Any, root: str) -> None:
        self.filesystem = filesystem
        self.root = root

    def folder(self, env: str) -> str:
        parts = (self.root.rstrip("/"), env.strip("/"))
        return "/".join(part for part in parts if part)

    def check(self, folder: str) -> None:
        try:
            self.filesystem.ls(folder)
        # Every backend has errors of its own, and all of them mean the same here.
        except Exception as exc:
            raise MissingConfigException(f"{_no_folder(folder)}. Error: {exc}") from exc

    def find(self, folder: str, patterns: Iterable[str]) -> list[str]:
        base = folder.rstrip("/")
        found: set[str] = set()
        for pattern in patterns:
            relative = PurePosixPath(pattern).as_posix().lstrip("/")
            found.update(str(path) for path in self.filesystem.glob(f"{base}/{relative}" if base else relative))
        return sorted(path for path in found if path.endswith(SUFFIXES) and self.filesystem.isfile(path))

    def read(self, path: str) -> bytes:
        with self.filesystem.open(path, "rb") as stream:
            content: bytes = stream.read()
        return content

    def parts(self, path: str) -> tuple[str, ...]:
        root = self.root.rstrip("/")
        inside = path[len(root) :] if root and path.startswith(f"{root}/") else path
        return tuple(part for part in inside.split("/") if part)


class ArchiveSource(FilesystemSource):
    """A tar or zip file, read in place. Its environments lie at its root, or in the one folder that wraps them."""

    def __init__(self, filesystem: Any, archive: str, envs: Iterable[str]) -> None:
        super().__init__(filesystem, "")
        self._archive = archive
        self.root = self._wrapper([env for env in envs if env])

    def _wrapper(self, envs: list[str], inside: str = "") -> str:
        listing = self.filesystem.ls(inside, detail=True)
        if any(entry["name"].endswith(SUFFIXES) for entry in listing):
            return inside
        folders: dict[str, str] = {}
        for entry in listing:
            path = entry["name"].strip("/")
            name = path.rpartition("/")[2]
            # macOS adds folders of its own to every zip file.
            if entry["type"] == "directory" and name != "__MACOSX" and (name == "." or not name.startswith(".")):
                folders[name] = path
        if list(folders) == ["."]:
            return self._wrapper(envs, ".")
        wrapping = [path for path in folders.values() if any(self.filesystem.isdir(f"{path}/{env}") for env in envs)]
        if wrapping:
            return wrapping[-1]
        if any(env in folders for env in envs) or not folders:
            return inside
        return list(folders.values())[-1]

    def check(self, folder: str) -> None:
        if folder and not self.filesystem.isdir(folder):
            raise MissingConfigException(f"{_no_folder(folder)} (inside the archive {self._archive})")


def archive_kind(conf_source: str) -> str | None:
    """Return ``tar`` or ``zip`` if the name is that of an archive."""
    if not PurePosixPath(conf_source.replace("\\", "/")).suffix:
        return None
    # Imported here: it reads the system's tables of types, which only a name with a suffix needs.
    import mimetypes

    return _ARCHIVES.get(mimetypes.guess_type(conf_source)[0] or "")


def archive_options(conf_source: str) -> dict[str, Any]:
    """Return what ``fsspec`` must be told beyond the name to open an archive."""
    # It derives the compression from the last suffix and does not know this short form.
    return {"fo": conf_source} | ({"compression": "gzip"} if conf_source.endswith(".tgz") else {})


def _no_folder(folder: str) -> str:
    return f"Given configuration path either does not exist or is not a valid directory: {folder}"


def open_url(url: str) -> Source:
    """Open a URL of any protocol that ``fsspec`` knows."""
    # Imported here: only remote sources need it.
    from fsspec.core import url_to_fs

    filesystem, root = url_to_fs(url)
    return FilesystemSource(filesystem, root)
