"""Each everyday dataset, killed at every instant of a save: what is found is the old data or the new, whole."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from . import _saver

SAVER = Path(__file__).with_name("_saver.py")


def instants(kind: str, folder: Path) -> dict[str, tuple[str, str]]:
    """Return the exit code and what was found, by instant."""
    done = subprocess.run([sys.executable, str(SAVER), kind, str(folder)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return {
        instant: tuple(found.split(" ", 1))  # type: ignore[misc]
        for instant, found in json.loads(done.stdout.splitlines()[-1]).items()
    }


@pytest.mark.parametrize("kind", sorted(_saver.KINDS))
def test_a_save_killed_at_any_instant_leaves_the_old_data_or_the_new(kind: str, tmp_path: Path) -> None:
    found = instants(kind, tmp_path)
    killed = {instant: what for instant, (code, what) in found.items() if code in ("-9", "-25")}
    # Parts of a folder of partitions may be of both, each of them whole.
    allowed = {"old", "new", "whole files"} if kind == "partitions" else {"old", "new"}
    assert len(killed) >= 12
    assert {instant: what for instant, what in killed.items() if what not in allowed} == {}
    again = {instant: what for instant, (_, what) in found.items() if instant.startswith("again")}
    assert set(again.values()) == {"new []"}, "the next save works, and sweeps"
