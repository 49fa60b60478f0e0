"""A cluster of Dask as a place where tasks run.

An attempt is one key of Dask's; its result is a bundle of what it wrote, which stays where it was made and goes from
worker to worker as Dask sees fit. What there is to say of an attempt comes as an event. Dask knows how every value came
about, and makes again what was lost with a worker.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

# This module is loaded by those who run on Dask alone.
import dask.config
import distributed

from ..model import Resources, TaskSpec, ValueId
from ..transport.parcel import Parcel
from ._cluster import Answer, ClusterExecutor, quiet
from ._cluster_flight import Flight
from ._cluster_worker import Assignment, Mission, attend, end_if_running
from ._outfit import thread_limits

Bundle = dict[ValueId, Parcel]
APART = 64 * 1024
"""Bytes from which on the values of one bundle become keys of their own, so that a reader gets only what it reads."""
ARGUMENT_LIMIT = 4096
"""Bytes up to which a value from the driver goes along with each order of a reader: parameters, mostly."""
RECIPE_LIMIT = 1 << 20
"""Bytes up to which a value from the driver goes through Dask's scheduler, which can then hand it out again."""
GRACE = 2.0
"""Seconds to wait for the word that an attempt was ended."""


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
        wanted = {"threads_per_worker": 1, "processes": True, "dashboard_address": ":0", **options}
        limits = thread_limits(1)
        with (
            quiet("distributed"),
            # Dask's own choice is one thread for each: then sums come out otherwise than in a plain process.
            dask.config.set({f"distributed.nanny.pre-spawn-environ.{name}": limit for name, limit in limits.items()}),
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
        self._topic = f"deodar-{self._run}"
        self._plugin = f"deodar-{self._run}"
        self._kept: dict[ValueId, Parcel] = {}
        self._makers: dict[ValueId, tuple[Assignment, TaskSpec]] = {}
        self._calls = 0

    def _open(self, mission: Mission) -> None:
        self._client.subscribe_topic(self._topic, self._listen)
        # Workers that join later get it too.
        self._client.register_plugin(MissionPlugin(mission), name=self._plugin)

    async def _listen(self, event: tuple[float, bytes]) -> None:
        self._inbox.put(event[1])

    def _launch(self, assignment: Assignment, spec: TaskSpec, reads: Mapping[ValueId, Any]) -> Any:
        wanted = {}
        if spec.resources.gpu and "GPU" in self._named:
            wanted["GPU"] = spec.resources.gpu
        if spec.resources.memory and "MEMORY" in self._named:
            wanted["MEMORY"] = spec.resources.memory
        self._calls += 1
        return self._client.submit(
            run_on_dask,
            self._plugin,
            assignment,
            self._topic,
            list(reads),
            *[self._revived(value) for value in reads],
            # One group of keys for a run: work of Dask's scheduler grows with the groups, for every single task.
            key=(f"deodar-{self._run}", spec.name, self._calls),
            pure=False,
            resources=wanted or None,
        )

    def _revived(self, value: ValueId) -> Any:
        """Return a reference to a value, which is made again if it was lost together with what it was made from."""
        ref = self._refs.get(value)
        if ref is not None and (isinstance(ref, Parcel) or ref.status != "cancelled"):
            return ref
        if value in self._kept:
            ref = self._hold(self._kept[value])
        elif value in self._makers:
            assignment, spec = self._makers[value]
            ref = self._launch(assignment, spec, dict.fromkeys(self._carried(spec)))
        else:
            raise LookupError(f"Value {value} was lost with its worker, and so was what it was made from.")
        self._refs[value] = ref
        return ref

    def _carried(self, spec: TaskSpec) -> list[ValueId]:
        return [value for value in spec.reads if self._graph.values[value].carried]

    def _harvest(self, flight: Flight, written: Mapping[ValueId, int]) -> Mapping[ValueId, Any]:
        bundle, order = flight.call, flight.order
        made = Assignment(order.task, order.attempt), self._graph.tasks[order.task]
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
        self._calls += 1
        name = f"deodar-value-{self._run}-{self._calls}"
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
            return reason
        if call.status == "cancelled":
            spec = self._graph.tasks[flight.order.task]
            try:
                flight.call = self._launch(
                    Assignment(flight.order.task, flight.order.attempt), spec, dict.fromkeys(self._carried(spec))
                )
            except LookupError as error:
                return error
        return None

    def ask_workers(self, function: Callable[..., Answer], *arguments: Any) -> dict[str, Answer]:
        """Call a function in every worker."""
        answers: dict[str, Answer] = self._client.run(function, *arguments)
        return answers

    def _shut(self) -> None:
        self._makers.clear()
        self._kept.clear()
        with contextlib.suppress(ValueError):  # nothing was sent
            self._client.unsubscribe_topic(self._topic)
            self._client.unregister_worker_plugin(self._plugin)


class MissionPlugin(distributed.WorkerPlugin):  # type: ignore[misc]  # whose types are not known here
    """Keeps the mission in every worker's process."""

    def __init__(self, mission: Mission) -> None:
        self.mission = mission


def run_on_dask(
    plugin: str, assignment: Assignment, topic: str, values: list[ValueId], *bundles: Parcel | Bundle
) -> Bundle:
    """Run one attempt in a worker of Dask, tell of it, and return what it wrote."""
    worker = distributed.get_worker()
    mission: Mission = worker.plugins[plugin].mission
    reads = {}
    for value, bundle in zip(values, bundles, strict=True):
        parcel = bundle if isinstance(bundle, Parcel) else bundle.get(value)
        if parcel is not None:
            reads[value] = parcel
    message, given = attend(mission, assignment, reads, partial(worker.log_event, topic), worker.address)
    worker.log_event(topic, message)
    return given


def _same(thing: Any) -> Any:
    return thing


def _pick(bundle: Bundle, value: ValueId) -> Parcel:
    return bundle[value]
