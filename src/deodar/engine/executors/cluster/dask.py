"""A cluster of Dask as a place where tasks run.

An attempt is one key of Dask's; its result is a bundle of what it wrote, which stays where it was made and goes from
worker to worker as Dask sees fit. What there is to say of an attempt comes as an event. Dask knows how every value came
about, and makes again what was lost with a worker.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

# This module is loaded by those who run on Dask alone.
import dask.config
import distributed

from ...model import Resources, TaskId, TaskSpec, ValueId
from ...transport.parcel import Parcel
from .._blame import ClusterLostError
from .._outfit import thread_limits
from .executor import Answer, ClusterExecutor, quiet
from .flight import Flight
from .worker import Assignment, Mission, attend, end_if_running

logger = logging.getLogger(__name__)

Bundle = dict[ValueId, Parcel]
Order = tuple[str, TaskId, int, list[ValueId], int]
"""Whose mission it is, which attempt, what the arguments are, and how often it was given up without being to blame."""
APART = 64 * 1024
"""Bytes from which on the values of one bundle become keys of their own, so that a reader gets only what it reads."""
ARGUMENT_LIMIT = 4096
"""Bytes up to which a value from the driver goes along with each order of a reader: parameters, mostly."""
RECIPE_LIMIT = 1 << 20
"""Bytes up to which a value from the driver goes through Dask's scheduler, which can then hand it out again."""
CLOSED = ("closing", "closed")
LOOK_EVERY = 10.0
"""Seconds after which a run that hears nothing asks whether there are workers."""
START_AGAIN = 60.0
"""Seconds in which workers that ended are started again, if they are at all."""
SAY_EVERY = 60.0
"""Seconds after which a run that still waits for workers says so again."""
NEVER_LET_GO = {"distributed.deploy.lost-worker-timeout": "1000 days"}
"""Or a local cluster ends the nanny of a worker that is not there so long after any of its deaths, and of one that dies
now and then there is none some day."""
GRACE = 2.0
"""Seconds to wait for the word that an attempt was ended."""
DOUBTS = 5
"""How often a task is given up, without word that it began, before it is taken for what killed its workers."""
ANSWER = 30.0
"""Seconds in which Dask's scheduler answers a worker, if it does at all."""
AHEAD = 10
"""Priority of a task that is tried again: it shall not wait behind others that may kill the worker."""


@contextlib.contextmanager
def connect(address: Any, options: Mapping[str, Any]) -> Iterator[Any]:
    """Yield a client of a cluster; a local one, closed in the end, when no address is given.

    Args:
        address: of a scheduler; or a cluster or client that somebody has.
        options: of ``distributed.Client``, and without an address of ``distributed.LocalCluster``.
    """
    if isinstance(address, distributed.Client):
        yield address
    elif address is not None:
        with distributed.Client(address, set_as_default=False, **options) as client:
            yield client
    else:
        # One thread for each: a node may hold the interpreter's lock, and ending one must not end others.
        wanted = {"threads_per_worker": 1, "processes": True, "dashboard_address": "127.0.0.1:0", **options}
        # Dask's own choice is one thread for each: then sums come out otherwise than in a plain process.
        limits = {f"distributed.nanny.pre-spawn-environ.{name}": limit for name, limit in thread_limits(1).items()}
        with (
            quiet("distributed"),
            dask.config.set({**limits, **NEVER_LET_GO}),
            distributed.LocalCluster(**wanted) as cluster,
            distributed.Client(cluster, set_as_default=False) as client,
        ):
            yield client


