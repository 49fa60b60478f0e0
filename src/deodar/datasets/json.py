"""JSON files."""

import json
from typing import Any, ClassVar

from ._file import FileDataset
from ._previews import JSONPreview

__all__ = ["JSONDataset"]


class JSONDataset(FileDataset):
    """Any data that JSON can hold. ``save_args`` go to ``json.dump``, ``load_args`` to ``json.load``."""

    DEFAULT_SAVE_ARGS: ClassVar[dict[str, Any]] = {"indent": 2}
    _HANDLE = "t"

    def _read(self, source: Any) -> Any:
        return json.load(source, **self._load_args)

    def _write(self, data: Any, target: Any) -> None:
        json.dump(data, target, **self._save_args)

    def preview(self) -> JSONPreview:
        """Return the data as text."""
        return JSONPreview(json.dumps(self.load()))
