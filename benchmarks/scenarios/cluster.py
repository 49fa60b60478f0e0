"""Clusters: ``cluster.py PACKAGE dask|ray NODES REPEATS``.

Seconds per no-op node beside the engine's own submit and result, of a fan and of a chain (a fifth as long), in the same
process on the same cluster, one after the other in turns; and the bytes that pass through the driver while 8 nodes
read 400 MB from one. What a run costs at its start is in it.
"""

import contextlib
import importlib
import json
import logging
import operator
import statistics
import sys
import time
import warnings

package, engine, nodes, repeats = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
warnings.simplefilter("ignore")
SIZE = 50_000_000
"""Numbers of eight bytes."""


def same(x):
    return x


def large(x):
    # The package that makes the data is no part of what is measured.
    import numpy

    return numpy.ones(SIZE) * x


def total(array):
    return float(array.sum())


@contextlib.contextmanager
def dask_cluster():
    import distributed

    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield client


@contextlib.contextmanager
def ray_cluster():
    import ray

    ray.init(address="local", num_cpus=2, include_dashboard=False, logging_level=logging.ERROR)
    try:
        yield ray
    finally:
        ray.shutdown()


def raw(cluster, shape, nodes):
    # A function that can be imported: this script's own would be pickled by value, with every task.
    if engine == "dask":

        def submit(value):
            return cluster.submit(operator.index, value, pure=False)

        result = cluster.gather
    else:
        task = cluster.remote(same)
        submit, result = task.remote, cluster.get
    started = time.perf_counter()
    if shape == "fan":
        result([submit(1) for _ in range(nodes)])
    else:
        # Results decide what is submitted next, so each is waited for: this is what a scheduler of one's own has to do.
        value = 1
        for _ in range(nodes):
            value = result(submit(value))
    return (time.perf_counter() - started) / nodes


def connected_runner(runners, cluster):
    return runners.DaskRunner(cluster, check=False) if engine == "dask" else runners.RayRunner(check=False)


def ours(cluster, shape, nodes):
    io, pipelines, runners = (importlib.import_module(f"{package}.{name}") for name in ("io", "pipeline", "runner"))
    if shape == "fan":
        parts = [pipelines.node(same, "d0", f"d{n + 1}", name=f"n{n}") for n in range(nodes)]
    else:
        parts = [pipelines.node(same, f"d{n}", f"d{n + 1}", name=f"n{n}") for n in range(nodes)]
    pipeline = pipelines.Pipeline(parts)
    catalog = io.DataCatalog({"d0": io.MemoryDataset(1)})
    runner = connected_runner(runners, cluster)
    started = time.perf_counter()
    runner.run(pipeline, catalog)
    return (time.perf_counter() - started) / nodes


def driver_bytes(cluster):
    io, pipelines, runners = (importlib.import_module(f"{package}.{name}") for name in ("io", "pipeline", "runner"))
    clusters = importlib.import_module(f"{package}.engine.executors.cluster.executor")
    seen = []
    closing = clusters.ClusterExecutor.__exit__

    def note(self, *rest):
        seen.append(self.traffic)
        return closing(self, *rest)

    clusters.ClusterExecutor.__exit__ = note
    parts = [pipelines.node(large, "one", "array", name="make")]
    parts += [pipelines.node(total, "array", f"t{n}", name=f"read{n}") for n in range(8)]
    started = time.perf_counter()
    found = connected_runner(runners, cluster).run(
        pipelines.Pipeline(parts), io.DataCatalog({"one": io.MemoryDataset(1.0)})
    )
    assert all(found[f"t{n}"].load() == SIZE for n in range(8))
    (traffic,) = seen
    return {
        "seconds": time.perf_counter() - started,
        "value_bytes": traffic.sent + traffic.fetched,
        "message_bytes": traffic.message_bytes,
    }


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    with dask_cluster() if engine == "dask" else ray_cluster() as cluster:
        found = {}
        for shape, size in (("fan", nodes), ("chain", nodes // 5)):
            raw(cluster, shape, size), ours(cluster, shape, size)  # both warm
            pairs = [(raw(cluster, shape, size), ours(cluster, shape, size)) for _ in range(repeats)]
            found[shape] = {
                "raw": statistics.median(pair[0] for pair in pairs),
                "ours": statistics.median(pair[1] for pair in pairs),
                "ratio": statistics.median(pair[1] / pair[0] for pair in pairs),
            }
        found["400 MB to 8 readers"] = driver_bytes(cluster)
    print(json.dumps(found))
