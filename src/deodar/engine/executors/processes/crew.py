"""The workers of one run: taken from the pool, told what they need to know, replaced when they are lost."""

from __future__ import annotations

import logging
import os
import signal
from typing import Any

from ...transport.pickling import pack_by_value
from ...transport.shelf import Shelf
from .._blame import WorkerNotReadyError
from .._strays import made_up_modules_by_value
from .._wire import PREPARE, encode
from .pool import Exit, Link, Pool

logger = logging.getLogger(__name__)

MOST_MISSTARTS = 3
"""How many workers in a row may die before they are ready, until the run gives up."""


class Crew:
    """Owned by the executor of the run.

    Attributes:
        links: the workers at work; it stays the same list.
        run: the number that their messages carry.
    """

    def __init__(self, pool: Pool, shelf: Shelf) -> None:
        self._pool = pool
        self._shelf = shelf
        self.links: list[Link] = []
        self.run = 0
        self._wanted = 0
        self._key: object = None
        self._slots: list[int] = []
        self._waiting: list[Link] = []
        self._kit: tuple[Any, ...] | None = None
        self._misstarts = 0
        self._refusal = 0
        self._has_told = False

    def plan(self, count: int, key: object) -> None:
        """Note how many workers there shall be.

        Args:
            key: those of an earlier run are taken if they had the same one.
        """
        self._wanted, self._key = count, key
        self._slots = list(range(count, 0, -1))

    def start(self) -> None:
        """Have the workers start, if they have not. They are not told anything before there is something to tell."""
        if not self._wanted:
            return
        self._waiting = self._pool.gather(self._key, self._wanted)
        self._wanted, self.run = 0, self._pool.runs
        self._engage_waiting()

    def equip(self, *things: object) -> None:
        """Tell the workers what each of them needs for the run, now and later."""
        with made_up_modules_by_value():
            handles = [self._shelf.writer.put_packed(pack_by_value(thing)) for thing in things]
        self._kit = tuple((h.size, h.data, h.name, h.home) for h in handles)
        self._engage_waiting()

    def note_ready(self, link: Link) -> None:
        """Note that a worker can take orders."""
        self._misstarts = 0
        link.ready = True
        self._tell_if_short()

    def swap(self, link: Link) -> None:
        """Put a fresh worker in the place of one that is of no use for this run."""
        # It ends in its own time (what its tasks left behind may take long), and nobody waits for that.
        self._pool.retire(link)
        self._dismiss(link)
        self._engage(self._pool.start_worker())

    def replace(self, link: Link, end: Exit) -> None:
        """Put another worker in the place of one that has ended.

        Raises:
            WorkerNotReadyError: if several in a row have ended before they were ready, or none can be started.
        """
        self._dismiss(link)
        if end.refused:
            self._do_without(end.refused)
            return
        if not link.ready and not link.retired and end.is_first:
            self._misstarts += 1
            if self._misstarts > MOST_MISSTARTS:
                raise WorkerNotReadyError.after(self._misstarts, end.code)
        self._engage(self._pool.start_worker())

    def _do_without(self, reason: int) -> None:
        if not self.links:
            raise WorkerNotReadyError.refused(reason)
        self._refusal = reason
        self._tell_if_short()

    def _tell_if_short(self) -> None:
        """Say once that there are fewer workers than planned, when it is sure that there are some."""
        if self._refusal and not self._has_told and any(link.ready for link in self.links):
            self._has_told = True
            logger.warning(
                "The system starts no more worker processes (%s). The run goes on with those that there are.",
                os.strerror(self._refusal),
            )

    def _dismiss(self, link: Link) -> None:
        self.links.remove(link)
        self._slots.append(link.slot)

    def _engage_waiting(self) -> None:
        if self._kit is not None:
            waiting, self._waiting = self._waiting, []
            for link in waiting:
                self._engage(link)

    def _engage(self, link: Link) -> None:
        """Give a worker what it needs for this run."""
        link.slot = self._slots.pop()
        link.ready = link.is_new = False
        self.links.append(link)
        address = self._shelf.address
        place = (address.folders, address.writers, address.budget, link.slot)
        assert self._kit is not None
        if not link.lane.send(encode(PREPARE, self.run, link.name, place, str(link.serial), *self._kit)):
            self._pool.kill(link, signal.SIGKILL)  # it does not read; another one will
