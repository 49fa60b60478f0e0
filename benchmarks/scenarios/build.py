"""Seconds to build a pipeline: ``build.py PACKAGE SHAPE NODES``; shapes: chain, fan, mesh."""

import importlib
import json
import sys
import time

package, shape, nodes = sys.argv[1], sys.argv[2], int(sys.argv[3])
pipelines = importlib.import_module(f"{package}.pipeline")


def one(x):
    return x


def three(x, y, z):
    return x


def parts():
    if shape == "chain":
        return [pipelines.node(one, f"d{n}", f"d{n + 1}", name=f"n{n}") for n in range(nodes)]
    if shape == "fan":
        return [pipelines.node(one, "d", f"d{n}", name=f"n{n}") for n in range(nodes)]
    width = 100
    made = []
    for n in range(nodes):
        layer, place = divmod(n, width)
        reads = [f"d{layer - 1}_{(place + shift) % width}" for shift in range(3)]
        made.append(pipelines.node(three, reads, f"d{layer}_{place}", name=f"n{n}"))
    return made


started = time.perf_counter()
pipeline = pipelines.Pipeline(parts())
pipeline.nodes  # noqa: B018  # the order is part of it
print(json.dumps(time.perf_counter() - started))
