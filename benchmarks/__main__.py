"""Run the measurements and print ratios; the figures of the README come from here."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
from importlib.util import find_spec
from typing import Any

from . import incremental, startup
from .subjects import ROOT, Subject, installed, subjects

RESULTS = ROOT / "benchmarks" / "results"


class Share(float):
    """A figure that is no duration: a share, a ratio, a count."""


def micro(seconds: float) -> str:
    """Return a duration in the unit that suits it; other figures as they are."""
    if isinstance(seconds, Share):
        return f"{seconds:.2f}"
    if seconds < 1e-3:
        return f"{seconds * 1e6:.0f} µs"
    return f"{seconds * 1e3:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def overhead(ours: Subject, peers: list[Subject]) -> dict[str, Any]:
    """Cost per no-op node, sequential and in threads."""
    found: dict[str, Any] = {}
    for nodes in (1_000, 2_000, 20_000):
        found[f"sequential {nodes}"] = {"deodar": ours.measure("overhead", "SequentialRunner", nodes, 5)}
    found["threads 1000"] = {"deodar": ours.measure("overhead", "ThreadRunner", 1_000, 5)}
    for peer in peers:
        for nodes in (1_000, 2_000):
            # Quadratic: 20,000 nodes would take half an hour.
            found[f"sequential {nodes}"][peer.name] = peer.measure("overhead", "SequentialRunner", nodes, 1)
        found["threads 1000"][peer.name] = peer.measure("overhead", "ThreadRunner", 1_000, 1)
    return found


def processes(ours: Subject, peers: list[Subject]) -> dict[str, Any]:
    """Cost per no-op node on two processes, start-up included."""
    row = {"deodar": _of_first_runs(ours, "overhead", "ParallelRunner", 100, 1)}
    for peer in peers[:1]:
        row[peer.name] = peer.measure("overhead", "ParallelRunner", 100, 1)
    return {"processes 100": row}


def _of_first_runs(subject: Subject, *scenario: object) -> float:
    """Return the median of a figure in five processes of its own; in one, the second has the first one's workers."""
    name, *arguments = map(str, scenario)
    return statistics.median(subject.measure(name, *arguments) for _ in range(5))


def parallel(ours: Subject, peers: list[Subject]) -> dict[str, Any]:
    """Processes: against a raw pool, moving 400 MB, and how much of the workers' time is the nodes' own."""
    found: dict[str, Any] = {
        "3000 no-op nodes on processes, per node": {
            "deodar": _of_first_runs(ours, "overhead", "ParallelRunner", 3_000, 1),
            "raw pool": _of_first_runs(ours, "raw_pool", 3_000),
        }
    }
    moved = ours.measure("transfer", 400, 8)
    found["400 MB to 8 readers, warm"] = {"deodar": moved["warm"], "floor": moved["floor"]}
    found["400 MB to 8 readers, first"] = {"deodar": moved["first"], "floor": moved["floor"]}
    found["400 MB to 8 readers, peak, in arrays"] = {"deodar": Share(moved["peak"])}
    found["nodes' share, 64 x 50 ms"] = {"deodar": Share(_of_first_runs(ours, "efficiency", 64, 50))}
    return found


def scheduling(ours: Subject, peers: list[Subject]) -> dict[str, Any]:
    """What is learned from earlier runs: how long a skewed graph takes, and what fits into memory."""
    skewed = ours.measure("skewed")
    found: dict[str, Any] = {
        f"skewed graph by the optimum, {when}": {"deodar": Share(skewed[when])} for when in ("unlearned", "learned")
    }
    for how, figures in ours.measure("memory_budget", 8, 1_000, 4_000).items():
        found[f"8 x 1 GB in 4 GB, {how}: finished"] = {"deodar": Share(figures["finished"])}
        found[f"8 x 1 GB in 4 GB, {how}: at once"] = {"deodar": Share(figures["at once"])}
        found[f"8 x 1 GB in 4 GB, {how}: peak by budget"] = {"deodar": Share(figures["peak"])}
    return found


def build(ours: Subject, peers: list[Subject]) -> dict[str, Any]:
    """Time to build and order a pipeline."""
    found: dict[str, Any] = {}
    for shape in ("chain", "fan", "mesh"):
        for nodes in (10_000, 100_000):
            row = found[f"build {shape} {nodes}"] = {"deodar": ours.measure("build", shape, nodes)}
            if nodes == 10_000:
                row |= {peer.name: peer.measure("build", shape, nodes) for peer in peers}
    return found


