"""A cluster of Ray as a place where tasks run.

An attempt is one task of Ray's; short ones share one. Its first return is what the attempts say in the end, the others
are the values that they wrote, which stay in Ray's object store and go from node to node as Ray sees fit. Ray runs a
task again whose worker or machine was lost.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import pickle
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ...model import Resources, TaskSpec, ValueId
from ...transport.parcel import Parcel
from .._blame import ClusterLostError
from .._outfit import thread_limits
from .._wire import DONE
from .batch import SMALL_ENOUGH, Advance
from .executor import Answer, ClusterExecutor, quiet
from .flight import Flight
from .grouping import Grouping
from .ray_worker import NAMESPACE, Office, bound_to, office_name, same, to_parcel
from .worker import Assignment, Mission

LOSSES = 3
"""How often Ray runs a task again whose worker died. One of several attempts runs again once, for values that were lost
with a machine; then each attempt has a task of its own."""
KNOCK = 10.0
"""Seconds in which the head of a cluster takes a connection."""
LOOK_EVERY = 5.0
"""Seconds after which a run that hears nothing looks whether there is a head."""
GONE_AFTER = 20.0
"""Seconds in which a head may start again."""
OFFICE_AFTER = 1.0
"""Seconds that a node has to take before messages can come ahead of results, if no node has a limit of time."""
AT_ONCE = 1024
"""Calls up to which the driver asks for all at once whether they are over; the work of that grows with them."""
TOGETHER = 0.003
"""Seconds to wait for more answers while the workers have enough at hand."""


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
            _join(ray, address, wanted)
        try:
            yield RayExecutor(ray, ours=address is None)
        finally:
            ray.shutdown()


def _join(ray: Any, address: str, wanted: Mapping[str, Any]) -> None:
    try:
        ray.init(**wanted)
    except ConnectionError as error:
        # Ray says that it failed, and not that it was refused: clusters since 2.60 ask for a token, which a process
        # that was not told so does not show.
        raise ConnectionError(
            f"The cluster of Ray at {address} did not let this process in: {error}. If it asks for a token, which is "
            "what its log says, set RAY_AUTH_MODE=token here, with the same token; or else look whether both are of "
            "one release."
        ) from error


def _knock(address: str) -> None:
    """Raise if nobody listens at an address: Ray itself would try for many minutes."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not host or not port.isdecimal():
        return  # "auto", or a name that Ray looks up
    try:
        _touch(host, int(port))
    except OSError as error:
        raise ConnectionError(f"No cluster of Ray answers at {address}: {error}. Is its head running?") from error


def _touch(host: str, port: int) -> None:
    socket.create_connection((host.strip("[]"), port), timeout=KNOCK).close()


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        _touch(host, int(port))
    except OSError:
        return False
    return True


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


