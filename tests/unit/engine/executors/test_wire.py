"""What driver and workers say to each other over, with packets and, as on other systems than Linux, without."""

from __future__ import annotations

import threading

import pytest

from deodar.engine.executors._wire import Lane, LaneEnd

BOTH = pytest.mark.parametrize("packets", [True, False])


@BOTH
def test_packets_arrive_in_order_and_then_the_end(packets: bool) -> None:
    lane = Lane(packets=packets)
    end = LaneEnd(lane.far.dup())
    for packet in (b"one", b"x" * 50_000, b"three"):
        assert lane.send(packet)
    assert lane.flush()
    lane.close()
    assert [bytes(end.receive()) for _ in range(4)] == [b"one", b"x" * 50_000, b"three", b""]


def test_without_packets_what_there_was_no_room_for_goes_when_there_is() -> None:
    lane = Lane(packets=False)
    received: list[bytes] = []
    packets = [bytes([number]) * 90_000 for number in range(20)]
    for packet in packets:
        assert lane.send(packet)
    assert not lane.flush()

    def read() -> None:
        end = LaneEnd(lane.far.dup())
        received.extend(end.receive() for _ in packets)

    reader = threading.Thread(target=read)
    reader.start()
    while not lane.flush():
        pass
    reader.join(30)
    assert received == packets


def test_with_packets_a_full_lane_says_so() -> None:
    lane = Lane(packets=True)
    sent = 0
    while lane.send(b"x" * 50_000):
        sent += 1
    assert 0 < sent == len(lane.take_back())


def test_what_would_be_read_first_can_be_taken_back_alone() -> None:
    lane = Lane(packets=True)
    for packet in (b"1", b"2", b"3"):
        lane.send(packet)
    assert lane.take_back(2) == [b"1", b"2"]
    assert LaneEnd(lane.far.dup()).receive() == b"3"
