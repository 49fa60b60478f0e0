"""A cluster of Ray as a place where tasks run.

An attempt is one task of Ray's. Its first return is the last message of the attempt, the others are the values that it
wrote, which stay in Ray's object store and go from node to node as Ray sees fit. Ray runs a task again whose worker or
machine was lost.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import pickle
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from ...model import Resources, TaskSpec, ValueId
from ...transport.parcel import Parcel
from .._outfit import thread_limits
from .executor import Answer, ClusterExecutor, quiet
from .flight import Flight
from .worker import Assignment, Mission, NobodyListensError, attend

LOSSES = 3
"""How often Ray runs a task again whose worker died."""
KNOCK = 10.0
"""Seconds in which the head of a cluster takes a connection."""
NAMESPACE = "deodar"
OFFICE_AFTER = 1.0
"""Seconds that a node has to take before messages can come ahead of results, if no node has a limit of time."""
AT_ONCE = 1024
"""Attempts up to which the driver asks for all at once whether they are over; the work of that grows with them."""
TOGETHER = 0.003
"""Seconds to wait for more answers while the workers have enough at hand."""
SMALL_ENOUGH = 64 * 1024
"""Bytes up to which Ray keeps what a task returned with its owner, and sends it along."""


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
        _knock(address)
    with quiet("ray"):
        if address is None:
            with _private_to_this_machine(ray):
                ray.init(**wanted)
        else:
            ray.init(**wanted)
        try:
            yield RayExecutor(ray, ours=address is None)
        finally:
            ray.shutdown()


def _knock(address: str) -> None:
    """Raise if nobody listens at an address: Ray itself would try for many minutes."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not host or not port.isdecimal():
        return  # "auto", or a name that Ray looks up
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK).close()
    except OSError as error:
        raise ConnectionError(f"No cluster of Ray answers at {address}: {error}. Is its head running?") from error


@contextlib.contextmanager
def _private_to_this_machine(ray: Any) -> Iterator[None]:
    """Have a cluster that is started in this block listen to this machine alone, and report to nobody."""
    # Its processes inherit them. Ray's own choice is one thread: sums come out otherwise than in a plain process.
    wanted = {**thread_limits(1), "RAY_USAGE_STATS_ENABLED": "0"}
    missing = wanted.keys() - os.environ.keys()
    os.environ.update({name: wanted[name] for name in missing})
    # What Ray does on macOS and Windows by itself. Its variable for that is read at its import, which may be over.
    constants = ray._private.ray_constants
    before = getattr(constants, "ENABLE_RAY_CLUSTER", None)
    constants.ENABLE_RAY_CLUSTER = False
    try:
        yield
    finally:
        constants.ENABLE_RAY_CLUSTER = before
        for name in missing:
            del os.environ[name]


