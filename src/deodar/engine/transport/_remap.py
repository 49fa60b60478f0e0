"""Giving a large array's memory back while it is being published, without its owner noticing.

While 400 MB are copied into shared memory they would exist twice. As each chunk is written, the pages it came from
are replaced by a private mapping of the very bytes just written: the array reads the same, stays writable for its
owner, and the peak is the array plus one chunk.

Only for memory where that is safe: whole pages of a NumPy array that got them from the C library's ``malloc``, which
serves blocks of this size with a mapping of their own and gives them back by unmapping. Other allocators keep books
on their pages (that they read as zero after a purge, say) and must not be touched.
"""

from __future__ import annotations

import functools
import mmap
import struct
import sys
from typing import Any

SMALLEST = 64 << 20
"""Twice the size from which the C library always gives a block a mapping of its own (32 MB)."""


_IS_KNOWN_PLATFORM = sys.platform == "linux" and struct.calcsize("P") == 8
_HEADER = 16
"""Before a block glibc keeps two words: for a block with a mapping of its own, the second is size and flags."""
_OWN_MAPPING = 2


def hand_over(piece: memoryview, start: int, length: int, descriptor: int, position: int) -> int:
    """Replace the memory of ``piece[start:start + length]`` by the same bytes in the file; return how many bytes.

    Args:
        position: where those bytes are in the file. Nothing happens unless memory and file agree on page borders.
    """
    if len(piece) < SMALLEST or not _IS_KNOWN_PLATFORM:
        return 0
    owner = _array_that_owns(piece)
    if owner is None:
        return 0
    page = mmap.PAGESIZE
    address = _address_of(piece, owner)
    if address is None:
        return 0
    first, last = address + start, address + start + length
    if (first - position) % page:
        return 0
    begin, end = -(-first // page) * page, last // page * page
    if end <= begin:
        return 0
    return end - begin if _map_over(begin, end - begin, descriptor, position + begin - first) else 0


def page_offset(piece: memoryview) -> int | None:
    """Return where in its page a piece should begin in the file so that it can be handed over; None if it cannot."""
    if len(piece) < SMALLEST or not _IS_KNOWN_PLATFORM:
        return None
    owner = _array_that_owns(piece)
    address = None if owner is None else _address_of(piece, owner)
    return None if address is None else address % mmap.PAGESIZE


def _array_that_owns(piece: memoryview) -> Any:
    numpy = sys.modules.get("numpy")
    thing: Any = piece.obj
    while numpy is not None and isinstance(thing, numpy.ndarray):
        if thing.base is None:
            return thing if thing.flags.owndata and thing.nbytes >= SMALLEST and _is_from_malloc(thing) else None
        thing = thing.base
    return None


def _is_from_malloc(array: Any) -> bool:
    """Return whether the array is one block of the C library's, with a mapping of its own."""
    handler = _handler_name()
    address = array.__array_interface__["data"][0]
    if handler is None or handler(array) != "default_allocator" or address % mmap.PAGESIZE != _HEADER:
        return False
    if _c_library() is None:
        return False
    import ctypes  # loaded by now

    size = ctypes.c_size_t.from_address(address - _HEADER // 2).value
    return bool(size & _OWN_MAPPING) and array.nbytes <= size & ~7 <= array.nbytes + 2 * mmap.PAGESIZE


def _address_of(piece: memoryview, owner: Any) -> int | None:
    """Return where a piece begins, if it lies wholly inside the array that owns it."""
    start: int = sys.modules["numpy"].frombuffer(piece, dtype="u1").__array_interface__["data"][0]
    owned: int = owner.__array_interface__["data"][0]
    return start if owned <= start and start + len(piece) <= owned + owner.nbytes else None


@functools.cache
def _handler_name() -> Any:
    numpy = sys.modules["numpy"]
    core = getattr(numpy, "_core", None) or getattr(numpy, "core", None)
    return getattr(getattr(core, "multiarray", None), "get_handler_name", None)


@functools.cache
def _c_library() -> Any:
    # Only for arrays of this size, so that other processes never load it.
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    # Other C libraries have other rules; this function exists in glibc alone.
    if not hasattr(library, "gnu_get_libc_version"):
        return None
    library.mmap.restype = ctypes.c_void_p
    library.mmap.argtypes = [
        ctypes.c_void_p,
        ctypes.c_size_t,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_int64,
    ]
    return library


def _map_over(address: int, length: int, descriptor: int, position: int) -> bool:
    fixed = 0x10
    answer = _c_library().mmap(
        address, length, mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_PRIVATE | fixed, descriptor, position
    )
    return bool(answer == address)
