"""What ``importlib.metadata`` says of the distribution ``kedro`` while the drop-in is installed."""

from __future__ import annotations

from importlib.metadata import Distribution
from pathlib import Path
from typing import Any


class KedroDistribution(Distribution):
    """A distribution that has a name and a version and no files."""

    def __init__(self, version: str) -> None:
        self._text = {"METADATA": f"Metadata-Version: 2.1\nName: kedro\nVersion: {version}\n"}

    def read_text(self, filename: str) -> str | None:
        """Return the text of a metadata file, or None."""
        return self._text.get(filename)

    def locate_file(self, path: Any) -> Path:
        """Return where a file of the distribution would be."""
        return Path(__file__).resolve().parent.parent / str(path)
