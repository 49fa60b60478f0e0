"""A value packed once, to be carried about by somebody else: by the engine of a cluster."""

from __future__ import annotations

import pickle
from typing import Any

from .pickling import Packed, pack, unpack


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
        return Parcel, (pickle.PickleBuffer(self.data) if protocol >= 5 else bytes(self.data),)

    def __sizeof__(self) -> int:
        # What engines go by when they decide where to run and when to spill.
        return object.__sizeof__(self) + self.size
