"""Seconds per task of a raw ``ProcessPoolExecutor``, start-up included: ``raw_pool.py PACKAGE TASKS``."""

import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor

tasks = int(sys.argv[2])


def same(x):
    return x


if __name__ == "__main__":
    started = time.perf_counter()
    with ProcessPoolExecutor(2) as pool:
        for future in [pool.submit(same, 1) for _ in range(tasks)]:
            future.result()
    print(json.dumps((time.perf_counter() - started) / tasks))
