"""What runs in the workers of Ray: attempts, and an actor that takes what they say before they end."""

from __future__ import annotations

import functools
import pickle
from collections.abc import Callable
from functools import partial
from typing import Any

from ...model import TaskId, ValueId
from ...transport.parcel import Parcel
from .batch import SMALL_ENOUGH, Advance, Batch, attend_to_all
from .worker import Assignment, Ended, Mission, NobodyListensError, attend

NAMESPACE = "deodar"
Order = tuple[TaskId, int, list[ValueId]]
"""Which attempt, and what it writes."""


class Office:
    """An actor that passes on what cannot wait for the end of an attempt. Workers find it by name."""

    def __init__(self) -> None:
        # Only workers have a loop for it to live in.
        import asyncio

        self._letters: list[bytes | Advance] = []
        self._news = asyncio.Event()

    async def drop(self, letter: bytes | Advance) -> None:
        """Take a message."""
        self._letters.append(letter)
        self._news.set()

    async def collect(self) -> list[bytes | Advance]:
        """Wait for messages, and return them."""
        await self._news.wait()
        self._news.clear()
        letters, self._letters = self._letters, []
        return letters


def office_name(run: str) -> str:
    """Return the name of a run's office."""
    return f"deodar-office-{run}"


def bound_to(mission: Mission) -> Callable[..., Any]:
    """Return what a worker of Ray calls. Ray hands it out once to each worker, the mission in it too."""

    def deodar_node(order: bytes, *parcels: Any) -> Any:
        return run_on_ray(mission, order, *parcels)

    return deodar_node


def run_on_ray(mission: Mission, order: bytes, *parcels: Any) -> Any:
    """Run attempts in a worker of Ray; return their last messages, and then the values that they wrote.

    One attempt has one message, several have a list of them.
    """
    number, orders, reads = pickle.loads(order)
    known = {value: to_parcel(data) for value, data in zip(reads, parcels, strict=True) if data is not None}
    assignments = [Assignment(task, attempt) for task, attempt, _ in orders]
    tell = partial(_tell, mission.run)
    said: bytes | list[bytes]
    if len(assignments) == 1:
        found = [attend(mission, assignments[0], known, tell, _worker_name())]
        said = found[0].message()
    else:
        found = attend_to_all(mission, Batch(number, assignments, tell), known, tell, _worker_name())
        said = [ended.message() for ended in found]
    values = _in_order(orders, found)
    return [said, *values] if values else said


def _in_order(orders: list[Order], found: list[Ended]) -> list[Any]:
    given = {value: parcel for ended in found for value, parcel in ended.given.items()}
    return [_returned(given.get(value)) for _, _, writes in orders for value in writes]


def _tell(run: str, letter: bytes | Advance) -> None:
    # Here it is there.
    import ray

    try:
        office = ray.get_actor(office_name(run), namespace=NAMESPACE)
    except ValueError as error:
        raise NobodyListensError from error
    office.drop.remote(letter)


@functools.cache
def _worker_name() -> str:
    # Here it is there.
    import ray

    context = ray.get_runtime_context()
    return f"{context.get_node_id()[:8]}-{context.get_worker_id()[:8]}"


def _returned(parcel: Parcel | None) -> Any:
    """Return a parcel as it is cheapest for Ray: small ones as plain bytes."""
    return bytes(parcel.data) if parcel is not None and parcel.size <= SMALL_ENOUGH else parcel


def to_parcel(data: Any) -> Parcel:
    """Return what Ray brought as a parcel."""
    return data if isinstance(data, Parcel) else Parcel(data)


def same(data: bytes) -> bytes:
    """Have Ray hold this as the result of a task."""
    return data
