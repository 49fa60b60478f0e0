"""A dataset whose data is a folder of files, for programs that are killed."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any

from deodar.io import AbstractVersionedDataset, Version


class LeavesDataset(AbstractVersionedDataset[list[int], list[int]]):
    """Keeps each number in a file of its own."""

    def __init__(self, filepath: str, metadata: Any = None, version: Version | None = None) -> None:
        super().__init__(PurePosixPath(filepath), version)
        self._protocol = "file"
        self.metadata = metadata

    def load(self) -> list[int]:
        return [json.loads(path.read_text()) for path in sorted(Path(self._get_load_path()).iterdir())]

    def save(self, data: list[int]) -> None:
        folder = Path(self._get_save_path())
        folder.mkdir(parents=True, exist_ok=True)
        for place, number in enumerate(data):
            (folder / str(place)).write_text(json.dumps(number))

    def _exists(self) -> bool:
        return Path(self._get_load_path()).exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}
