"""What the driver, the launcher and the workers say to each other, and over what.

A worker has two sockets. Orders come *down*, one packet for each; a packet that the worker has not begun to read can
be taken back by the driver, which keeps the worker's own end open too: so the kernel decides who gets it, and a task
never waits behind another that turned out long, even when that one holds the interpreter lock. Results go *up* as a
stream of frames of any length.
"""

from __future__ import annotations

import contextlib
import marshal
import selectors
import socket
import struct
import sys
from typing import Any

PREPARE, TASK, REST = range(3)
"""Kinds of packets that go down."""
READY, UNREADY, STALE, DONE, FAILED, LOG, WARNING = range(7)
"""Kinds of frames that go up."""
START, KILL, STARTED, REFUSED, EXITED = range(5)
"""Kinds of records between driver and launcher."""

RECORD = struct.Struct("<Bqqqq")
PACKET_LIMIT = 96 * 1024
"""Bytes of the largest packet; the kernel's default buffers take two."""
_LENGTH = struct.Struct("<I")
_BUFFER = 1 << 18
HAS_PACKETS = sys.platform == "linux"


class MessageCount:
    """What went between the driver and its workers, for those who count.

    Attributes:
        packets: orders that went down.
        packet_bytes: their bytes.
        answers: results that came up.
        taken_back: orders taken back from a worker that had not begun them.
        modules: the most that a worker had imported before it looked at the work.
    """

    def __init__(self) -> None:
        self.packets = self.packet_bytes = self.answers = self.taken_back = self.modules = 0


def encode(*message: Any) -> bytes:
    """Return a message of plain values as bytes; both ends run the same interpreter."""
    return marshal.dumps(message)


def decode(data: bytes | memoryview) -> Any:
    """Return the message."""
    return marshal.loads(data)


def downward_pair(*, packets: bool) -> tuple[socket.socket, socket.socket]:
    """Return the driver's and the worker's end of what orders go down."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET if packets else socket.SOCK_STREAM)


class Lane:
    """The driver's side of what goes down to one worker. It never blocks.

    Args:
        packets: whether the platform keeps packets apart; where it does not, nothing can be taken back.
    """

    def __init__(self, *, packets: bool = HAS_PACKETS) -> None:
        self._near, self._far = downward_pair(packets=packets)
        self._packets = packets
        self._near.setblocking(False)
        self._unsent = bytearray()

    @property
    def far(self) -> socket.socket:
        """The worker's end."""
        return self._far

    def send(self, packet: bytes) -> bool:
        """Send a packet, or return False when there is no room for it now."""
        if not self._packets:
            self._unsent += _LENGTH.pack(len(packet)) + packet
            self.flush()
            return True
        try:
            self._near.send(packet)
        except BlockingIOError:
            return False
        except (BrokenPipeError, ConnectionResetError):
            pass  # the worker is gone; its exit is on its way
        return True

    def flush(self) -> bool:
        """Send what is left over; return whether nothing is."""
        while self._unsent:
            try:
                del self._unsent[: self._near.send(self._unsent)]
            except BlockingIOError:
                return False
            except (BrokenPipeError, ConnectionResetError):
                self._unsent.clear()
        return True

    def take_back(self, most: int = sys.maxsize) -> list[bytes]:
        """Return, oldest first, packets that the worker has not begun to read, and that it will now never see.

        Args:
            most: so many of them; the worker keeps those after them.
        """
        packets: list[bytes] = []
        if self._packets:
            with contextlib.suppress(BlockingIOError, ConnectionResetError):
                while len(packets) < most and (packet := self._far.recv(2 * PACKET_LIMIT, socket.MSG_DONTWAIT)):
                    packets.append(packet)
        return packets

    def end(self) -> None:
        """Let the worker see the end once it has read what was sent, whoever else holds this socket."""
        with contextlib.suppress(OSError):
            self._near.shutdown(socket.SHUT_WR)
        self.close()

    def close(self) -> None:
        """Let go of the sockets."""
        self._near.close()
        self._far.close()


class LaneEnd:
    """The worker's side of what comes down."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._end.setblocking(True)
        self._packets = end.type == socket.SOCK_SEQPACKET
        self._buffer = memoryview(bytearray(2 * PACKET_LIMIT if self._packets else 0))

    def receive(self) -> bytes | memoryview:
        """Wait for the next packet; empty at the end. It is to be decoded before the next one is received."""
        if self._packets:
            # Room of its own for each would be fetched from the system and given back: half of what a packet costs.
            return self._buffer[: self._end.recv_into(self._buffer)]
        head = self._exactly(_LENGTH.size)
        return self._exactly(*_LENGTH.unpack(head)) if head else b""

    def _exactly(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            piece = self._end.recv(size - len(data))
            if not piece:
                return b""
            data += piece
        return bytes(data)


def frame(payload: bytes) -> bytes:
    """Return a payload as it goes up."""
    return _LENGTH.pack(len(payload)) + payload


class FrameReader:
    """The driver's side of what comes up from one worker. It never blocks."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end
        self.end.setblocking(False)
        self._data = bytearray()
        self._buffer = memoryview(bytearray(_BUFFER))
        self.ended = False

    def read(self, *, everything: bool = False) -> list[Any]:
        """Return the messages that have come in whole.

        Args:
            everything: until nothing more is there, instead of one buffer full.
        """
        while not self.ended:
            try:
                size = self.end.recv_into(self._buffer)
            except BlockingIOError:
                break
            except ConnectionResetError:
                size = 0
            self.ended = not size
            self._data += self._buffer[:size]
            if not everything:
                break
        return self._messages()

    def read_to_end(self, seconds: float) -> list[Any]:
        """Return all messages until the end, or until so long nothing came."""
        messages: list[Any] = []
        with selectors.DefaultSelector() as selector:
            selector.register(self.end, selectors.EVENT_READ)
            while not self.ended and selector.select(seconds):
                messages += self.read()
        return messages

    def _messages(self) -> list[Any]:
        messages, data, start = [], self._data, 0
        while len(data) - start >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(data, start)
            if len(data) - start - _LENGTH.size < length:
                break
            start += _LENGTH.size
            messages.append(marshal.loads(memoryview(data)[start : start + length]))
            start += length
        del data[:start]
        return messages
