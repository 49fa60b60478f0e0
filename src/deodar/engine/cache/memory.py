"""The identity of values that live in memory.

Equal identities mean equal content. The same content may, rarely, get two identities (a set pickles in the order of
this process): that costs a rerun, never a wrong reuse.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .digests import FORMAT, NotPlainError, digest_plain

PREFIX = f"m{FORMAT}:"


def identify(value: Any, limit: int = 1 << 62) -> str | None:
    """Return the identity of a value, or None when it cannot be pickled or is larger than ``limit`` bytes."""
    try:
        return f"{PREFIX}{digest_plain(value)}"
    except (NotPlainError, RecursionError):
        pass
    # Imported here, and below: many a run has nothing to tell by its pickle.
    from .pickled import digest_pickled

    digest = digest_pickled(value, limit)
    return None if digest is None else f"{PREFIX}{digest}"


def identify_around(value: Any, is_left_out: Callable[[Any], bool]) -> tuple[str | None, list[Any]]:
    """Return the identity of a value but for some objects in it, and those objects, as far as they were met.

    Args:
        is_left_out: says of any object within whether it is left out.
    """
    from .pickled import digest_around

    digest, left_out = digest_around(value, is_left_out)
    return None if digest is None else f"{PREFIX}{digest}", left_out
