"""kedro-datasets again: each dataset that writes files is killed at some sixty instants of a save."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ..environment import ROOT, Environment
from .datasets import environments

FEWEST = 12
PARTS = {"files": ("1/4", "2/4", "3/4", "4/4"), "more": ("1/1",)}
AT_ONCE = 2
# What an instant means, and how a save is killed at it, is shared with the tests of crashes.
SHARED = ROOT / "tests" / "crash"


def check(folder: Path) -> str:
    """Kill them all; what is found is the old data or the new, and the next save needs no help."""
    parts = [(group, where, part) for group, where in environments().items() for part in PARTS[group]]
    kills, wrong = {}, {}
    # Most of the time is spent waiting for processes to end, so that two are no slower on one processor.
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for found in pool.map(lambda part: kill(folder, *part), parts):
            for name, told in found.items():
                kills[name] = told["kills"]
                wrong |= {f"{name} at {instant}": what for instant, what in told["wrong"].items()}
    assert wrong == {}, json.dumps(wrong, indent=1)
    rarely = {name: count for name, count in kills.items() if count < FEWEST}
    assert rarely == {}, f"hardly killed: {rarely}"
    return f"{len(kills)} forms of datasets survive {sum(kills.values())} kills"


def kill(folder: Path, group: str, where: Environment, part: str) -> dict[str, Any]:
    """Kill the datasets of one part of a group; return how often each died, and what was wrong then."""
    place = folder / f"{group}-{part[0]}"
    place.mkdir()
    said = where.python("kill_datasets.py", group, str(place), part, cwd=place, timeout=3600, PYTHONPATH=str(SHARED))
    told: dict[str, Any] = json.loads(said.splitlines()[-1])
    return told
