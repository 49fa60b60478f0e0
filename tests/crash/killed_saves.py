"""One save, killed at every instant: what is found each time.

Each save happens in a child. There are three kinds of instants:

``bytes:N``: the system kills it when a file would grow beyond N bytes, whoever writes.
``step:N``: it is killed before its N-th call that makes, opens, moves or removes something.
``moment:N``: it is killed N microseconds after it began.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import resource
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deodar.io import DataCatalog

STEPS = ("open", "os.mkdir", "os.rename", "os.rmdir", "os.remove", "os.link", "os.chmod", "os.listdir", "os.scandir")
KILLED = (-signal.SIGKILL, -signal.SIGXFSZ, -signal.SIGALRM)
MOST_STEPS = 200


def in_child(work: Callable[[], None], *, quiet: bool = False) -> int:
    """Do something in a child and return its exit code, negative where a signal ended it."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException:
            if not quiet:
                traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def tree(folder: Path) -> dict[str, str]:
    """Digest every file, but for staged ones."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".deodar-staging-" not in str(path)
    }


def arm(instant: str, folder: str) -> None:
    """Have this process die at an instant of what it does next; no code of it runs then."""
    how, _, number = instant.partition(":")
    if how == "bytes":
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(number), resource.RLIM_INFINITY))
    elif how == "moment":
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, int(number) / 1e6)
    else:
        left = int(number)

        def hear(event: str, arguments: Any) -> None:
            nonlocal left
            if event in STEPS and str(arguments[0]).startswith(folder):
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hear)


class Stage:
    """One folder, in which a save is killed.

    Args:
        entry: the catalog entry of what is saved.
        make: returns the data, of which there are two: ``old`` and ``new``.
        check: compares what was loaded with what was made; None where bytes must do.
        parts: whether files of both may stand side by side, each of them whole.
    """

    def __init__(
        self,
        folder: Path,
        entry: dict[str, Any],
        make: Callable[[str], Any],
        check: Callable[[Any, Any], bool] | None,
        *,
        parts: bool = False,
    ) -> None:
        self.folder = folder
        self.entry = entry
        self.make = make
        self.check = check
        self.parts = parts
        self.prepare()
        self.began, self.ended = os.pipe()
        assert self.save(timed=True) == 0
        self.seconds = float(os.read(self.began, 64))
        self.new = tree(folder)

    def catalog(self, version: str) -> DataCatalog:
        return DataCatalog.from_config({"x": self.entry}, save_version=version)

    def prepare(self) -> None:
        """Have nothing there but the old data."""
        for path in self.folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        assert in_child(lambda: self.catalog("v1").save("x", self.make("old"))) == 0
        self.old = tree(self.folder)

    def save(self, instant: str | None = None, *, timed: bool = False) -> int:
        """Save the new data, up to an instant."""

        def work() -> None:
            catalog, data = self.catalog("v2"), self.make("new")
            catalog.exists("x")
            if instant is not None:
                arm(instant, str(self.folder))
            began = time.perf_counter()
            catalog.save("x", data)
            if timed:
                os.write(self.ended, str(time.perf_counter() - began).encode())

        return in_child(work)

    def find(self) -> str:
        """Say which data is there: the old, the new, or something else."""
        found = tree(self.folder)
        if found in (self.old, self.new):
            return "old" if found == self.old else "new"
        if self.parts and found.keys() <= self.old.keys() | self.new.keys():
            mixed = all(found[name] in (self.old.get(name), self.new.get(name)) for name in found)
            return "whole files" if mixed else f"other: {found}"
        # Formats that note the time of writing, and stores that keep what was.
        for word in ("new", "old"):
            if in_child(lambda word=word: self._compare(word), quiet=True) == 0:  # type: ignore[misc]
                return word
        return f"other: {sorted(found)}"

    def _compare(self, word: str) -> None:
        assert self.check is not None
        with contextlib.redirect_stderr(None):
            assert self.check(self.catalog("v9").load("x"), self.make(word))


def kill_everywhere(stage: Stage, *, sizes: int = 8, moments: int = 0) -> dict[str, str]:
    """Kill the save at each instant, and return the exit code and what was found, by instant.

    ``again:N`` says what came of saving once more after the N-th step, and what is left lying about.
    """
    size = max((stage.folder / name).stat().st_size for name in stage.new)
    stage.prepare()
    instants = [f"bytes:{size * part // sizes}" for part in range(sizes)]
    instants += [f"moment:{max(1, int(stage.seconds * 1e6 * part / moments))}" for part in range(moments)]
    found: dict[str, str] = {}
    for instant in instants:
        found[instant] = f"{stage.save(instant)} {stage.find()}"
        if not found[instant].endswith(" old"):
            stage.prepare()
    for number in range(1, MOST_STEPS):
        code = stage.save(f"step:{number}")
        found[f"step:{number}"] = f"{code} {stage.find()}"
        if code == 0:
            break
        if found[f"step:{number}"].endswith(" new") and stage.entry.get("versioned"):
            # That version is there, and cannot be saved again.
            stage.prepare()
        elif number % 3 == 1 or not found[f"step:{number}"].endswith(" old"):
            again = stage.save()
            left = [str(path) for path in stage.folder.rglob(".deodar-staging-*")]
            found[f"again:{number}"] = f"{again} {stage.find()} {left}"
            stage.prepare()
    return found