class Office:
    """An actor that passes on what cannot wait for the end of an attempt. Workers find it by name."""

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
        supply = Resources(
            sum(node.get("CPU", 0.0) for node in nodes), gpu=int(sum(node.get("GPU", 0) for node in nodes))
        )
        super().__init__("ray", supply, ours=ours)
        self._office: Any = None
        self._remote: Any = None
        self._same = ray.remote(_same).options(num_cpus=0)
        self._office_after = 0.0
        self._unheard: list[Flight] = []
        self._options: dict[tuple[Any, ...], Any] = {}

    def _open(self, mission: Mission) -> None:
        # In the function: Ray hands that out once to each worker, and not with every task.
        self._remote = self._ray.remote(_bound(mission))
        self._office_after = 0.0 if any(task.timeout for task in self._graph.tasks) else OFFICE_AFTER

    def _keep_limits(self) -> None:
        oldest = next(iter(self._flights.values()), None)
        if self._office is None and oldest is not None and time.monotonic() >= oldest.launched + self._office_after:
            # A process of its own, which a run of short nodes is better off without.
            office = self._ray.remote(Office).options(name=_office_name(self._run), namespace=NAMESPACE, num_cpus=0)
            self._office = office.remote()
            self._ask()
        super()._keep_limits()

    def _ask(self) -> None:
        """Have the next messages from the office."""
        self._office.collect.remote().future().add_done_callback(self._collected)

    def _collected(self, answer: Any) -> None:
        if answer.cancelled() or answer.exception() is not None:
            return  # the office is closed
        for letter in answer.result():
            self._inbox.put(letter)
        if self._office is not None:
            self._ask()

    def _launch(self, assignment: Assignment, spec: TaskSpec, reads: Mapping[ValueId, Any]) -> Any:
        writes = [value for value in spec.writes if self._graph.values[value].carried]
        # Bytes: anything else is pickled by Ray's slower way.
        order = pickle.dumps((assignment.task, assignment.attempt, writes, list(reads)), protocol=5)
        returns = self._task_for(spec, 1 + len(writes)).remote(order, *reads.values())
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

    def _post(self, flight: Flight, spec: TaskSpec, reads: Mapping[ValueId, Any]) -> None:
        super()._post(flight, spec, reads)
        self._unheard.append(flight)

    def _next(self, timeout: float) -> Any:
        if self._inbox.empty() and len(self._flights) == len(self._unheard) <= AT_ONCE and self._office is None:
            # Nothing else can happen, and to wait in this thread is cheaper than to be woken by Ray's for each answer.
            self._take_in(timeout)
            return self._inbox.get_nowait()
        for flight in self._unheard:
            # What future() stands on; the future itself takes a tenth of a millisecond more.
            flight.call[0]._on_completed(partial(self._answered, flight))
        self._unheard.clear()
        return super()._next(timeout)

    def _take_in(self, timeout: float) -> None:
        """Wait for answers; for a few together while there is enough at hand for the workers meanwhile."""
        waiting = {flight.call[0]: flight for flight in self._unheard}
        ready: list[Any] = []
        if len(waiting) > 2 * self.supply.cpu:
            ready, _ = self._ray.wait(list(waiting), num_returns=len(waiting) // 4 or 1, timeout=min(timeout, TOGETHER))
        if not ready:
            ready, _ = self._ray.wait(list(waiting), timeout=timeout)
        try:
            answers = self._ray.get(ready)
        except self._ray.exceptions.RayError:
            # One of them was given up, and is asked about by itself.
            answers = map(self._answer_of, ready)
        for ref, answer in zip(ready, answers, strict=True):
            self._answered(waiting.pop(ref), answer)
        self._unheard = list(waiting.values())

    def _answer_of(self, ref: Any) -> Any:
        try:
            return self._ray.get(ref)
        except self._ray.exceptions.RayError as error:
            return error

    def _answered(self, flight: Flight, answer: Any) -> None:
        self._inbox.put(answer if isinstance(answer, bytes) else flight)

    def _harvest(self, flight: Flight, written: Mapping[ValueId, int]) -> Mapping[ValueId, Any]:
        values = flight.call[1]
        return {value: values[value] for value in written}

    def _hold(self, parcel: Parcel) -> Any:
        # What Ray's tasks return while it is small goes along with the orders that name it; what is put does not.
        return self._same.remote(bytes(parcel.data)) if parcel.size <= SMALL_ENOUGH else self._ray.put(parcel)

    def _bring_all(self, values: Sequence[ValueId]) -> dict[ValueId, Parcel]:
        found = self._ray.get([self._refs[value] for value in values])
        return {value: _parcel(data) for value, data in zip(values, found, strict=True)}

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
        office, self._office = self._office, None
        if office is not None:
            self._ray.kill(office)


def _bound(mission: Mission) -> Callable[..., Any]:
    def deodar_node(order: bytes, *parcels: Any) -> Any:
        return run_on_ray(mission, order, *parcels)

    return deodar_node


def run_on_ray(mission: Mission, order: bytes, *parcels: Any) -> Any:
    """Run one attempt in a worker of Ray; return its last message, and the values that it wrote."""
    task, attempt, writes, reads = pickle.loads(order)
    known = {value: _parcel(data) for value, data in zip(reads, parcels, strict=True) if data is not None}
    tell = partial(_tell, mission.run)
    message, given = attend(mission, Assignment(task, attempt), known, tell, _worker_name())
    if not writes:
        return message
    return [message, *(_returned(given.get(value)) for value in writes)]


def _tell(run: str, message: bytes) -> None:
    # Here it is there.
    import ray

    try:
        office = ray.get_actor(_office_name(run), namespace=NAMESPACE)
    except ValueError as error:
        raise NobodyListensError from error
    office.drop.remote(message)


@functools.cache
def _worker_name() -> str:
    # Here it is there.
    import ray

    context = ray.get_runtime_context()
    return f"{context.get_node_id()[:8]}-{context.get_worker_id()[:8]}"


def _returned(parcel: Parcel | None) -> Any:
    """Return a parcel as it is cheapest for Ray: small ones as plain bytes."""
    return bytes(parcel.data) if parcel is not None and parcel.size <= SMALL_ENOUGH else parcel


def _parcel(data: Any) -> Parcel:
    return data if isinstance(data, Parcel) else Parcel(data)


def _same(data: bytes) -> bytes:
    return data


def _office_name(run: str) -> str:
    return f"deodar-office-{run}"
