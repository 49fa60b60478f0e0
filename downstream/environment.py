"""Environments of their own in which plugins from the package index are installed next to this tree.

Plugins require the distribution ``kedro``, so real Kedro is installed there too, and the drop-in must win over it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Plugins that bring little with them, and what they bring; the rest of what they need is in our own environment.
SMALL = (
    "kedro",
    "kedro-airflow",
    "kedro-docker",
    "kedro-telemetry",
    "anyconfig~=0.10.0",
    "appdirs",
    "semver~=2.10",
    "tomli-w",
)
BIN = "Scripts" if sys.platform == "win32" else "bin"


class CommandFailedError(AssertionError):
    """A command of a recipe ended with an error; its output is the message."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment.

    Attributes:
        dropin: whether its processes see this tree as ``kedro``.
    """

    folder: Path
    dropin: bool = True

    def run(self, *command: str, cwd: Path, timeout: float = 600.0, fails: bool = False, **variables: str) -> str:
        """Run a program of the environment and return all that it printed.

        Raises:
            CommandFailedError: it ended with an error (or, where it should have failed, without one).
        """
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("KEDRO", "DEODAR", "PYTHON"))}
        kept["PATH"] = f"{self.folder / BIN}{os.pathsep}{kept['PATH']}"
        kept |= {"DEODAR_DROPIN": "1"} if self.dropin else {"DO_NOT_TRACK": "1"}
        program = str(self.folder / BIN / command[0])
        done = subprocess.run(
            [program, *command[1:]],
            cwd=cwd,
            env=kept | {"COLUMNS": "200"} | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
        )
        if (done.returncode != 0) != fails:
            raise CommandFailedError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-6000:]}")
        return done.stdout

    def python(self, script: str, *arguments: str, cwd: Path, timeout: float = 600.0, **variables: str) -> str:
        """Run a script of ``downstream/scripts``."""
        path = str(ROOT / "downstream" / "scripts" / script)
        return self.run("python", path, *arguments, cwd=cwd, timeout=timeout, **variables)


def environment(name: str, *requirements: str, with_deodar: bool = True) -> Environment:
    """Return an environment that holds the requirements, made or brought up to date if need be."""
    folder = ROOT / ".venvs" / name
    stamp = folder / ".requirements"
    wanted = "\n".join((*requirements, (ROOT / "pyproject.toml").read_text() if with_deodar else ""))
    if not stamp.exists() or stamp.read_text() != wanted:
        make = [sys.executable, str(ROOT / "scripts" / "make_venv.py"), str(folder), *requirements]
        subprocess.run([*make, *(["--editable", str(ROOT)] if with_deodar else [])], check=True)
        stamp.write_text(wanted)
    return Environment(folder, dropin=with_deodar)


def small_environment() -> Environment:
    """Return one for plugins that are quick to install: it sees the packages of the environment that this runs in."""
    folder = ROOT / ".venvs" / "plugin-small"
    stamp = folder / ".requirements"
    ours = sysconfig.get_path("purelib")
    wanted = "\n".join((*SMALL, ours))
    if not stamp.exists() or stamp.read_text() != wanted:
        venv.create(folder, clear=True, with_pip=False)
        base = {"base": str(folder), "platbase": str(folder)}
        # Not by a plain path: the files of that folder that add more paths must count as well.
        (Path(sysconfig.get_path("purelib", vars=base)) / "ours.pth").write_text(
            f"import site; site.addsitedir({ours!r})\n"
        )
        pip = [sys.executable, "-m", "pip", "--python", str(folder / BIN / "python"), "install", "--quiet"]
        subprocess.run([*pip, "--disable-pip-version-check", "--no-deps", *SMALL], check=True)
        stamp.write_text(wanted)
    return Environment(folder)