@dataclass(slots=True, eq=False)
class Call:
    """One task of Ray's, for one attempt or for a batch of them.

    Attributes:
        ref: to what the attempts say in the end.
        values: references to what they write.
    """

    number: int
    ref: Any
    values: Mapping[ValueId, Any]
    flights: Sequence[Flight]
    is_ended: bool = False


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
        self._head: str | None = getattr(ray.get_runtime_context(), "gcs_address", None)
        self._look_again = 0.0
        self._silent_since: float | None = None
        self._office: Any = None
        self._closing = threading.Lock()  # guards that nothing is asked of an office that is closed
        self._remote: Any = None
        self._same = ray.remote(same).options(num_cpus=0)
        self._office_after = 0.0
        self._grouping = Grouping(int(self.supply.cpu), self._pace)
        self._outbox: list[Flight] = []
        self._out = 0
        self._unheard: list[Call] = []
        self._options: dict[tuple[Any, ...], Any] = {}

    def _open(self, mission: Mission) -> None:
        self._remote = self._ray.remote(bound_to(mission))
        self._office_after = 0.0 if any(task.timeout for task in self._graph.tasks) else OFFICE_AFTER

    # What goes out.

    def _post(self, flight: Flight) -> None:
        self._outbox.append(flight)

    def _flush(self) -> None:
        """Send what was submitted, short tasks that are alike together."""
        posted = [flight for flight in self._outbox if self._is_active(flight)]
        self._outbox.clear()
        alike: dict[tuple[float, ...], list[Flight]] = {}
        together = self._grouping.most > 1 and len(posted) > 1
        for flight in posted:
            spec = self._graph.tasks[flight.order.task]
            if together and not flight.doubts and self._grouping.may_join(flight.order, spec, self._sizes):
                alike.setdefault(self._demand_of(spec), []).append(flight)
            else:
                self._call([flight])
        for flights in alike.values():
            for batch in self._grouping.split(flights, self._out):
                self._call(batch)

    def _call(self, flights: Sequence[Flight]) -> None:
        specs = [self._graph.tasks[flight.order.task] for flight in flights]
        writes = [[value for value in spec.writes if self._graph.values[value].carried] for spec in specs]
        reads = {value: self._refs[value] for spec in specs for value in spec.reads if value in self._refs}
        orders = [(f.order.task, f.order.attempt, written) for f, written in zip(flights, writes, strict=True)]
        self.traffic.calls += 1
        number = self.traffic.calls
        # Bytes: anything else is pickled by Ray's slower way.
        order = pickle.dumps((number, orders, list(reads)), protocol=5)
        written = list(itertools.chain.from_iterable(writes))
        losses = LOSSES if len(flights) == 1 else 1
        found = self._task_for(self._demand_of(specs[0]), 1 + len(written), losses).remote(order, *reads.values())
        refs = list(found) if written else [found]
        call = Call(number, refs[0], dict(zip(written, refs[1:], strict=True)), flights)
        for flight in flights:
            flight.call = call
        self._unheard.append(call)
        self._out += 1

    def _demand_of(self, spec: TaskSpec) -> tuple[float, ...]:
        """Return what a task needs; it is not asked for more than one machine has."""
        wanted, most = spec.resources, self._most
        return min(wanted.cpu, most["CPU"]), min(wanted.gpu, most["GPU"]), min(wanted.memory, most["memory"])

    def _task_for(self, demand: tuple[float, ...], returns: int, losses: int) -> Any:
        """Return Ray's task with the resources of ours."""
        key = (returns, losses, *demand)
        if key not in self._options:
            cpu, gpu, memory = demand
            known: dict[str, Any] = {"num_returns": returns, "num_cpus": cpu, "max_retries": losses}
            if gpu:
                known["num_gpus"] = gpu
            if memory:
                known["memory"] = int(memory)
            self._options[key] = self._remote.options(**known)
        return self._options[key]

    # What comes in.

    def _next(self, timeout: float) -> Any:
        self._flush()
        try:
            return self._wait_for_one(timeout)
        except queue.Empty:
            self._look_for_head()
            raise

    def _wait_for_one(self, timeout: float) -> Any:
        flying = sum(len(call.flights) for call in self._unheard)
        nothing_else = self._office is None and self._inbox.empty() and len(self._flights) == flying
        if nothing_else and 0 < len(self._unheard) <= AT_ONCE:
            # Nothing else can happen, and to wait in this thread is cheaper than to be woken by Ray's for each answer.
            self._take_in(timeout)
            return self._inbox.get_nowait()
        for call in self._unheard:
            # What future() stands on; the future itself takes a tenth of a millisecond more.
            call.ref._on_completed(partial(self._answered, call))
        self._unheard.clear()
        return super()._next(timeout)

    def _look_for_head(self) -> None:
        """Raise if the head is gone: Ray's own client ends the whole process a minute after that."""
        now = time.monotonic()
        if self._head is None or now < self._look_again:
            return
        self._look_again = now + LOOK_EVERY
        if self._is_there():
            self._silent_since = None
        elif self._silent_since is None:
            self._silent_since = now
        elif now - self._silent_since >= GONE_AFTER:
            raise ClusterLostError(f"Ray's head at {self._head}", "it does not answer")

    def _is_there(self) -> bool:
        """Return whether there is a head: what is asked of Ray without one does not come back."""
        return self._head is None or _answers(self._head)

    def _take_in(self, timeout: float) -> None:
        """Wait for answers; for a few together while there is enough at hand for the workers meanwhile."""
        waiting = {call.ref: call for call in self._unheard}
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

    def _answered(self, call: Call, answer: Any) -> None:
        self._inbox.put(partial(self._settle, call, answer))

    def _settle(self, call: Call, answer: Any) -> None:
        """Take what a call said in the end, and see to those of its attempts of which it said nothing."""
        self._out -= 1
        match answer:
            case bytes():
                self._take(answer)
            case list():
                for message in answer:
                    self._take(message)
                for flight in call.flights:
                    self._send_again(flight, call)
            case _:
                for flight in call.flights:
                    self._look_after(flight)

    def _conclude(self, flight: Flight, kind: int, *rest: Any) -> None:
        super()._conclude(flight, kind, *rest)
        if kind == DONE:
            self._grouping.note(sum(size for _, size in rest[1]))

    def _harvest(self, flight: Flight, written: Mapping[ValueId, int]) -> Mapping[ValueId, Any]:
        values = flight.call.values
        return {value: values[value] for value in written}

    def _send_again(self, flight: Flight, call: Call) -> None:
        """Send an attempt that did not begin, unless it was sent again already."""
        if self._is_active(flight) and flight.call is call:
            flight.call = None
            self._post(flight)

    def _given_up(self, flight: Flight) -> BaseException | None:
        call: Call = flight.call
        ready, _ = self._ray.wait([call.ref], timeout=0)
        if not ready:
            return None
        try:
            self._ray.get(call.ref)
        except Exception as error:
            if len(call.flights) == 1:
                return error
            # Any of them may have been what killed the workers: from now on each has its own.
            flight.doubts += 1
            self._send_again(flight, call)
        return None

    # What is said before the end.

    def _keep_limits(self) -> None:
        oldest = next(iter(self._flights.values()), None)
        late = oldest is not None and time.monotonic() >= oldest.launched + self._office_after
        if self._office is None and late and self._is_there():
            # A process of its own, which a run of short nodes is better off without.
            office = self._ray.remote(Office).options(name=office_name(self._run), namespace=NAMESPACE, num_cpus=0)
            self._office = office.remote()
            self._ask()
        super()._keep_limits()

    def _ask(self) -> None:
        """Have the next messages from the office, in a thread of Ray's."""
        with self._closing:
            if self._office is None:
                return  # Ray would start a cluster, were it called when the connection is over.
            letters = self._office.collect.remote().future()
        letters.add_done_callback(self._collected)

    def _collected(self, letters: Any) -> None:
        if letters.cancelled() or letters.exception() is not None:
            return  # the office is closed
        for letter in letters.result():
            self._inbox.put(letter if isinstance(letter, bytes) else partial(self._advance, letter))
        self._ask()

    def _advance(self, news: Advance) -> None:
        """Take what was said of a batch that goes on."""
        for assignment, message, values in news.ended:
            flight = self._flying_with(news.batch, assignment)
            if flight is not None:
                held = {value: self._hold(Parcel(data)) for value, data in values.items()}
                flight.call = Call(0, flight.call.ref, held, [flight])
            self._take(message)
        for assignment in news.back:
            flight = self._flying_with(news.batch, assignment)
            if flight is not None:
                self._send_again(flight, flight.call)

    def _flying_with(self, number: int, assignment: Assignment) -> Flight | None:
        flight = self._flights.get(assignment.task)
        if flight is None or flight.order.attempt != assignment.attempt or flight.call is None:
            return None
        return flight if flight.call.number == number else None

    # Values, workers, the end.

    def _hold(self, parcel: Parcel) -> Any:
        # What Ray's tasks return while it is small goes along with the orders that name it; what is put does not.
        return self._same.remote(bytes(parcel.data)) if parcel.size <= SMALL_ENOUGH else self._ray.put(parcel)

    def _bring_all(self, values: Sequence[ValueId]) -> dict[ValueId, Parcel]:
        found = self._ray.get([self._refs[value] for value in values])
        return {value: to_parcel(data) for value, data in zip(values, found, strict=True)}

    def _end(self, flight: Flight) -> None:
        call: Call = flight.call
        if not call.is_ended and self._is_there():
            call.is_ended = True
            self._ray.cancel(call.ref, force=True)

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
        self._outbox.clear()
        with self._closing:
            office, self._office = self._office, None
        if office is not None and self._is_there():
            self._ray.kill(office)
