"""Previews: records that turn into JSON, and nodes that give them."""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from deodar.pipeline import Node
from deodar.pipeline.preview_contract import (
    BasePreview,
    CustomPreview,
    ImagePreview,
    MermaidPreview,
    TextPreview,
    assert_json_value,
)
from deodar.utils import KedroExperimentalWarning


@pytest.fixture(autouse=True)
def _no_preview_seen() -> Iterator[None]:
    if hasattr(Node, "__preview_fn_warned__"):
        delattr(Node, "__preview_fn_warned__")
    yield


@pytest.mark.parametrize(("cls", "kind"), [(TextPreview, "text"), (MermaidPreview, "mermaid"), (ImagePreview, "image")])
def test_preview_of_text_is_a_dict_with_its_kind(cls: Any, kind: str) -> None:
    assert cls("x", meta={"m": 1}).to_dict() == {"kind": kind, "content": "x", "meta": {"m": 1}}


def test_custom_preview_names_its_renderer() -> None:
    expected = {"kind": "custom", "renderer_key": "r", "content": {"a": [1]}, "meta": None}
    assert CustomPreview("r", {"a": [1]}).to_dict() == expected


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TextPreview(1), r"TextPreview.content must be str, got int"),  # type: ignore[arg-type]
        (lambda: MermaidPreview(None), r"MermaidPreview.content must be str, got NoneType"),  # type: ignore[arg-type]
        (lambda: ImagePreview(b"x"), r"ImagePreview.content must be str, got bytes"),  # type: ignore[arg-type]
        (lambda: CustomPreview("", {}), "CustomPreview.renderer_key must be a non-empty str"),
        (lambda: CustomPreview("r", [1]), "CustomPreview.content must be dict"),  # type: ignore[arg-type]
        (lambda: CustomPreview("r", {1: 2}), "object keys must be str, got int"),  # type: ignore[dict-item]
        (lambda: CustomPreview("r", {"a": object()}), "value is not JSON-serializable"),  # type: ignore[dict-item]
        (lambda: TextPreview("a", meta={"a": object()}).to_dict(), "value is not JSON-serializable"),  # type: ignore[dict-item]
        (lambda: TextPreview.to_dict(TextPreview), "Not JSON-serializable"),  # type: ignore[arg-type]
        (lambda: assert_json_value({1: 2}), r"\$: object keys must be str, got int"),
        (lambda: assert_json_value(object()), r"\$: value is not JSON-serializable, got object"),
    ],
)
def test_what_is_no_json_is_refused(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        make()


@pytest.mark.parametrize("value", [None, 1.5, float("nan"), [1, {"a": {2: 3}}], (1,)])
def test_what_json_can_write_passes(value: Any) -> None:
    assert_json_value(value)


def test_kind_is_fixed() -> None:
    with pytest.raises(TypeError):
        TextPreview("a", kind="x")  # type: ignore[call-arg]


def value(a: Any) -> Any:
    return a


def test_node_gives_its_preview() -> None:
    preview = TextPreview("hello")
    with pytest.warns(KedroExperimentalWarning, match="preview_fn"):
        node = Node(value, "a", "b", preview_fn=lambda: preview)
    assert node.preview() is preview


def test_node_without_a_function_has_no_preview() -> None:
    assert Node(value, "a", "b").preview() is None


@pytest.mark.parametrize("payload", ["text", None, BasePreview()])
@pytest.mark.filterwarnings("ignore")
def test_other_payloads_are_refused(payload: Any) -> None:
    node = Node(value, "a", "b", preview_fn=lambda: payload)
    with pytest.raises(ValueError, match="preview_fn must return one of the valid preview types"):
        node.preview()


def test_only_the_first_preview_function_warns() -> None:
    with pytest.warns(KedroExperimentalWarning):
        node = Node(value, "a", "b", preview_fn=lambda: TextPreview("x"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        copies = (node.tag("t"), node._copy(name="n"), Node(value, "a", "b", preview_fn=lambda: TextPreview("y")))
    assert all(copy.preview() is not None for copy in copies)
