"""Runs on worker processes, in each of which a worker or the launcher is killed at a random moment.

``random_kills.py METHOD SEED RUNS`` ends with code 0 when all ended as promised. A run that hangs is ended with the
stacks of all threads.
"""

from __future__ import annotations

import faulthandler
import random
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from deodar.engine.driver import Driver
from deodar.engine.executors._blame import WorkerDiedError, WorkerNotReadyError
from deodar.engine.executors.processes import ProcessExecutor, pool
from deodar.engine.graph import TaskGraph
from deodar.engine.model import NO_RETRY, RetryPolicy, RunPolicy, TaskSpec, ValueId, ValueSpec

WORKERS = 3
TOO_LONG = 60.0


class Sums:
    """Each task adds up what it reads, waits a little, and writes an array full of the sum plus one."""

    def __init__(self, reads: list[list[int]], sizes: list[int], waits: list[float]) -> None:
        self.reads, self.sizes, self.waits = reads, sizes, waits

    def prepare(self, worker: str) -> None:
        """There is nothing to prepare."""

    def run(self, task: int, attempt: int, channel: Any) -> None:
        total = sum(int(channel.take(ValueId(value))[-1]) for value in self.reads[task])
        time.sleep(self.waits[task])
        channel.give(ValueId(task), np.full(self.sizes[task], (total + 1) % 1_000_003))


def right_results(reads: list[list[int]]) -> list[int]:
    results: list[int] = []
    for values in reads:
        results.append((sum(results[value] for value in values) + 1) % 1_000_003)
    return results


class Killer(threading.Thread):
    """Kills one process below this one at a moment of its own, if there is any then."""

    def __init__(self, chance: random.Random, span: float) -> None:
        super().__init__(name="killer")
        self._chance = chance
        self._delay = chance.random() * span
        self._over = threading.Event()
        self.victim = 0

    def run(self) -> None:
        if self._over.wait(self._delay):
            return
        below = psutil.Process().children(recursive=True)
        if below:
            victim = self._chance.choice(below)
            self.victim = victim.pid
            try:
                victim.send_signal(signal.SIGKILL)
            except psutil.NoSuchProcess:
                self.victim = 0

    def stop(self) -> None:
        self._over.set()
        self.join()


def one(chance: random.Random, method: str) -> tuple[bool, int]:
    """Run a random graph with one kill; return whether somebody was killed, and how many tasks were lost."""
    count = chance.randint(1, 12)
    reads = [sorted(chance.sample(range(n), min(n, chance.randint(0, 3)))) for n in range(count)]
    sizes = [chance.choice((1, 10_000, 400_000)) for _ in range(count)]
    waits = [chance.choice((0.0, 0.001, 0.01)) for _ in range(count)]
    children: list[list[int]] = [[] for _ in range(count)]
    for task, values in enumerate(reads):
        for value in values:
            children[value].append(task)
    retry = RetryPolicy(attempts=3) if chance.random() < 0.3 else NO_RETRY
    tasks = [
        TaskSpec(f"task {n}", tuple(ValueId(v) for v in reads[n]), (ValueId(n),), retry=retry) for n in range(count)
    ]
    graph = TaskGraph(tasks, [ValueSpec(f"v{n}", carried=True, kept=True) for n in range(count)], children)
    expected = right_results(reads)
    killer = Killer(chance, chance.choice((0.02, 0.1, 0.3)))
    killer.start()
    try:
        with ProcessExecutor(WORKERS, method=method) as executor:
            driver = Driver(graph, executor, policy=RunPolicy(on_error="continue"))
            status = driver.run(Sums(reads, sizes, waits))
            done = set(driver.scheduler.done)
            for task in done:
                found = executor.fetch(ValueId(task))
                assert len(found) == sizes[task] and (found == expected[task]).all(), (task, found, expected[task])
    except WorkerNotReadyError as error:
        raise AssertionError("One death must not end a run.") from error
    finally:
        killer.stop()
    failures = driver.scheduler.failures
    for task, failure in failures.items():
        assert isinstance(failure.error, WorkerDiedError), failure
        assert failure.error.task == f"task {task}", failure
    assert len(failures) <= (WORKERS if killer.victim else 0), failures
    assert (status == "completed") == (len(done) == count), (status, done)
    assert len(done) + len(failures) + len(driver.scheduler.skipped) == count
    mine = f"deodar-values-{psutil.Process().pid}-*"
    assert not [path for root in ("/dev/shm", "/var/tmp") for path in Path(root).glob(mine)]
    return bool(killer.victim), len(failures)


def main() -> None:
    method, seed, runs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    kills = lost = 0
    for number in range(seed, seed + runs):
        chance = random.Random(number)
        faulthandler.dump_traceback_later(TOO_LONG, exit=True)
        try:
            killed, tasks = one(chance, method)
        except BaseException:
            print(f"seed {number} with {method}", file=sys.stderr)
            raise
        kills += killed
        lost += tasks
        if chance.random() < 0.2:
            pool.close_idle_pools()
    pool.close_idle_pools()
    faulthandler.cancel_dump_traceback_later()
    below = psutil.Process().children(recursive=True)
    psutil.wait_procs(below, timeout=10)
    assert not psutil.Process().children(recursive=True), below
    print(f"{runs} runs, {kills} kills, {lost} tasks lost")


if __name__ == "__main__":
    main()
