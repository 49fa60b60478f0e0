"""A value packed once, to be carried about by somebody else: by the engine of a cluster."""

from __future__ import annotations

import pickle
import sys
from typing import Any

from .pickling import Packed, pack, unpack

_VIEWS_OF_VIEWS_CRASH = sys.version_info < (3, 13)
"""Whether the process crashes when a view of another view's memory is collected together with it, as garbage."""


class Parcel:
    """A packed value. It pickles as one large buffer, which protocol 5 need not copy.

    Attributes:
        data: the bytes; whoever unpacks a parcel gets memory of their own.
        size: how many.
    """

    __slots__ = ("data", "size")

    def __init__(self, data: Any) -> None:
        self.data = memoryview(data)
        self.size = self.data.nbytes

    @classmethod
    def of(cls, value: object) -> Parcel:
        """Pack a value as it is now.

        Raises:
            UnportableValueError: if it cannot be pickled at all.
        """
        return cls.of_packed(pack(value))

    @classmethod
    def of_packed(cls, packed: Packed) -> Parcel:
        """Take a packed value as it is now."""
        data = bytearray(packed.size)
        view, position = memoryview(data), 0
        for piece in packed.pieces:
            flat = memoryview(piece).cast("B")
            view[position : position + flat.nbytes] = flat
            position += flat.nbytes
        return cls(data)

    def unpack(self) -> Any:
        """Return the value; its memory is the caller's own."""
        return unpack(bytearray(self.data))

    def __reduce_ex__(self, protocol: Any) -> Any:
        return Parcel, (pickle.PickleBuffer(self._lender()) if protocol >= 5 else bytes(self.data),)

    def __sizeof__(self) -> int:
        # What engines go by when they decide where to run and when to spill.
        return object.__sizeof__(self) + self.size

    def _lender(self) -> Any:
        """Return what a buffer may take the parcel's memory from."""
        if not _VIEWS_OF_VIEWS_CRASH:
            return self.data
        # Engines keep buffers in objects that refer to each other, where the collector of cycles finds them.
        owner = self.data.obj
        if isinstance(owner, bytes | bytearray) and len(owner) == self.size:
            return owner
        # A part of what an engine received. The collector does not see into arrays, and so does not take them apart.
        numpy = sys.modules.get("numpy")
        return bytes(self.data) if numpy is None else numpy.frombuffer(self.data, dtype="u1")
