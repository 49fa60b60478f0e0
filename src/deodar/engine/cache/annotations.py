"""The annotations of a class, and what they name."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from ..._expressions import expression

_NAME = expression(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")


def annotations_of(cls: type) -> Mapping[str, Any]:
    """Return the annotations in the body of a class; as texts where they cannot be evaluated."""
    try:
        return inspect.get_annotations(cls)
    except NameError:
        # Since Python 3.14 they are evaluated when somebody asks, and may name what is imported for checkers alone.
        if sys.version_info >= (3, 14):
            import annotationlib

            return annotationlib.get_annotations(cls, format=annotationlib.Format.STRING)
        raise


def names_in(text: str, space: Mapping[str, Any]) -> Iterator[Any]:
    """Yield what the names in an annotation that is a text stand for, where they stand for something."""
    for chain in _NAME.findall(text):
        root, *rest = chain.split(".")
        found = space.get(root)
        while rest and isinstance(found, ModuleType):
            found = getattr(found, rest.pop(0), None)
        if found is not None and not rest and not isinstance(found, ModuleType):
            yield found