class DaskExecutor(ClusterExecutor[Any]):
    """Runs tasks on the cluster of a client.

    What Dask cannot make again, because it came from the driver, is kept there until it is freed.
    """

    def __init__(self, client: Any, *, ours: bool = False) -> None:
        workers = client.scheduler_info(n_workers=-1)["workers"].values()
        named = [worker.get("resources") or {} for worker in workers]
        gpus = int(sum(resources.get("GPU", 0) for resources in named))
        super().__init__("dask", Resources(float(sum(client.nthreads().values())), gpu=gpus), ours=ours)
        self._named = {name for resources in named for name in resources}
        self._client = client
        self._name = f"deodar-{self._run}"
        self._outbox: dict[tuple[Any, ...], list[tuple[Flight, TaskSpec, list[ValueId]]]] = {}
        self._kept: dict[ValueId, Parcel] = {}
        self._makers: dict[ValueId, tuple[Assignment, TaskSpec]] = {}
        self._address = client.scheduler.address
        self._look_again = time.monotonic() + LOOK_EVERY
        self._alone_since: float | None = None
        self._say_again = 0.0

    def _open(self, mission: Mission) -> None:
        self._client.subscribe_topic(self._name, self._listen)
        # Workers that join later get it too.
        self._client.register_plugin(MissionPlugin(mission), name=self._name)

    async def _listen(self, event: tuple[float, bytes]) -> None:
        self._inbox.put(event[1])

    def _post(self, flight: Flight) -> None:
        spec = self._graph.tasks[flight.order.task]
        reads = [value for value in spec.reads if value in self._refs]
        alike = (spec.resources.gpu, spec.resources.memory, len(reads))
        self._outbox.setdefault(alike, []).append((flight, spec, reads))

    def _next(self, timeout: float) -> Any:
        if self._client.status in CLOSED:
            raise ClusterLostError(f"Dask's scheduler at {self._address}", "it does not answer")
        self._flush()
        try:
            return super()._next(timeout)
        except queue.Empty:
            self._look_for_workers()
            raise

    def _look_for_workers(self) -> None:
        """Say so when a run waits for workers that are not there; of a cluster of our own none can join later."""
        now = time.monotonic()
        if now < self._look_again:
            return
        self._look_again = now + LOOK_EVERY
        try:
            found = self._client.nthreads()
        except OSError:
            return  # The scheduler may be gone; the client tries to reach it again, and closes when it cannot.
        if found:
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since, self._say_again = now, now + SAY_EVERY
            logger.warning("Dask has no workers now: the run waits until there are some.")
        elif self.ours and now - self._alone_since > START_AGAIN:
            raise ClusterLostError("The local cluster of Dask", "its workers ended, and did not start again")
        elif now >= self._say_again:
            self._say_again = now + SAY_EVERY
            logger.warning(
                "Dask at %s has had no workers for %.0f s: the run still waits. Start some, or interrupt it, and take "
                "it up again by --resume.",
                self._address,
                now - self._alone_since,
            )

    def _flush(self) -> None:
        """Submit what waits for it: all that is alike together, as a graph for each task is most of what it costs."""
        while self._outbox:
            posted = [entry for entry in self._outbox.popitem()[1] if self._is_active(entry[0])]
            if len(posted) < 2:
                for flight, spec, reads in posted:
                    flight.call = self._launch(_assignment(flight), spec, reads)
                continue
            orders = [
                (self._name, flight.order.task, flight.order.attempt, reads, flight.doubts)
                for flight, _, reads in posted
            ]
            columns = zip(*([self._revived(value) for value in reads] for _, _, reads in posted), strict=True)
            calls = self._client.map(
                run_on_dask,
                orders,
                *map(list, columns),
                key=[self._key_for(spec) for _, spec, _ in posted],
                pure=False,
                resources=self._resources_for(posted[0][1]),
            )
            for (flight, _, _), call in zip(posted, calls, strict=True):
                flight.call = call

    def _launch(self, assignment: Assignment, spec: TaskSpec, reads: Sequence[ValueId]) -> Any:
        """Start an attempt and return Dask's name for it."""
        flight = self._flights.get(assignment.task)
        doubts = flight.doubts if flight is not None else 0
        return self._client.submit(
            run_on_dask,
            (self._name, assignment.task, assignment.attempt, list(reads), doubts),
            *[self._revived(value) for value in reads],
            key=self._key_for(spec),
            pure=False,
            priority=AHEAD if doubts else 0,
            resources=self._resources_for(spec),
        )

    def _key_for(self, spec: TaskSpec) -> tuple[str, str, int]:
        # One group of keys for a run: work of Dask's scheduler grows with the groups, for every single task.
        self.traffic.calls += 1
        return self._name, spec.name, self.traffic.calls

    def _resources_for(self, spec: TaskSpec) -> dict[str, float] | None:
        wanted: dict[str, float] = {}
        if spec.resources.gpu and "GPU" in self._named:
            wanted["GPU"] = spec.resources.gpu
        if spec.resources.memory and "MEMORY" in self._named:
            wanted["MEMORY"] = spec.resources.memory
        return wanted or None

    def _revived(self, value: ValueId) -> Any:
        """Return a reference to a value, which is made again if it was lost together with what it was made from."""
        ref = self._refs.get(value)
        if ref is not None and (isinstance(ref, Parcel) or ref.status not in ("cancelled", "error")):
            return ref
        if value in self._kept:
            ref = self._hold(self._kept[value])
        elif value in self._makers:
            assignment, spec = self._makers[value]
            ref = self._launch(assignment, spec, self._carried(spec))
        else:
            raise LookupError(f"Value {value} was lost with its worker, and so was what it was made from.")
        self._refs[value] = ref
        return ref

    def _carried(self, spec: TaskSpec) -> list[ValueId]:
        return [value for value in spec.reads if self._graph.values[value].carried]

    def _harvest(self, flight: Flight, written: Mapping[ValueId, int]) -> Mapping[ValueId, Any]:
        bundle = flight.call
        made = _assignment(flight), self._graph.tasks[flight.order.task]
        self._makers.update(dict.fromkeys(written, made))
        if len(written) < 2 or sum(written.values()) < APART:
            return dict.fromkeys(written, bundle)
        return {
            value: self._client.submit(_pick, bundle, value, key=(*bundle.key, int(value)), pure=False)
            for value in written
        }

    def _keep(self, value: ValueId, parcel: Parcel) -> None:
        self._kept[value] = parcel

    def _hold(self, parcel: Parcel) -> Any:
        if parcel.size <= ARGUMENT_LIMIT:
            return parcel
        self.traffic.calls += 1
        name = f"deodar-value-{self._run}-{self.traffic.calls}"
        if parcel.size <= RECIPE_LIMIT:
            return self._client.submit(_same, parcel, key=name, pure=False)
        return self._client.scatter({name: parcel}, hash=False)[name]

    def _bring_all(self, values: Sequence[ValueId]) -> dict[ValueId, Parcel]:
        # A parcel among the futures comes back as it is.
        found: list[Parcel | Bundle] = self._client.gather([self._revived(value) for value in values])
        return {
            value: bundle if isinstance(bundle, Parcel) else bundle[value]
            for value, bundle in zip(values, found, strict=True)
        }

    def free(self, values: Iterable[ValueId]) -> None:
        """Let go of values; Dask removes what nobody refers to."""
        values = list(values)
        super().free(values)
        for value in values:
            self._kept.pop(value, None)

    def _end(self, flight: Flight) -> None:
        done, client = threading.Event(), self._client
        workers = [flight.worker] if flight.worker else None
        order = flight.order

        if client.status in CLOSED:
            return

        async def end() -> None:
            try:
                await client.cancel([flight.call], force=True)
                await client.run(
                    end_if_running, self._run, order.task, order.attempt, workers=workers, on_error="ignore"
                )
            finally:
                done.set()

        client.loop.add_callback(end)
        done.wait(GRACE)

    def _given_up(self, flight: Flight) -> BaseException | None:
        call = flight.call
        if call.status == "error":
            reason: BaseException = call.exception()
            if not self._is_in_doubt(flight, reason):
                return reason
            flight.doubts += 1
            flight.since = float("inf")
        elif call.status != "cancelled":
            return None
        spec = self._graph.tasks[flight.order.task]
        try:
            flight.call = self._launch(_assignment(flight), spec, self._carried(spec))
        except LookupError as error:
            return error
        return None

    def _is_in_doubt(self, flight: Flight, reason: BaseException) -> bool:
        """Return whether a task may have been waiting only, on workers that others killed: Dask blames these too."""
        if not isinstance(reason, distributed.KilledWorker) or flight.doubts >= DOUBTS:
            return False
        return bool(flight.worker != reason.last_worker.address)

    def ask_workers(self, function: Callable[..., Answer], *arguments: Any) -> dict[str, Answer]:
        """Call a function in every worker."""
        answers: dict[str, Answer] = self._client.run(function, *arguments)
        return answers

    def _shut(self) -> None:
        self._outbox.clear()
        self._makers.clear()
        self._kept.clear()
        if self._client.status in CLOSED:
            return
        try:
            self._client.unsubscribe_topic(self._name)
            self._client.unregister_worker_plugin(self._name)
        except ValueError:
            pass  # nothing was sent
        except OSError as error:
            # Of a worker that is going this very moment; it takes the plugin along.
            logger.debug("Not every worker of Dask could be told that the run is over: %s", error)


