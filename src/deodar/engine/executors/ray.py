"""A cluster of Ray as a place where tasks run.

An attempt is one task of Ray's. Its first return is the last message of the attempt, the others are the values that it
wrote, which stay in Ray's object store and go from node to node as Ray sees fit. Ray runs a task again whose worker or
machine was lost.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..model import TaskSpec, ValueId
from ..transport.parcel import Parcel
from ._cluster import Answer, ClusterExecutor, Flight, quiet
from ._cluster_worker import Assignment, Mission, attend
from ._outfit import thread_limits

LOSSES = 3
"""How often Ray runs a task again whose worker died."""


@contextlib.contextmanager
def connect(address: str | None, options: Mapping[str, Any]) -> Iterator[RayExecutor]:
    """Yield an executor on a cluster; on a local one, ended afterwards, when no address is given.

    Where the process is connected already and no other address is given, that connection serves, and stays.

    Args:
        options: of ``ray.init``.
    """
    # The extra package is needed by runs on Ray alone.
    import ray

    if ray.is_initialized() and address is None:
        yield RayExecutor(ray)
        return
    wanted: dict[str, Any] = {"logging_level": logging.WARNING, **options}
    if address is None:
        # Or an address in the environment would be taken for one that was asked for.
        wanted = {"address": "local", "include_dashboard": False, **wanted}
    else:
        wanted["address"] = address
    with quiet("ray"):
        before = dict(os.environ)
        if address is None:
            # Its workers inherit them. Ray's own choice is one: then sums come out otherwise than in a plain process.
            os.environ.update(thread_limits(1))
        try:
            ray.init(**wanted)
        finally:
            for name in os.environ.keys() & thread_limits(1).keys() - before.keys():
                del os.environ[name]
        try:
            yield RayExecutor(ray, ours=address is None)
        finally:
            ray.shutdown()


class Mailbox:
    """An actor to which workers send what cannot wait for the end of an attempt, and that the driver asks for it."""

    def __init__(self) -> None:
        # Only workers have a loop for it to live in.
        import asyncio

        self._letters: list[bytes] = []
        self._news = asyncio.Event()

    async def drop(self, letter: bytes) -> None:
        """Take a message."""
        self._letters.append(letter)
        self._news.set()

    async def collect(self) -> list[bytes]:
        """Wait for messages, and return them."""
        await self._news.wait()
        self._news.clear()
        letters, self._letters = self._letters, []
        return letters


class RayExecutor(ClusterExecutor[Any]):
    """Runs tasks on the cluster that this process is connected to."""

    def __init__(self, ray: Any, *, ours: bool = False) -> None:
        self._ray = ray
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        self._most = {name: max(node.get(name, 0.0) for node in nodes) for name in ("CPU", "GPU", "memory")}
        super().__init__("ray", int(sum(node.get("CPU", 0.0) for node in nodes)), ours=ours)
        self._mission: Any = None
        self._mailbox: Any = None
        self._remote: Any = None
        self._options: dict[tuple[Any, ...], Any] = {}

    def _open(self, mission: Mission) -> None:
        self._mission = self._ray.put(mission)
        self._mailbox = self._ray.remote(Mailbox).options(num_cpus=0).remote()
        self._remote = self._ray.remote(run_on_ray)
        self._ask()

    def _ask(self) -> None:
        """Have the next messages from the mailbox."""
        self._mailbox.collect.remote().future().add_done_callback(self._collected)

    def _collected(self, answer: Any) -> None:
        if answer.cancelled() or answer.exception() is not None:
            return  # the mailbox is closed
        for letter in answer.result():
            self._inbox.put(letter)
        if self._mailbox is not None:
            self._ask()

    def _launch(self, assignment: Assignment, spec: TaskSpec, reads: Mapping[ValueId, Any]) -> Any:
        writes = tuple(value for value in spec.writes if self._graph.values[value].carried)
        returns = self._task_for(spec, 1 + len(writes)).remote(
            self._mission, self._mailbox, assignment, writes, list(reads), *reads.values()
        )
        refs = list(returns) if writes else [returns]
        return refs[0], dict(zip(writes, refs[1:], strict=True))

    def _task_for(self, spec: TaskSpec, returns: int) -> Any:
        """Return Ray's task with the resources of ours; it is not asked for more than one machine has."""
        wanted, most = spec.resources, self._most
        key = (returns, min(wanted.cpu, most["CPU"]), min(wanted.gpu, most["GPU"]), min(wanted.memory, most["memory"]))
        if key not in self._options:
            known: dict[str, Any] = {"num_returns": returns, "num_cpus": key[1], "max_retries": LOSSES}
            if key[2]:
                known["num_gpus"] = key[2]
            if key[3]:
                known["memory"] = int(key[3])
            self._options[key] = self._remote.options(**known)
        return self._options[key]

    def submit(self, order: Any) -> None:
        """Hand the task to Ray, and have its last message come here."""
        super().submit(order)
        flight = self._flights.get(order.task)
        if flight is not None and flight.call is not None:
            flight.call[0].future().add_done_callback(lambda answer: self._answered(flight, answer))

    def _answered(self, flight: Flight, answer: Any) -> None:
        lost = answer.cancelled() or answer.exception() is not None
        self._inbox.put(flight if lost else answer.result())

    def _harvest(self, flight: Flight, written: Mapping[ValueId, int]) -> Mapping[ValueId, Any]:
        values = flight.call[1]
        return {value: values[value] for value in written}

    def _hold(self, parcel: Parcel) -> Any:
        return self._ray.put(parcel)

    def _bring(self, value: ValueId) -> Parcel:
        parcel: Parcel = self._ray.get(self._refs[value])
        return parcel

    def _end(self, flight: Flight) -> None:
        self._ray.cancel(flight.call[0], force=True)

    def _given_up(self, flight: Flight) -> BaseException | None:
        ready, _ = self._ray.wait([flight.call[0]], timeout=0)
        if not ready:
            return None
        try:
            self._ray.get(flight.call[0])
        except Exception as error:
            return error
        return None

    def ask_workers(self, function: Callable[..., Answer], *arguments: Any) -> dict[str, Answer]:
        """Call a function on every machine."""
        # With the class of Ray's own that says where; it is loaded with Ray.
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        task = self._ray.remote(function)
        asked = {}
        for node in self._ray.nodes():
            if node["Alive"]:
                there = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
                asked[node["NodeID"][:8]] = task.options(num_cpus=0, scheduling_strategy=there).remote(*arguments)
        return dict(zip(asked, self._ray.get(list(asked.values())), strict=True))

    def _shut(self) -> None:
        mailbox, self._mailbox, self._mission = self._mailbox, None, None
        if mailbox is not None:
            self._ray.kill(mailbox)


def run_on_ray(
    mission: Mission,
    mailbox: Any,
    assignment: Assignment,
    writes: tuple[ValueId, ...],
    reads: list[ValueId],
    *parcels: Any,
) -> Any:
    """Run one attempt in a worker of Ray; return its last message, and the values that it wrote."""
    # Here it is there.
    import ray

    context = ray.get_runtime_context()
    worker = f"{context.get_node_id()[:8]}-{context.get_worker_id()[:8]}"
    known = {value: parcel for value, parcel in zip(reads, parcels, strict=True) if parcel is not None}
    message, given = attend(mission, assignment, known, mailbox.drop.remote, worker)
    if not writes:
        return message
    return [message, *(given.get(value) for value in writes)]
