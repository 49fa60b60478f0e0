"""Secrets in URLs, taken out before a dataset is printed or logged.

Of a URL the user information, the query and the fragment may be secret: tokens and signatures travel there.
"""

from __future__ import annotations

import re
import sys
from pathlib import PurePath
from typing import Any

_REDACTED = "<redacted>"

# A URL somewhere in a text ends at white-space, a quote or a bracket.
_URL = r"[a-zA-Z][a-zA-Z0-9+.\-]*://[^\s'\"<>)\]}]*"
_SCHEME = r"(?s)^([a-zA-Z][a-zA-Z0-9+.\-]*://)(.*)$"


def formatted(value: Any) -> str:
    """Return a value as the representation of a dataset shows it: in one line, without secrets."""
    # Imported here: it is slow to import, and only printing needs it.
    import pprint

    return pprint.pformat(redacted(value), sort_dicts=False, compact=True, depth=2, width=sys.maxsize)


def redacted_text(value: str) -> str:
    """Return a text without the secrets of the URLs in it.

    A text that is one word is taken for a URL without its scheme.
    """
    if "://" in value:
        return re.sub(_URL, lambda match: _without_secrets(match.group()), value)
    if " " in value or not any(mark in value for mark in "@?#"):
        return value
    return _without_secrets(value)


def redacted(value: Any) -> Any:
    """Return a value without the secrets of URLs, looking into plain dictionaries, lists and tuples."""
    kind = type(value)
    if isinstance(value, str):
        return redacted_text(value)
    if isinstance(value, PurePath):
        text = str(value)
        clean = redacted_text(_with_double_slash(text))
        return value if clean == _with_double_slash(text) else clean
    if isinstance(value, dict):
        return {key: redacted(item) for key, item in value.items()}
    if kind is list:
        return [redacted(item) for item in value]
    if kind is tuple:
        return tuple(redacted(item) for item in value)
    return value


def _with_double_slash(path: str) -> str:
    """Give back to a URL the slash that being a path cost it."""
    return re.sub(r"^([a-zA-Z][a-zA-Z0-9+.\-]+:)/(?!/)", r"\1//", path)


def _without_secrets(url: str) -> str:
    found = re.match(_SCHEME, url)
    scheme, rest = found.groups() if found else ("", url)
    rest, hash_mark, fragment = rest.partition("#")
    rest, question_mark, query = rest.partition("?")
    authority, slash, path = rest.partition("/")
    user, at, host = authority.rpartition("@")
    # Without a scheme, only what has a password or a path behind it is a login: not ``report@2024.csv``.
    if at and user and (scheme or ":" in user or slash):
        authority = f"{_REDACTED}@{host}"
    clean = f"{scheme}{authority}{slash}{path}"
    if question_mark:
        clean += f"?{_REDACTED}" if query else "?"
    if hash_mark:
        clean += f"#{_REDACTED}" if fragment else "#"
    return clean
