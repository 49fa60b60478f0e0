"""Identities of values in memory, and digests of plain ones."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from datetime import date
from pathlib import PurePosixPath

import numpy as np
import pandas as pd
import pytest

from deodar.engine.cache.digests import NotPlainError, digest_plain
from deodar.engine.cache.memory import identify

DIFFERENT = [
    1, True, 1.0, "1", b"1", None, 0.0, -0.0, (1,), [1], {1}, frozenset({1}), {"a": 1}, {"a": "1"},
    {"a": 1, "b": 2}, {"b": 2, "a": 1}, ("ab", "c"), ("a", "bc"), [[1], 2], [[1, 2]], date(2024, 1, 1),
    "2024-01-01", PurePosixPath("a"), re.compile("a"), re.compile("a", re.I), re.compile("a" * 300 + "b"),
    re.compile("a" * 300 + "c"), slice(1), range(1), 1j,
]  # fmt: skip


def test_plain_values_that_differ_have_different_digests() -> None:
    assert len({digest_plain(value) for value in DIFFERENT}) == len(DIFFERENT)


def test_sets_are_told_whatever_their_order() -> None:
    names = [f"name{number}" for number in range(50)]
    assert digest_plain(set(names)) == digest_plain(set(reversed(names)))


def test_what_is_not_plain_is_refused() -> None:
    loop: list[object] = []
    loop.append(loop)
    for value in (object(), OrderedDict(), loop):
        with pytest.raises(NotPlainError):
            digest_plain(value)


def _frame() -> pd.DataFrame:
    return pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]}, index=[3, 4])


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame.assign(a=[1.0, 3.0]),
        lambda frame: frame.assign(b=["x", "z"]),
        lambda frame: frame.rename(columns={"a": "c"}),
        lambda frame: frame.reset_index(drop=True),
        lambda frame: frame.astype({"a": "float32"}),
        lambda frame: frame[["b", "a"]],
    ],
)
def test_frames_that_differ_have_different_identities(change: object) -> None:
    assert identify(change(_frame())) != identify(_frame())


def test_equal_values_have_one_identity() -> None:
    assert identify(_frame()) == identify(_frame().copy())
    assert identify(np.arange(10)) == identify(np.arange(10))
    assert identify({"a": np.ones(3), "b": date(2024, 1, 1)}) == identify({"a": np.ones(3), "b": date(2024, 1, 1)})


def test_arrays_of_one_content_and_different_kinds_differ() -> None:
    kinds = [np.zeros(4, "i8"), np.zeros(4, "f8"), np.zeros((2, 2), "i8"), np.zeros(5, "i8")]
    assert len({identify(kind) for kind in kinds}) == len(kinds)


def test_what_cannot_be_pickled_has_no_identity() -> None:
    assert identify(threading.Lock()) is None


def test_what_holds_itself_has_an_identity() -> None:
    loop: list[object] = [1]
    loop.append(loop)
    assert identify(loop) is not None


def test_what_is_larger_than_the_limit_has_no_identity() -> None:
    assert identify(np.zeros(1000), limit=100) is None
