"""Matplotlib figures."""

import base64
import os
from pathlib import PurePosixPath
from typing import Any

from ..io.core import DatasetError, Version, get_filepath_str
from ._file import FileDataset, inside
from ._previews import ImagePreview

__all__ = ["MatplotlibDataset", "MatplotlibWriter"]


class MatplotlibDataset(FileDataset):
    """A figure in an image file, or a list or dictionary of figures in a folder; can only be saved.

    The suffix decides the format, unless ``save_args`` name one; they go to ``Figure.savefig``.
    """

    _HANDLE = "b"
    _PACKAGE = "matplotlib"

    def __init__(
        self,
        *,
        filepath: str | os.PathLike[str],
        save_args: dict[str, Any] | None = None,
        version: Version | None = None,
        overwrite: bool = False,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Describe the file or the folder.

        Args:
            filepath: see ``FileDataset``, as for the arguments that are not listed here.
            save_args: passed on to ``Figure.savefig``.
            version: the versions to save; None without versions.
            overwrite: whether saving several figures removes others from the folder.
        """
        super().__init__(
            filepath=filepath,
            save_args=save_args,
            version=version,
            credentials=credentials,
            fs_args=fs_args,
            metadata=metadata,
        )
        self._overwrite = overwrite

    def load(self) -> Any:
        """Refuse: an image does not hold the figure any more."""
        raise DatasetError(f"Loading not supported for '{type(self).__name__}'.")

    def save(self, data: Any) -> None:
        """Write one figure, or a list or dictionary of them."""
        if isinstance(data, list):
            data = {f"{number}.png": figure for number, figure in enumerate(data)}
        folder = get_filepath_str(self._get_save_path(), self._protocol)
        if not isinstance(data, dict):
            self._save_figure(data, folder)
        else:
            paths = {inside(folder, name): figure for name, figure in data.items()}
            for path, figure in paths.items():
                self._save_figure(figure, path)
            if self._overwrite:
                self._remove_others(folder, paths)
        self._invalidate_cache()

    def preview(self) -> ImagePreview:
        """Return the image in base 64."""
        with self._load_source() as source:
            return ImagePreview(base64.b64encode(source.read()).decode("ascii"))

    def _save_figure(self, figure: Any, path: str) -> None:
        args = dict(self._save_args)
        suffix = PurePosixPath(path).suffix[1:].lower()
        if suffix in figure_formats(figure):
            args.setdefault("format", suffix)
        with self._target(path) as target:
            figure.savefig(target, **args)

    def _remove_others(self, folder: str, keep: dict[str, Any]) -> None:
        # Last, so that a save that fails has removed nothing.
        kept = {self._fs._strip_protocol(path) for path in keep}
        for path in self._fs.find(folder):
            if path not in kept:
                self._remove(path)

    def _describe(self) -> dict[str, Any]:
        return {
            "filepath": self._filepath,
            "protocol": self._protocol,
            "save_args": self._save_args,
            "version": self._version,
        }


MatplotlibWriter = MatplotlibDataset


def figure_formats(figure: Any) -> frozenset[str]:
    """Return the suffixes that a figure, or ``pyplot`` for its current one, can be saved with."""
    current = figure.gcf() if hasattr(figure, "gcf") else figure
    return frozenset(current.canvas.get_supported_filetypes())
