"""What looks like a secret, and must not be written down in the clear: it is told by its digest alone."""

from __future__ import annotations

import re
from typing import Any

from ..._expressions import expression

_HIDDEN = "…"
_WORDS = (
    r"passw|passphrase|pwd|secret|token(?!iz)|credential|api_?key|access_?key|account_?key|private_?key"
    r"|conn(?:ection)?_?str"
)
# For names in lower case: with IGNORECASE each took three times as long, and runs ask about every dataset.
_NAME = expression(rf"{_WORDS}|(?<![^._\[' ])(?:key|auth|sas|pass)(?:$|[\]'])")
_PAIR = expression(rf"([\w.\-]*(?:{_WORDS})[\w.\-]*\s*[=:]\s*)[^\s,]+", re.IGNORECASE)


def is_secret(name: str, value: Any) -> bool:
    """Say whether a value looks like a secret: by its name, or as a URL with a login or a query."""
    if not isinstance(value, (str, bytes)):
        return False
    if isinstance(value, str) and "://" in value and ("@" in value or "?" in value):
        return True
    return _NAME.search(name.casefold()) is not None


def hidden(name: str, value: Any) -> Any:
    """Return a value for people to look at, without what looks like a secret in it."""
    if type(value) is dict:
        return {key: hidden(str(key), part) for key, part in value.items()}
    if type(value) in (list, tuple):
        return type(value)(hidden(name, part) for part in value)
    return _HIDDEN if is_secret(name, value) else value


def hidden_in_text(text: str) -> str:
    """Return a command line without what looks like a secret in its ``name=value`` pairs."""
    if "=" not in text and ":" not in text:
        return text
    return _PAIR.sub(rf"\1{_HIDDEN}", text)
