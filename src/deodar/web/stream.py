"""What happens in runs, sent to a page as it happens (server-sent events).

The journal is asked ten times a second whether another process has written to it, which costs no query of a table.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict
from itertools import zip_longest
from pathlib import Path

from ..engine.journal.history import History
from ..engine.journal.store import Journal, JournalError

_POLL_SECONDS = 0.1
# A line that says nothing, so that both sides notice when the other is gone.
_SILENCE_SECONDS = 15.0
_BATCH = 500


def never() -> bool:
    """Say no."""
    return False


async def follow(path: Path, after: int | None, is_over: Callable[[], bool] = never) -> AsyncIterator[str]:
    """Yield each event of any run, from after the one of this number; without a number, from now on.

    While there is no journal yet, wait for it.

    Args:
        is_over: asked between events whether the page is to be left, as it would otherwise keep the server from ending.
    """
    if not path.exists():
        after = 0
        yield _here(after)
    while not path.exists():
        if is_over():
            return
        await asyncio.sleep(_POLL_SECONDS)
    with Journal(path, read_only=True) as journal:
        history = History(journal)
        last = history.last_event() if after is None else after
        yield _here(last)
        seen, silent = -1, 0.0
        while not is_over():
            version = int(journal.read("PRAGMA data_version")[0][0])
            found = history.happenings(last, limit=_BATCH) if version != seen else []
            for happening, after_it in zip_longest(found, found[1:]):
                last = happening.id
                # Of those that share a number the last one gives it: a page asks for what comes after.
                number = "" if after_it is not None and after_it.id == last else f"id: {last}\n"
                yield f"{number}data: {json.dumps(asdict(happening))}\n\n"
            if len(found) >= _BATCH:
                continue
            seen, silent = version, 0.0 if found else silent + _POLL_SECONDS
            if silent >= _SILENCE_SECONDS:
                silent = 0.0
                yield ": still here\n\n"
            await asyncio.sleep(_POLL_SECONDS)


def _here(last: int) -> str:
    """Return what is sent at once, so that a page that loses the connection knows from where to go on."""
    return f"id: {last}\nevent: here\ndata: {{}}\n\n"


def check_number(text: str | None) -> int | None:
    """Return the number of an event that a page has sent, or None if it sent none.

    Raises:
        JournalError: it is no number.
    """
    if not text:
        return None
    if not text.isascii() or not text.isdigit():
        raise JournalError(f"{text!r} is no number of an event.")
    return int(text)
