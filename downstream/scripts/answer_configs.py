"""Answers questions about configuration on any ``kedro``: reads one JSON request a line, writes one JSON answer a line.

A request has the text of files by path, the options of a loader and the keys to read.
"""

import json
import os
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
warnings.simplefilter("ignore")
from kedro.config import OmegaConfigLoader

RESOLVERS = {"add": lambda *numbers: sum(numbers), "up": lambda text: str(text).upper(), "none": lambda: None}
os.environ["DOWNSTREAM_KEY"] = "from the environment"


def answer(request, folder):
    for path, text in request["files"].items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    for env in ("base", "local"):
        (folder / env).mkdir(exist_ok=True)
    made = outcome(
        lambda: OmegaConfigLoader(
            str(folder),
            base_env="base",
            default_run_env="local",
            custom_resolvers=RESOLVERS if request["resolvers"] else None,
            **request["options"],
        ),
        folder,
    )
    if "raised" in made:
        return {"loader": made}
    loader = made["gave"]
    return {key: outcome(lambda key=key: repr(ordered(loader[key])), folder) for key in request["keys"]}


def ordered(value):
    """Sort dictionaries: Kedro reads files in the order of a set."""
    if isinstance(value, dict):
        return {key: ordered(value[key]) for key in sorted(value, key=repr)}
    return [ordered(item) for item in value] if isinstance(value, list) else value


def outcome(function, folder):
    try:
        return {"gave": function()}
    except Exception as error:
        kind = type(error)
        return {"raised": [f"{kind.__module__}.{kind.__qualname__}", str(error).replace(str(folder), "CONF")]}


with answers:
    for line in sys.stdin:
        folder = Path(tempfile.mkdtemp()).resolve()
        answers.write(json.dumps(answer(json.loads(line), folder)) + "\n")
        answers.flush()
        shutil.rmtree(folder)
