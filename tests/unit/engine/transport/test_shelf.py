"""Where values lie between processes."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from deodar.engine.transport._remap import SMALLEST
from deodar.engine.transport.shelf import Shelf
from deodar.engine.transport.writer import INLINE_LIMIT, Writer

BIG = np.arange(200_000)
MIDDLE = np.arange(10_000)


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    shelf = Shelf()
    yield shelf
    shelf.close()


def files(shelf: Shelf) -> list[str]:
    return sorted(
        path.name for folder in set(shelf.address.folders) for path in Path(folder).iterdir() if path.name != "ledger"
    )


def test_a_small_value_makes_no_file(shelf: Shelf) -> None:
    assert shelf.writer.put({"a": 1}).data is not None
    assert files(shelf) == []


def test_a_large_value_makes_one_file(shelf: Shelf) -> None:
    handle = shelf.writer.put(BIG)
    assert handle.data is None and files(shelf) == [handle.name]


def test_the_handle_of_a_large_value_is_small(shelf: Shelf) -> None:
    assert len(repr(shelf.writer.put(BIG))) < 100


@pytest.mark.parametrize("value", [np.arange(5), MIDDLE, BIG], ids=["inline", "read", "mapped"])
def test_a_value_comes_back_equal_and_writable(shelf: Shelf, value: np.ndarray) -> None:
    back = shelf.writer.load(shelf.writer.put(value))
    assert (back == value).all() and back.flags.writeable


@pytest.mark.parametrize("value", [np.arange(5), MIDDLE, BIG], ids=["inline", "read", "mapped"])
def test_what_one_reader_changes_no_other_sees(shelf: Shelf, value: np.ndarray) -> None:
    handle = shelf.writer.put(value)
    shelf.writer.load(handle)[:] = -1
    assert (shelf.writer.load(handle) == value).all()


def test_what_the_producer_changes_later_no_reader_sees(shelf: Shelf) -> None:
    array = BIG.copy()
    handle = shelf.writer.put(array)
    array[:] = -1
    assert (shelf.writer.load(handle) == BIG).all()


def test_a_large_value_is_mapped_and_not_copied(shelf: Shelf) -> None:
    shelf.writer.load(shelf.writer.put(BIG))
    assert (shelf.writer.traffic.mapped, shelf.writer.traffic.copied) == (1, 0)


def test_a_loaded_value_outlives_its_file(shelf: Shelf) -> None:
    handle = shelf.writer.put(BIG)
    back = shelf.writer.load(handle)
    shelf.writer.discard([handle])
    assert files(shelf) == [] and (back == BIG).all()


def test_a_loaded_value_outlives_the_shelf() -> None:
    shelf = Shelf()
    back = shelf.writer.load(shelf.writer.put(BIG))
    shelf.close()
    assert (back == BIG).all()


def test_a_loaded_value_frees_its_memory_when_it_is_dropped(shelf: Shelf) -> None:
    handle = shelf.writer.put(np.ones(4_000_000))
    back = shelf.writer.load(handle)
    shelf.writer.discard([handle])
    maps = psutil.Process().memory_maps(grouped=False)
    assert any(handle.name in entry.path for entry in maps)
    del back
    gc.collect()
    assert not any(handle.name in entry.path for entry in psutil.Process().memory_maps(grouped=False))


def test_another_writer_reads_what_one_wrote(shelf: Shelf) -> None:
    other = Writer(shelf.address, 1, "other")
    assert (shelf.writer.load(other.put(BIG)) == BIG).all()


def test_values_over_the_budget_go_to_disk_and_come_back() -> None:
    shelf = Shelf(budget=BIG.nbytes + 1000)
    first, second = shelf.writer.put(BIG), shelf.writer.put(BIG + 1)
    assert (first.home, second.home) == (0, 1)
    assert (shelf.writer.load(second) == BIG + 1).all()
    shelf.close()


def test_the_budget_is_shared_by_all_writers() -> None:
    shelf = Shelf(budget=BIG.nbytes + 1000)
    Writer(shelf.address, 1, "other").put(BIG)
    assert shelf.writer.put(BIG).home == 1
    shelf.close()


def test_what_is_discarded_makes_room_again() -> None:
    shelf = Shelf(budget=BIG.nbytes + 1000)
    shelf.writer.discard([Writer(shelf.address, 1, "other").put(BIG)])
    assert shelf.used == 0 and shelf.writer.put(BIG).home == 0
    shelf.close()


def test_a_value_that_is_on_disk_takes_no_shared_memory() -> None:
    shelf = Shelf(budget=0)
    handle = shelf.writer.put(BIG)
    assert shelf.used == 0
    shelf.writer.discard([handle])
    assert shelf.used == 0
    shelf.close()


def test_a_value_that_was_inline_can_be_put_into_a_file(shelf: Shelf) -> None:
    handle = shelf.writer.to_file(shelf.writer.put([1, 2]))
    assert handle.data is None and shelf.writer.load(handle) == [1, 2]


def test_a_value_just_over_the_inline_limit_goes_into_a_file(shelf: Shelf) -> None:
    assert shelf.writer.put(b"x" * INLINE_LIMIT).data is None


def test_what_a_dead_writer_told_nobody_of_is_removed(shelf: Shelf) -> None:
    other = Writer(shelf.address, 1, "other")
    told, untold = other.put(BIG), other.put(BIG)
    shelf.learn(1, [told])
    (Path(shelf.address.folders[0]) / "other-9.part").write_bytes(b"half")
    shelf.forget_writer(1, "other", [told])
    assert files(shelf) == [told.name] and untold.name not in files(shelf)


def test_the_budget_forgets_what_a_dead_writer_told_nobody_of(shelf: Shelf) -> None:
    other = Writer(shelf.address, 1, "other")
    told = other.put(BIG)
    other.put(BIG)
    shelf.learn(1, [told])
    shelf.forget_writer(1, "other", [told])
    assert shelf.used == told.size


def test_a_closed_shelf_leaves_nothing() -> None:
    shelf = Shelf()
    shelf.writer.put(BIG)
    folders = shelf.address.folders
    shelf.close()
    assert not any(os.path.exists(folder) for folder in folders)


def test_only_the_owner_of_a_shelf_can_enter_it(shelf: Shelf) -> None:
    assert {Path(folder).stat().st_mode & 0o777 for folder in shelf.address.folders} == {0o700}


def test_publishing_a_very_large_array_gives_its_memory_back(shelf: Shelf) -> None:
    array = np.ones(SMALLEST // 4)
    before = psutil.Process().memory_full_info().uss
    handle = shelf.writer.put(array)
    assert before - psutil.Process().memory_full_info().uss > array.nbytes * 0.9
    assert handle.size > array.nbytes


def test_an_array_whose_memory_was_given_back_reads_the_same(shelf: Shelf) -> None:
    array = np.arange(SMALLEST // 4)
    shelf.writer.put(array)
    assert (array == np.arange(SMALLEST // 4)).all()


def test_an_array_whose_memory_was_given_back_can_be_written_without_anybody_seeing(shelf: Shelf) -> None:
    array = np.arange(SMALLEST // 4)
    handle = shelf.writer.put(array)
    array[:] = 0
    assert (shelf.writer.load(handle) == np.arange(SMALLEST // 4)).all()
