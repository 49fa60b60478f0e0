"""Questions to a process of an environment, one JSON line each way, so that Hypothesis can shrink what it asks."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .environment import BIN, ROOT, Environment


@contextmanager
def answering(where: Environment, script: str, folder: Path) -> Iterator[Callable[[Any], Any]]:
    """Start a script of ``downstream/scripts`` that answers; give the function that asks it."""
    with subprocess.Popen(
        [str(where.folder / BIN / "python"), str(ROOT / "downstream" / "scripts" / script)],
        cwd=folder,
        env={**os.environ, "DO_NOT_TRACK": "1", "DEODAR_DROPIN": "1" if where.dropin else ""},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        questions, answers = process.stdin, process.stdout
        assert questions is not None and answers is not None

        def ask(question: Any) -> Any:
            questions.write(json.dumps(question) + "\n")
            questions.flush()
            return json.loads(answers.readline())

        yield ask
        questions.close()
