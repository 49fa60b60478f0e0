"""What the machine has, or is said to have."""

from __future__ import annotations

import pytest

from deodar.engine.machine import memory_limit


def test_the_environment_says_how_much_memory_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEODAR_MEMORY_LIMIT", "123456789")
    assert memory_limit() == 123456789


def test_what_is_no_number_of_bytes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEODAR_MEMORY_LIMIT", "plenty")
    with pytest.raises(ValueError, match="DEODAR_MEMORY_LIMIT is 'plenty'"):
        memory_limit()
