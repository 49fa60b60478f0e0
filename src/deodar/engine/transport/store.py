"""Values between processes that share nothing but a place: a folder, a bucket, whatever fsspec knows.

One file for each value under the run's own folder, which appears whole or not at all. What is read is unpickled, so a
store must be writable only for those whose code may run here.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..._records import dataclass, field
from .pickling import pack, unpack

_WHOLE_OBJECTS = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oss", "http", "https"})
"""Where a file is there only once it has been written in full."""


class NotInStoreError(LookupError):
    """A store has no such value."""


@dataclass(frozen=True, slots=True)
class RunStore:
    """The values of one run.

    Attributes:
        url: a folder's path, or any URL that fsspec understands.
        run: values of other runs are not seen.
        options: for the file system.
    """

    url: str
    run: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def place_of(self, name: str) -> str:
        """Return where a value is, or would be."""
        return "/".join((self.url.rstrip("/"), _safe(self.run), f"{_safe(name)}.value"))

    def put(self, name: str, value: object) -> None:
        """Store a value; one of the same name is replaced.

        Raises:
            UnportableValueError: if it cannot be pickled.
        """
        packed = pack(value)
        fs, path = self._located(name)
        fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        protocols = {fs.protocol} if isinstance(fs.protocol, str) else set(fs.protocol)
        if protocols & _WHOLE_OBJECTS:
            with fs.open(path, "wb") as file:
                file.writelines(packed.pieces)
            return
        draft = f"{path}.{secrets.token_hex(6)}.part"
        try:
            with fs.open(draft, "wb") as file:
                file.writelines(packed.pieces)
                if protocols & {"file", "local"}:
                    file.flush()
                    os.fsync(file.fileno())
            if protocols & {"file", "local"}:
                Path(draft).replace(path)
            else:
                fs.mv(draft, path)
        except BaseException:
            with contextlib.suppress(Exception):
                fs.rm(draft)
            raise

    def get(self, name: str) -> Any:
        """Return a value; it is the caller's own.

        Raises:
            NotInStoreError: if it is not there.
        """
        fs, path = self._located(name)
        try:
            with fs.open(path, "rb") as file:
                data = bytearray(file.read())
        except FileNotFoundError as error:
            raise NotInStoreError(f"{self.place_of(name)} is not there.") from error
        return unpack(data)

    def __contains__(self, name: str) -> bool:
        fs, path = self._located(name)
        fs.invalidate_cache()  # another process may have written it since
        return bool(fs.exists(path))

    def _located(self, name: str) -> tuple[Any, str]:
        # fsspec is needed by runs with a store alone.
        from fsspec.core import url_to_fs

        fs, path = url_to_fs(self.place_of(name), **self.options)
        return fs, str(path)


def _safe(name: str) -> str:
    """Return a name as one part of a path."""
    quoted = quote(name, safe="@:+=,~ ")
    return quoted.replace(".", "%2E") if quoted.strip(".") == "" else quoted