def _assignment(flight: Flight) -> Assignment:
    return Assignment(flight.order.task, flight.order.attempt)


class MissionPlugin(distributed.WorkerPlugin):  # type: ignore[misc]  # whose types are not known here
    """Keeps the mission in every worker's process."""

    def __init__(self, mission: Mission) -> None:
        self.mission = mission


class DeadlyTaskError(RuntimeError):
    """Workers that began a task were lost, and it is not begun again."""

    def __init__(self, workers: tuple[str, ...]) -> None:
        super().__init__(workers)
        self.workers = workers

    def __str__(self) -> str:
        return f"workers died while trying to run it, the last of them {self.workers[-1]}"


def run_on_dask(order: Order, *bundles: Parcel | Bundle) -> Bundle:
    """Run one attempt in a worker of Dask, tell of it, and return what it wrote.

    Raises:
        DeadlyTaskError: if it was given up before, and took a worker along since.
    """
    worker = distributed.get_worker()
    name, task, attempt, values, doubts = order
    mission: Mission = worker.plugins[name].mission
    reads = {}
    for value, bundle in zip(values, bundles, strict=True):
        parcel = bundle if isinstance(bundle, Parcel) else bundle.get(value)
        if parcel is not None:
            reads[value] = parcel
    tell = partial(worker.log_event, name)
    if doubts:
        _begin_openly(worker, f"{name}-{task}-{attempt}")
        tell = partial(_tell_for_sure, worker, name)
    ended = attend(mission, Assignment(task, attempt), reads, tell, worker.address, announced=bool(doubts))
    worker.log_event(name, ended.message())
    return ended.given


def _begin_openly(worker: Any, topic: str) -> None:
    """Note at Dask's scheduler, where it outlives this process, that an attempt begins; refuse one that was deadly."""
    before = _ask_scheduler(worker, "events", topic=topic)
    # Beside others in one process it may not have been this one.
    if len(before) >= (1 if worker.state.nthreads == 1 else DOUBTS):
        raise DeadlyTaskError(tuple(address for _, address in before))
    _ask_scheduler(worker, "log_event", topic=topic, msg=worker.address)


def _tell_for_sure(worker: Any, topic: str, message: bytes) -> None:
    _ask_scheduler(worker, "log_event", topic=topic, msg=message)


def _ask_scheduler(worker: Any, what: str, **arguments: Any) -> Any:
    """Call a function of Dask's scheduler and wait for the answer. Not for the thread of the worker's loop."""

    async def ask() -> Any:
        return await getattr(worker.scheduler, what)(**arguments)

    return asyncio.run_coroutine_threadsafe(ask(), worker.loop.asyncio_loop).result(ANSWER)


def _same(thing: Any) -> Any:
    return thing


def _pick(bundle: Bundle, value: ValueId) -> Parcel:
    return bundle[value]
