"""Who is told what happened: journal, progress, logs. Telling never changes a run."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

from .events import Event

logger = logging.getLogger(__name__)


class Observer(Protocol):
    """Somebody who wants to know."""

    def observe(self, event: Event) -> None:
        """Take note of one event; called in the driver's thread, in the order in which things happened."""
        ...


class Observers:
    """Tells all observers; one that raises is reported once and then left alone."""

    __slots__ = ("_observers",)

    def __init__(self, observers: Sequence[Observer] = ()) -> None:
        self._observers = list(observers)

    def __bool__(self) -> bool:
        return bool(self._observers)

    def observe(self, event: Event) -> None:
        """Tell everybody."""
        for observer in tuple(self._observers):
            try:
                observer.observe(event)
            except Exception:
                # What watches a run must not be able to end it.
                logger.exception("%s failed on %s and is not told of anything more in this run.", observer, event)
                self._observers.remove(observer)
