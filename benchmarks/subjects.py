"""Who is measured: this tree, and released peers in environments of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
VENVS = ROOT / ".venvs"
BIN = "Scripts" if sys.platform == "win32" else "bin"


@dataclass(frozen=True, slots=True)
class Subject:
    """A package under measurement, and the interpreter that has it.

    Attributes:
        package: the name to import.
    """

    name: str
    package: str
    python: Path

    def measure(self, scenario: str, *arguments: object, timeout: float = 600.0) -> Any:
        """Run a scenario of this folder in a fresh process and return what it printed as JSON."""
        script = ROOT / "benchmarks" / "scenarios" / f"{scenario}.py"
        command = [str(self.python), str(script), self.package, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
        if done.returncode != 0:
            raise RuntimeError(f"{scenario} failed for {self.name}:\n{done.stderr[-3000:]}")
        return json.loads(done.stdout.splitlines()[-1])


def make_environment(name: str, *requirements: str) -> Path:
    """Return the interpreter of an environment that holds the requirements, made if it is not there."""
    folder = VENVS / name
    stamp = folder / ".installed"
    if not stamp.exists():
        script = ROOT / "scripts" / "make_venv.py"
        subprocess.run([sys.executable, str(script), str(folder), *requirements], check=True)
        stamp.touch()
    return folder / BIN / "python"


def installed() -> Subject:
    """Return this tree as its users have it and as the peers are: installed, in an environment with nothing else."""
    python = make_environment("deodar", str(ROOT))
    # What is there may be an earlier state of the tree.
    refresh = ["install", "--quiet", "--disable-pip-version-check", "--force-reinstall", "--no-deps", str(ROOT)]
    subprocess.run([str(python), "-m", "pip", *refresh], check=True)
    return Subject("deodar", "deodar", python)


def subjects(*, peers: bool = True) -> list[Subject]:
    """Return this tree and the two releases of Kedro that it is measured against, if these are asked for."""
    kedros = [
        Subject(f"kedro {version}", "kedro", make_environment(f"kedro-{version}", f"kedro=={version}"))
        for version in (("1.7.0", "1.1.1") if peers else ())
    ]
    return [Subject("deodar", "deodar", Path(sys.executable)), *kedros]
