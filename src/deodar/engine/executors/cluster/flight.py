"""What the driver notes of attempts on a cluster, and of what passed through its own hands."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from ...commands import Submit
from ...model import FailureKind


@dataclass(slots=True)
class Traffic:
    """What passed through the driver, for those who count.

    Attributes:
        sent: bytes of values that it put on the cluster.
        fetched: bytes of values that it took from there.
        calls: tasks of the engine's own that it sent for.
        messages: from workers.
        message_bytes: of these.
    """

    sent: int = 0
    fetched: int = 0
    calls: int = 0
    messages: int = 0
    message_bytes: int = 0


@dataclass(slots=True)
class Flight:
    """A submitted attempt.

    Attributes:
        worker: where it was last heard of; empty before that.
        since: when it was first heard of, by the monotonic clock.
        launched: when it was submitted, by the same clock.
        doom: why it is being ended; None when it is not.
        call: what the engine calls it.
        doubts: how often the engine gave it up though it may only have waited on a worker that another one killed.
    """

    order: Submit
    call: Any = None
    worker: str = ""
    since: float = 0.0
    doom: FailureKind | None = None
    doubts: int = 0
    launched: float = field(default_factory=time.monotonic)
