"""Run the tests on Dask and on Ray; install an engine if that is possible and needed.

Each engine has a process of its own, and one runs after the other. Both bring native threads of their own into the
process of the tests, which no user has side by side; and a process that one of them takes down is not the other's.
"""

import importlib
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ENGINES = {"dask": "distributed", "ray": "ray"}
"""Extras of the package, and the modules that are there once they are installed."""
ROOT = Path(__file__).parent.parent


def main() -> int:
    """Return 0 if the tests of all engines that can be installed passed."""
    failed = [engine for engine in ENGINES if is_there(engine) and not passes(engine)]
    return 1 if failed else 0


def is_there(engine: str) -> bool:
    """Say whether an engine is installed, after trying to."""
    if find_spec(ENGINES[engine]) is not None:
        return True
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-e", f".[{engine}]"]
    done = subprocess.run(install, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    importlib.invalidate_caches()
    if done.returncode == 0 and find_spec(ENGINES[engine]) is not None:
        return True
    why = (done.stderr.strip().splitlines() or [f"pip ended with {done.returncode}"])[-1]
    print(f"{engine} cannot be installed here, and its tests were not run: {why}")
    return False


def passes(engine: str) -> bool:
    """Run the tests of an engine; a process that a signal ended has not passed, whatever it said before."""
    files = [str(path) for path in sorted((ROOT / "tests").rglob("test_*.py")) if "mark.cluster" in path.read_text()]
    command = [sys.executable, "-m", "pytest", "-m", "cluster", "--engine", engine, *files, *sys.argv[1:]]
    print(f"Tests on {engine}:", flush=True)
    code = subprocess.call(command, cwd=ROOT)
    if code < 0:
        print(f"The process of the tests on {engine} was ended by {signal.Signals(-code).name}.")
    return code == 0


if __name__ == "__main__":
    raise SystemExit(main())
