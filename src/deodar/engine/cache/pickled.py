"""Digests of values by what they pickle to."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

from .digests import new_hash


class _TooLargeError(Exception):
    """More bytes than we want to read."""


class _HashingFile:
    """A file that keeps the hash of what is written to it, and nothing else."""

    __slots__ = ("_left", "state")

    def __init__(self, limit: int) -> None:
        self.state = new_hash()
        self._left = limit

    def write(self, data: Any) -> int:
        """Take bytes of any kind."""
        size = memoryview(data).nbytes
        self._left -= size
        if self._left < 0:
            raise _TooLargeError
        self.state.update(data)
        return size


def digest_pickled(value: Any, limit: int) -> str | None:
    """Return the digest of a value, or None when it cannot be pickled or is larger than ``limit`` bytes."""
    for fast in (True, False):
        try:
            return _pickled(value, limit, fast)
        except _TooLargeError:
            return None
        except Exception:
            # Whatever a user's __reduce__ raises means the same: no content to compare. The second round is for
            # values that hold themselves, which the first cannot do.
            continue
    return None


class _Around(pickle.Pickler):
    """A pickler that leaves some objects out, and collects them."""

    def __init__(self, file: _HashingFile, is_left_out: Callable[[Any], bool]) -> None:
        super().__init__(file, protocol=5)
        self._is_left_out = is_left_out
        self.left_out: dict[int, Any] = {}

    def persistent_id(self, value: Any) -> str | None:
        """Name an object that is left out by when it was first met."""
        if not self._is_left_out(value):
            return None
        self.left_out.setdefault(id(value), value)
        return f"left out {list(self.left_out).index(id(value))}"


def digest_around(value: Any, is_left_out: Callable[[Any], bool]) -> tuple[str | None, list[Any]]:
    """Return the digest of a value but for some objects in it, and those objects, as far as they were met.

    Args:
        is_left_out: says of any object within whether it is left out.
    """
    left_out: list[Any] = []
    for fast in (True, False):
        file = _HashingFile(1 << 62)
        pickler = _Around(file, is_left_out)
        pickler.fast = fast
        try:
            pickler.dump(value)
        except Exception:
            # As in ``digest_pickled``; what was met until then is worth knowing all the same.
            left_out = list(pickler.left_out.values())
            continue
        return file.state.hexdigest(), list(pickler.left_out.values())
    return None, left_out


def _pickled(value: Any, limit: int, fast: bool) -> str:
    """Hash a pickle as it is made; buffers of arrays are hashed in place, not copied."""
    file = _HashingFile(limit)

    def hash_buffer(buffer: pickle.PickleBuffer) -> None:
        raw = buffer.raw()
        file.write(b"buffer:%d:" % raw.nbytes)
        file.write(raw)

    pickler = pickle.Pickler(file, protocol=5, buffer_callback=hash_buffer)
    # Without the memo, as whether two equal strings are one object differs from run to run.
    pickler.fast = fast
    pickler.dump(value)
    return file.state.hexdigest()
