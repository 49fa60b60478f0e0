"""Whether this process is a worker that is being made ready, and may not start workers of its own yet.

What a worker imports then may itself start a run in workers, which import the same, and so on without an end.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

_is_getting_ready = False


class NotReadyToStartError(RuntimeError):
    """A worker was to start workers while it was being made ready."""


@contextlib.contextmanager
def getting_ready() -> Iterator[None]:
    """Note that this process is being made ready, inside the block."""
    global _is_getting_ready
    _is_getting_ready = True
    try:
        yield
    finally:
        _is_getting_ready = False


def check_ready() -> None:
    """Raise if this process is being made ready."""
    if _is_getting_ready:
        raise NotReadyToStartError(
            "A module that tasks need starts a run in worker processes when it is imported, so each worker would start "
            "others. Put the call into a function, or under: if __name__ == '__main__'."
        )