def catalog(ours: Subject, peers: list[Subject]) -> dict[str, Any]:
    """Time to make a catalog, to look up a name that a pattern matches, and to read configuration."""
    found: dict[str, Any] = {}
    for entries, patterns in ((2_000, 100), (13_000, 1_000)):
        for subject in (ours, *peers):
            result = subject.measure("catalog", entries, patterns)
            found.setdefault(f"catalog {entries} made", {})[subject.name] = result["made"]
            found.setdefault(f"catalog {patterns} patterns lookup", {})[subject.name] = result["lookup"]
    for subject in (ours, *peers):
        for what, seconds in subject.measure("configuration", 2_000).items():
            found.setdefault(f"configuration of 2000 entries, {what}", {})[subject.name] = seconds
    return found


def start(ours: Subject, peers: list[Subject]) -> dict[str, Any]:
    """CPU time of the command line."""
    return {f"start {title}": row for title, row in startup.measure([installed(), *peers]).items()}


def clusters(ours: Subject, peers: list[Subject]) -> dict[str, Any]:
    """Cost per no-op node on Dask and Ray, beside that of the engine's own submit and result; needs both installed."""
    found: dict[str, Any] = {}
    for engine in ("dask", "ray"):
        if find_spec(engine) is None:
            continue
        measured = ours.measure("cluster", engine, 1_000, 5)
        for shape in ("fan", "chain"):
            figures = measured[shape]
            found[f"{engine} {shape}"] = {"deodar": figures["ours"], f"{engine} itself": figures["raw"]}
            found[f"{engine} {shape}, by the engine itself"] = {"deodar": Share(figures["ratio"])}
        passed = measured["400 MB to 8 readers"]
        found[f"{engine} 400 MB to 8 readers, MB through the driver"] = {"deodar": Share(passed["value_bytes"] / 1e6)}
    return found


def memory(ours: Subject, peers: list[Subject]) -> dict[str, Any]:
    """What it costs to remember: the journal, a staged save of 10 MB, and a run that finds nothing to do."""
    journal = ours.measure("journal")
    print(
        f"journal: a run of 10 ms nodes takes {journal['cpu']:.3f} of the CPU time of one without, "
        f"{journal['clock']:.3f} by the clock"
    )
    for folder in filter(os.path.isdir, (tempfile.gettempdir(), "/dev/shm")):  # For its file system.
        for what, took in ours.measure("saving", folder, 10).items():
            staged, by_hand = took["staged"] / took["in place"], took["replaced by hand"] / took["in place by hand"]
            print(
                f"10 MB in {folder}, {what} file: a staged save {staged:.2f} of one in place, "
                f"os.replace by hand {by_hand:.2f}"
            )
    return {"journal, per event": {"deodar": journal["event"]}, **incremental.measure(installed())}


SUITES = {
    "overhead": overhead,
    "processes": processes,
    "parallel": parallel,
    "scheduling": scheduling,
    "build": build,
    "catalog": catalog,
    "start": start,
    "clusters": clusters,
    "memory": memory,
}
ALONE = frozenset({"parallel", "scheduling", "clusters", "memory"})
"""Those that measure this tree against something else than Kedro, which need not be installed for them."""


def main() -> int:
    """Measure what was asked for, print it, keep it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suites", nargs="*", choices=[*SUITES, []], default=[])
    options = parser.parse_args()
    chosen = options.suites or list(SUITES)
    ours, *peers = subjects(peers=not ALONE.issuperset(chosen))
    results: dict[str, Any] = {}
    for name in chosen:
        for title, row in SUITES[name](ours, peers).items():
            results[title] = row
            print(f"{title:44}", "  ".join(f"{who}: {micro(t)}{ratio(row, who)}" for who, t in row.items()), flush=True)
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "latest.json").write_text(json.dumps(results, indent=2))
    return 0


def ratio(row: dict[str, float], who: str) -> str:
    """Return how many times ours a figure is."""
    return "" if who == "deodar" else f" ({row[who] / row['deodar']:.1f}x)"


if __name__ == "__main__":
    raise SystemExit(main())
