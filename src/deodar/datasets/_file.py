"""What all datasets in files share: paths, file systems, versions, handles. A format adds two functions.

Local files are opened without fsspec. Elsewhere a file is written in full before it is sent, so that no
store ever shows half of it; on the local disk the save path itself is a staging path (``io/_staging``).
"""

import errno
import functools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from ..io.core import (
    PROTOCOL_DELIMITER,
    AbstractVersionedDataset,
    DatasetError,
    Version,
    get_filepath_str,
    get_protocol_and_path,
)
from ._packages import advising, check_installed

# What the built-in ``open`` takes; anything else in ``open_args_*`` is for fsspec.
_TEXT_ONLY = {"encoding", "errors", "newline"}
_PLAIN_OPEN = {"mode", "buffering", *_TEXT_ONLY}


class FileDataset(AbstractVersionedDataset[Any, Any]):
    """One file, or one file for each version, on any file system that fsspec knows.

    A format is a subclass with ``_read`` and ``_write``. ``_HANDLE`` says what they get: an open handle in
    text (``"t"``) or binary (``"b"``) mode, or with None the path, for libraries that look at its suffix.
    """

    DEFAULT_LOAD_ARGS: ClassVar[dict[str, Any]] = {}
    DEFAULT_SAVE_ARGS: ClassVar[dict[str, Any]] = {}

    _HANDLE: ClassVar[str | None] = None
    _PACKAGE: ClassVar[str | None] = None
    # Whether the library finds its own way to other file systems, given a URL.
    _TAKES_URLS: ClassVar[bool] = False

    def __init__(
        self,
        *,
        filepath: str | os.PathLike[str],
        load_args: dict[str, Any] | None = None,
        save_args: dict[str, Any] | None = None,
        version: Version | None = None,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Describe the file; nothing is opened yet.

        Args:
            filepath: a path, or a URL such as ``s3://bucket/file``.
            load_args: passed on to the function that reads.
            save_args: passed on to the function that writes.
            version: the versions to load and save; None without versions.
            credentials: passed on to the file system.
            fs_args: passed on to the file system, but for ``open_args_load`` and ``open_args_save``,
                which are for opening the file.
            metadata: kept for plugins.

        Raises:
            DatasetError: the package for this format is not installed, or HTTP was asked for versions.
        """
        if self._PACKAGE is not None:
            check_installed(self._PACKAGE)
        options = dict(fs_args or {})
        self._fs_open_args_load = self._open_args(options.pop("open_args_load", None), "r")
        self._fs_open_args_save = self._open_args(options.pop("open_args_save", None), "w")
        self._protocol, path = get_protocol_and_path(filepath, version)
        is_local = self._is_local
        if is_local:
            options.setdefault("auto_mkdir", True)
            path = os.path.expanduser(path)  # noqa: PTH111 - a URL's path is no Path.
        self._storage_options: dict[str, Any] = {**(credentials or {}), **options}
        self._load_args: dict[str, Any] = {**self.DEFAULT_LOAD_ARGS, **(load_args or {})}
        self._save_args: dict[str, Any] = {**self.DEFAULT_SAVE_ARGS, **(save_args or {})}
        self.metadata = metadata
        super().__init__(
            filepath=PurePosixPath(path),
            version=version,
            exists_function=None if is_local else self._exists_elsewhere,
            glob_function=None if is_local else self._glob_elsewhere,
        )

    def load(self) -> Any:
        """Read the file."""
        with advising(), self._load_source() as source:
            return self._read(source)

    def save(self, data: Any) -> None:
        """Write the file."""
        path = get_filepath_str(self._get_save_path(), self._protocol)
        with advising(), self._target(path) as target:
            self._write(data, target)
        self._invalidate_cache()

    def _read(self, source: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not say how to read")

    def _write(self, data: Any, target: Any) -> None:
        raise NotImplementedError(f"{type(self).__name__} does not say how to write")

    def _describe(self) -> dict[str, Any]:
        return {
            "filepath": self._filepath,
            "protocol": self._protocol,
            "load_args": self._load_args,
            "save_args": self._save_args,
            "version": self._version,
        }

    def _exists(self) -> bool:
        return self._exists_function(get_filepath_str(self._get_load_path(), self._protocol))

    def _release(self) -> None:
        super()._release()
        self._invalidate_cache()

    def _invalidate_cache(self) -> None:
        # Only a file system that was used can have listings to forget.
        if "_fs" in self.__dict__:
            self._fs.invalidate_cache(get_filepath_str(self._filepath, self._protocol))

    @property
    def _is_local(self) -> bool:
        return self._protocol in ("file", "local")

    @functools.cached_property
    def _fs(self) -> Any:
        # Imported here: most datasets are local files, which need no fsspec.
        import fsspec

        return fsspec.filesystem(self._protocol, **self._storage_options)

    def _exists_elsewhere(self, path: str) -> bool:
        return bool(self._fs.exists(path))

    def _glob_elsewhere(self, pattern: str) -> list[str]:
        return list(self._fs.glob(pattern))

    @classmethod
    def _open_args(cls, given: dict[str, Any] | None, mode: str) -> dict[str, Any]:
        """Complete the arguments for opening; none at all where a path will do."""
        if not given:
            if cls._HANDLE is None:
                return {}
            return {"mode": mode, "encoding": "utf-8"} if cls._HANDLE == "t" else {"mode": f"{mode}b"}
        args = dict(given)
        is_text = cls._HANDLE == "t" or (cls._HANDLE is None and not _TEXT_ONLY.isdisjoint(args))
        args.setdefault("mode", mode + ("" if is_text else "b"))
        if "b" not in args["mode"]:
            # Files travel: they must not depend on the locale of the machine that wrote them.
            args.setdefault("encoding", "utf-8")
        return args

    @contextmanager
    def _load_source(self) -> Iterator[Any]:
        """Give what ``_read`` takes."""
        path = get_filepath_str(self._get_load_path(), self._protocol)
        args = self._fs_open_args_load
        if not args and self._is_local:
            # Libraries tell a missing file in many ways, and lazy ones much later.
            if not os.path.exists(path):  # noqa: PTH110 - a path in a string.
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
            yield path
        elif not args and self._TAKES_URLS:
            yield self._url(path)
        elif self._is_local and args.keys() <= _PLAIN_OPEN:
            with Path(path).open(**args) as handle:
                yield handle
        else:
            with self._fs.open(path, **(args or {"mode": "rb"})) as handle:
                yield handle

    @contextmanager
    def _target(self, path: str) -> Iterator[Any]:
        args = self._fs_open_args_save
        if self._is_local:
            if not os.path.isdir(os.path.dirname(path) or "."):  # noqa: PTH112, PTH120 - a path in a string.
                self._make_folder_of(path)
            with self._opened(path, args) as target:
                yield target
        elif args.get("mode", "w")[0] != "w" or not args.keys() <= _PLAIN_OPEN:
            with self._fs.open(path, **args) as handle:
                yield handle
        else:
            # Imported here: it brings half of the standard library, and local files do without.
            import tempfile

            with tempfile.TemporaryDirectory() as folder:
                complete = Path(folder, PurePosixPath(path).name)
                with self._opened(str(complete), args) as target:
                    yield target
                self._fs.put_file(str(complete), path)

    @contextmanager
    def _opened(self, path: str, args: dict[str, Any]) -> Iterator[Any]:
        if not args:
            yield path
        elif args.keys() <= _PLAIN_OPEN:
            with open(path, **args) as handle:  # noqa: PTH123 - a path in a string.
                yield handle
        else:
            with self._fs.open(path, **args) as handle:
                yield handle

    def _make_folder_of(self, path: str) -> None:
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as exc:
            if self._version:
                raise NotADirectoryError(str(exc)) from exc
            raise DatasetError(
                f"Cannot save to '{self._filepath}': there is a file where its folder should be. "
                "Move that file away, or change the 'filepath'."
            ) from exc

    def _remove(self, path: str) -> None:
        """Remove a file or a folder, if it is there."""
        if not self._is_local:
            if self._fs.exists(path):
                self._fs.rm(path, recursive=True)
        elif Path(path).is_dir():
            shutil.rmtree(path)
        else:
            Path(path).unlink(missing_ok=True)

    def _url(self, path: str) -> str:
        """Return the path with its scheme, as libraries that open files themselves want it."""
        return path if PROTOCOL_DELIMITER in path else f"{self._protocol}{PROTOCOL_DELIMITER}{path}"


def inside(folder: str, name: str) -> str:
    """Join a name from the data to a folder.

    Raises:
        DatasetError: the name leads out of the folder.
    """
    parts = name.replace("\\", "/").split("/")
    if ".." in parts or not any(part not in ("", ".") for part in parts) or "\0" in name:
        raise DatasetError(
            f"The name {name!r} would lead out of '{folder}'. Names may contain '/', but not '..', "
            "and must not be empty."
        )
    return f"{folder.rstrip('/')}/{name.lstrip('/')}"
