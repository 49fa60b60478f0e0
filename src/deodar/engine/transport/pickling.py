"""Values as bytes and back: protocol 5, with large buffers left where they are.

A packed value is laid out as ``pickle stream | buffers | table of buffers | tail``. Whoever unpacks it from writable
memory gets writable arrays that live in that memory: nothing is copied but the stream.
"""

from __future__ import annotations

import contextlib
import copyreg
import functools
import pickle
import struct
import sys
import traceback
from collections import ChainMap
from collections.abc import Callable, Iterator
from mmap import PAGESIZE
from types import CodeType
from typing import Any

from ._reducers import large_type_reducers
from ._remap import page_offset

Piece = bytes | memoryview
_TAIL = struct.Struct("<QQ")
_ENTRY = struct.Struct("<QQ")
_ALIGNMENT = 64
_MAIN, _MAIN_OF_CHILD = b"__main__", b"__mp_main__"
"""How modules of programs are called; the second in processes that multiprocessing has started."""
_NO_FILE = "<dynamic-code>"


class UnportableValueError(TypeError):
    """A value cannot leave its process.

    Attributes:
        kind: the value's type.
    """

    def __init__(self, kind: type, reason: BaseException) -> None:
        super().__init__(kind, reason)
        self.kind = kind
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"A value of type {self.kind.__module__}.{self.kind.__qualname__} cannot be sent to another process "
            f"({type(self.reason).__name__}: {self.reason}). Return plain data, or run its tasks in one process."
        )


class UnreadableValueError(Exception):
    """A value that was packed in one process cannot be unpacked in another; the cause says why.

    Its own class, as the cause may be of any: a ``LookupError`` would be taken for a value that is not there.
    """

    @classmethod
    def because_of(cls, reason: BaseException) -> UnreadableValueError:
        """Return the error to raise from what unpickling raised."""
        [*_, last] = traceback.format_exception_only(reason)
        return cls(
            f"A value that was sent to this process cannot be unpacked here ({last.strip()}). Check that it survives "
            "pickle.loads(pickle.dumps(value)), or pass plain data."
        )


class Packed:
    """A value as pieces of bytes that still belong to it; the value must not change before they are used.

    Attributes:
        pieces: what to write, in order.
        size: bytes of all pieces.
    """

    __slots__ = ("pieces", "size")

    def __init__(self, stream: list[bytes], buffers: list[memoryview]) -> None:
        self.pieces: list[Piece] = list(stream)
        length = position = sum(map(len, stream))
        table = bytearray()
        for buffer in buffers:
            offset = page_offset(buffer)
            gap = -position % _ALIGNMENT if offset is None else (offset - position) % PAGESIZE
            self.pieces.append(bytes(gap))
            position += gap
            self.pieces.append(buffer)
            table += _ENTRY.pack(position, len(buffer))
            position += len(buffer)
        table += _TAIL.pack(length, len(buffers))
        self.pieces.append(bytes(table))
        self.size = position + len(table)

    def join(self) -> bytes:
        """Return it all as one string of bytes."""
        return b"".join(self.pieces)


def pack(value: object) -> Packed:
    """Lay a value out for another process.

    Functions and classes that exist only in this process (lambdas, closures, what a script or notebook defines)
    travel by value.

    Raises:
        UnportableValueError: if it cannot be pickled at all.
    """
    try:
        stream, buffers = _pickle(_plain_pickler, value)
    except Exception:
        # Plain pickle is several times faster, cloudpickle knows more: so the second only where the first fails.
        return pack_by_value(value)
    if any(_MAIN in piece or _MAIN_OF_CHILD in piece for piece in stream):
        # What __main__ defines would be looked up in the other process's __main__, which is another program.
        return pack_by_value(value)
    return Packed(stream, buffers)


def pack_by_value(value: object) -> Packed:
    """Lay a value out, with the code that only this process has; also what was registered to travel by value.

    Raises:
        UnportableValueError: if it cannot be pickled at all.
    """
    try:
        with _main_of_child_by_value():
            return Packed(*_pickle(_cloud_pickler, value))
    except Exception as error:
        raise UnportableValueError(type(value), error) from error


@contextlib.contextmanager
def _main_of_child_by_value() -> Iterator[None]:
    """Let what a program defines travel by value in a process of multiprocessing, too, inside the block."""
    name = _MAIN_OF_CHILD.decode()
    main = sys.modules.get(name)
    if main is None or main.__name__ != name:
        yield
        return
    # Whoever comes here is about to use it.
    import cloudpickle

    if name in cloudpickle.list_registry_pickle_by_value():
        yield
        return
    cloudpickle.register_pickle_by_value(main)
    try:
        yield
    finally:
        cloudpickle.unregister_pickle_by_value(main)


def unpack(data: bytearray | memoryview) -> Any:
    """Return the value that was packed; its arrays live in ``data``, which they keep alive.

    Raises:
        UnreadableValueError: from what its own way to be unpickled raised, unless memory was out.
    """
    view = memoryview(data)
    length, count = _TAIL.unpack_from(view, len(view) - _TAIL.size)
    table = len(view) - _TAIL.size - count * _ENTRY.size
    buffers = [view[start : start + size] for start, size in _ENTRY.iter_unpack(view[table : len(view) - _TAIL.size])]
    try:
        return pickle.loads(view[:length], buffers=buffers)
    except MemoryError:
        raise
    except Exception as error:
        raise UnreadableValueError.because_of(error) from error


class _Sink:
    """Keeps what a pickler writes as it comes: large byte strings are handed over whole and are not copied here."""

    __slots__ = ("pieces",)

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.pieces.append(data if isinstance(data, bytes) else bytes(data))
        return len(data)


def _pickle(
    make: Callable[[_Sink, Callable[[pickle.PickleBuffer], object]], Any], value: object
) -> tuple[list[bytes], list[memoryview]]:
    sink, buffers = _Sink(), list[memoryview]()
    make(sink, lambda buffer: buffers.append(buffer.raw())).dump(value)
    return sink.pieces, buffers


def _plain_pickler(sink: _Sink, callback: Callable[[pickle.PickleBuffer], object]) -> Any:
    pickler = pickle.Pickler(sink, protocol=5, buffer_callback=callback)
    if reducers := large_type_reducers():
        table: ChainMap[type, Any] = ChainMap(reducers, copyreg.dispatch_table)
        pickler.dispatch_table = table
    return pickler


def _cloud_pickler(sink: _Sink, callback: Callable[[pickle.PickleBuffer], object]) -> Any:
    return _cloud_pickler_class()(sink, protocol=5, buffer_callback=callback)


@functools.cache
def _cloud_pickler_class() -> Any:
    # Imported here: a process whose values are all plain never needs it.
    import cloudpickle

    class ByValuePickler(cloudpickle.Pickler):  # type: ignore[misc]  # it has no types
        def __init__(self, *arguments: Any, **options: Any) -> None:
            # Before the rest, which looks at the table once.
            self.dispatch_table = ChainMap(
                large_type_reducers(), {CodeType: self._reduce_code}, cloudpickle.Pickler.dispatch_table
            )
            super().__init__(*arguments, **options)

        def _reduce_code(self, code: CodeType) -> tuple[Any, ...]:
            make, arguments = cloudpickle.Pickler.dispatch_table[CodeType](code)
            # Recent releases leave the file out, and tracebacks would not say where the code is.
            return make, tuple(code.co_filename if part == _NO_FILE else part for part in arguments)

    return ByValuePickler
