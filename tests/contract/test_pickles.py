"""Objects that were pickled under Kedro itself work here: model registries and caches are full of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PICKLES = sorted((Path(__file__).parent / "pickled_by_kedro").glob("*.pickle"))

PROBE = """
import pickle, sys
found = pickle.load(open(sys.argv[1], "rb"))
assert [type(found[name]).__module__.partition(".")[0] for name in ("pipeline", "catalog")] == ["kedro", "kedro"]
pipeline, configured = found["pipeline"], found["configured"]
print([node.name for node in pipeline.nodes], pipeline.inputs(), pipeline.outputs(), pipeline.nodes[0].tags)
print([runner.run(pipeline, found["catalog"])["c"].load() for runner in found["runners"]])
print(found["memory"].load(), tuple(found["version"]), str(found["error"]))
configured.save("plain", 1)
configured.save("this_made", 2)
print(configured.load("plain"), configured.load("this_made"), "that_made" in configured)
"""

EXPECTED = """\
['ns.first', 'second'] {'a'} {'c'} {'t'}
[0, 0]
[5] ('1', '2') no luck
1 2 True
"""


@pytest.mark.parametrize("path", PICKLES, ids=lambda path: path.stem)
def test_what_kedro_pickled_works_here(path: Path, tmp_path: Path) -> None:
    script = tmp_path / "probe.py"
    script.write_text(PROBE)
    command = [sys.executable, "-m", "deodar.compat", str(script), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(EXPECTED), done.stdout


def test_both_ends_of_the_contract_are_covered() -> None:
    assert [path.stem for path in PICKLES] == ["kedro-1.1.1", "kedro-1.7.0"]
