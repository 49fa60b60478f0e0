"""Parcels: values packed once, carried by others."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest

from deodar.engine.transport.parcel import Parcel
from deodar.engine.transport.pickling import UnportableValueError

GARBAGE = """
import gc, pickle
from deodar.engine.transport.parcel import Parcel

def leave(parcel):
    buffers = []
    pickle.dumps(parcel, protocol=5, buffer_callback=buffers.append)
    held = [parcel, *map(memoryview, buffers)]
    held.append(held)

leave({parcel})
gc.collect()
"""


def test_a_value_comes_out_as_it_went_in() -> None:
    assert Parcel.of({"a": [1, 2.5, None]}).unpack() == {"a": [1, 2.5, None]}


def test_each_reader_gets_memory_of_its_own() -> None:
    parcel = Parcel.of(np.ones(10))
    parcel.unpack()[:] = 7
    assert parcel.unpack().sum() == 10


def test_what_the_giver_changes_afterwards_is_not_in_it() -> None:
    array = np.ones(10)
    parcel = Parcel.of(array)
    array[:] = 7
    assert parcel.unpack().sum() == 10


def test_it_travels_as_one_buffer_out_of_band() -> None:
    buffers: list[pickle.PickleBuffer] = []
    stream = pickle.dumps(Parcel.of(np.ones(100_000)), protocol=5, buffer_callback=buffers.append)
    assert len(stream) < 200 and len(buffers) == 1
    assert pickle.loads(stream, buffers=[bytes(b.raw()) for b in buffers]).unpack().sum() == 100_000


@pytest.mark.parametrize("first", ["", "import numpy"], ids=["plain", "with-numpy"])
@pytest.mark.parametrize(
    "parcel", ["Parcel.of('text')", "Parcel(memoryview(b'a message')[2:])"], ids=["made", "received"]
)
def test_buffers_of_it_may_be_garbage_together_with_it(first: str, parcel: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", first + GARBAGE.format(parcel=parcel)], stderr=subprocess.PIPE, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_part_of_a_message_travels_on_without_a_copy() -> None:
    message, buffers = bytearray(1000), list[pickle.PickleBuffer]()
    pickle.dumps(Parcel(memoryview(message)[100:]), protocol=5, buffer_callback=buffers.append)
    message[100:103] = b"new"
    assert bytes(buffers[0].raw()[:3]) == b"new"


@pytest.mark.parametrize("protocol", [2, 5])
def test_it_travels_in_band_too(protocol: int) -> None:
    assert pickle.loads(pickle.dumps(Parcel.of("text"), protocol=protocol)).unpack() == "text"


def test_its_size_is_what_engines_count() -> None:
    assert sys.getsizeof(Parcel.of(b"x" * 10_000)) > 10_000


def test_what_cannot_travel_is_refused() -> None:
    with pytest.raises(UnportableValueError):
        Parcel.of(n for n in ())
