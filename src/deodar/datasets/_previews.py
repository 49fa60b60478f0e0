"""Types that tell Kedro-Viz how to show what ``preview()`` returns; it knows them by their names."""

from typing import Any, NewType

TablePreview = NewType("TablePreview", dict[str, Any])
ImagePreview = NewType("ImagePreview", str)
PlotlyPreview = NewType("PlotlyPreview", dict[str, Any])
JSONPreview = NewType("JSONPreview", str)
