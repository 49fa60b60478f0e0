"""What a node's preview function may return: records that turn into plain JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias, Union

JSONScalar: TypeAlias = str | int | float | bool | None
JSONValue: TypeAlias = Union[JSONScalar, "JSONObject", "JSONArray"]
JSONObject: TypeAlias = dict[str, JSONValue]
JSONArray: TypeAlias = list[JSONValue]
Meta: TypeAlias = dict[str, JSONValue]


def assert_json_value(data: Any, path: str = "$") -> None:
    """Raise TypeError unless the data can be written as JSON.

    Args:
        data: what to check.
        path: where it lies, for the message.
    """
    if isinstance(data, dict):
        for key in data:
            if not isinstance(key, str):
                raise TypeError(f"{path}: object keys must be str, got {type(key).__name__}")
    try:
        json.dumps(data)
    except (TypeError, ValueError, RecursionError) as exc:
        raise TypeError(f"{path}: value is not JSON-serializable, got {type(data).__name__}") from exc


def _validate_type(value: Any, expected_type: type, field_name: str) -> None:
    if not isinstance(value, expected_type):
        raise TypeError(f"{field_name} must be {expected_type.__name__}, got {type(value).__name__}")


def _validate_non_empty_str(value: Any, field_name: str) -> None:
    if not isinstance(value, str) or not value:
        raise TypeError(f"{field_name} must be a non-empty str")


@dataclass(frozen=True)
class BasePreview:
    """What all previews share.

    Attributes:
        meta: facts for the renderer.
    """

    meta: Meta | None = field(default=None, kw_only=True)

    def to_dict(self) -> JSONObject:
        """Return the preview as plain JSON data.

        Raises:
            TypeError: ``meta`` cannot be written as JSON.
        """
        if isinstance(self, type):
            raise TypeError(f"Not JSON-serializable: {type(self).__name__}")
        if self.meta is not None:
            assert_json_value(self.meta, "$.meta")
        return asdict(self)


@dataclass(frozen=True)
class TextPreview(BasePreview):
    """Plain text."""

    content: str
    kind: str = field(default="text", init=False)

    def __post_init__(self) -> None:
        _validate_type(self.content, str, "TextPreview.content")


@dataclass(frozen=True)
class MermaidPreview(BasePreview):
    """A diagram in Mermaid's language."""

    content: str
    kind: str = field(default="mermaid", init=False)

    def __post_init__(self) -> None:
        _validate_type(self.content, str, "MermaidPreview.content")


@dataclass(frozen=True)
class ImagePreview(BasePreview):
    """An image, as its address or a data URI."""

    content: str
    kind: str = field(default="image", init=False)

    def __post_init__(self) -> None:
        _validate_type(self.content, str, "ImagePreview.content")


@dataclass(frozen=True)
class CustomPreview(BasePreview):
    """Data for a renderer of the viewer's own."""

    renderer_key: str
    content: JSONObject
    kind: str = field(default="custom", init=False)

    def __post_init__(self) -> None:
        _validate_non_empty_str(self.renderer_key, "CustomPreview.renderer_key")
        _validate_type(self.content, dict, "CustomPreview.content")
        assert_json_value(self.content, "$.content")


PreviewPayload: TypeAlias = TextPreview | MermaidPreview | ImagePreview | CustomPreview
