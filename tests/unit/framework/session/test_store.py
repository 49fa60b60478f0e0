from __future__ import annotations

import logging

import pytest

from deodar.framework.session.store import BaseSessionStore

LOGGER = "deodar.framework.session.store"


class Mine(BaseSessionStore): ...


def test_store_is_empty_at_first(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger=LOGGER):
        store = BaseSessionStore("path", "id")
    assert (store, store._path, store._session_id) == ({}, "path", "id")
    assert caplog.messages == ["'read()' not implemented for 'BaseSessionStore'. Assuming empty store."]


def test_store_saves_nothing(caplog: pytest.LogCaptureFixture) -> None:
    store = Mine(path="path", session_id="id")
    with caplog.at_level(logging.DEBUG, logger=LOGGER):
        store.save()
    assert caplog.messages == ["'save()' not implemented for 'Mine'. Skipping the step."]


def test_store_starts_with_what_was_saved() -> None:
    class Kept(BaseSessionStore):
        def read(self) -> dict[str, int]:
            return {"a": 1}

    assert Kept("path", "id") == {"a": 1}
