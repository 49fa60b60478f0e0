"""Plotly figures."""

import json
import os
from typing import Any

from ..io.core import DatasetError, Version
from ._file import FileDataset
from ._packages import package
from ._previews import PlotlyPreview

__all__ = ["HTMLDataset", "JSONDataset", "PlotlyDataset"]


class JSONDataset(FileDataset):
    """A figure as JSON. Arguments go to ``plotly.io.from_json`` and ``Figure.write_json``."""

    _HANDLE = "t"
    _PACKAGE = "plotly"

    def _read(self, source: Any) -> Any:
        return package("plotly.io").from_json(source.read(), **self._load_args)

    def _write(self, data: Any, target: Any) -> None:
        data.write_json(target, **self._save_args)

    def preview(self) -> PlotlyPreview:
        """Return the figure as Plotly's JavaScript takes it."""
        return PlotlyPreview(json.loads(self.load().to_json()))


class PlotlyDataset(JSONDataset):
    """A table that is saved as a figure: what to draw stands in the catalog, not in code."""

    def __init__(
        self,
        *,
        filepath: str | os.PathLike[str],
        plotly_args: dict[str, Any],
        load_args: dict[str, Any] | None = None,
        save_args: dict[str, Any] | None = None,
        version: Version | None = None,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Describe the file and the figure.

        Args:
            filepath: see ``FileDataset``, as for the arguments that are not listed here.
            plotly_args: ``type``, a function of ``plotly.express``; ``fig``, its arguments; ``layout``,
                arguments of ``update_layout``; ``theme``, a template.
            load_args: passed on to ``plotly.io.from_json``.
            save_args: passed on to ``Figure.write_json``.
        """
        super().__init__(
            filepath=filepath,
            load_args=load_args,
            save_args=save_args,
            version=version,
            credentials=credentials,
            fs_args=fs_args,
            metadata=metadata,
        )
        self._plotly_args = plotly_args

    def _write(self, data: Any, target: Any) -> None:
        kind = self._plotly_args.get("type")
        express = package("plotly.express")
        draw = getattr(express, kind, None) if isinstance(kind, str) and kind.isidentifier() else None
        if draw is None:
            raise DatasetError(f"plotly.express has no {kind!r}. Check 'type' in 'plotly_args'.")
        figure = draw(data, **self._plotly_args.get("fig", {}))
        figure.update_layout(template=self._plotly_args.get("theme", "plotly"))
        figure.update_layout(self._plotly_args.get("layout", {}))
        super()._write(figure, target)

    def _describe(self) -> dict[str, Any]:
        return {**super()._describe(), "plotly_args": self._plotly_args}


class HTMLDataset(FileDataset):
    """A figure as a page of its own; it can only be saved. ``save_args`` go to ``Figure.write_html``."""

    _HANDLE = "t"
    _PACKAGE = "plotly"

    def __init__(
        self,
        *,
        filepath: str | os.PathLike[str],
        save_args: dict[str, Any] | None = None,
        version: Version | None = None,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Describe the file; see ``FileDataset`` for the arguments."""
        super().__init__(
            filepath=filepath,
            save_args=save_args,
            version=version,
            credentials=credentials,
            fs_args=fs_args,
            metadata=metadata,
        )

    def load(self) -> Any:
        """Refuse: a page does not hold the figure any more."""
        raise DatasetError(f"Loading not supported for '{type(self).__name__}'.")

    def _write(self, data: Any, target: Any) -> None:
        data.write_html(target, **self._save_args)
