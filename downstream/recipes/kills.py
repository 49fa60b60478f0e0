"""kedro-datasets again: each dataset that writes files is killed at some sixty instants of a save."""

from __future__ import annotations

import json
from pathlib import Path

from ..environment import ROOT
from .datasets import environments

FEWEST = 12
# What an instant means, and how a save is killed at it, is shared with the tests of crashes.
SHARED = ROOT / "tests" / "crash"


def check(folder: Path) -> str:
    """Kill them all; what is found is the old data or the new, and the next save needs no help."""
    kills, wrong = {}, {}
    for group, where in environments().items():
        place = folder / group
        place.mkdir()
        said = where.python("kill_datasets.py", group, str(place), cwd=place, timeout=3600, PYTHONPATH=str(SHARED))
        for name, told in json.loads(said.splitlines()[-1]).items():
            kills[name] = told["kills"]
            wrong |= {f"{name} at {instant}": what for instant, what in told["wrong"].items()}
    assert wrong == {}, json.dumps(wrong, indent=1)
    rarely = {name: count for name, count in kills.items() if count < FEWEST}
    assert rarely == {}, f"hardly killed: {rarely}"
    return f"{len(kills)} forms of datasets survive {sum(kills.values())} kills"
