"""Text files."""

import os
from typing import Any

from ..io.core import Version
from ._file import FileDataset

__all__ = ["TextDataset"]


class TextDataset(FileDataset):
    """A string in a file of its own."""

    _HANDLE = "t"

    def __init__(
        self,
        *,
        filepath: str | os.PathLike[str],
        version: Version | None = None,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Describe the file; see ``FileDataset`` for the arguments."""
        super().__init__(
            filepath=filepath, version=version, credentials=credentials, fs_args=fs_args, metadata=metadata
        )

    def _read(self, source: Any) -> Any:
        return source.read()

    def _write(self, data: Any, target: Any) -> None:
        target.write(data)

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "protocol": self._protocol, "version": self._version}
