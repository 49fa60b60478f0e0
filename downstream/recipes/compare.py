"""One script of scenarios on this tree and on real Kedro: results, hooks, logs and errors are compared.

Each difference that is allowed has a name here and a paragraph in ``docs/differences.md``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ..environment import ROOT, Environment, environment

NEWEST, OLDEST = "1.7.0", "1.1.1"
# Ends of messages that point to Kedro's documentation.
LINKS = re.compile(r"( See)? https://docs\.kedro\.org\S*?( for an example\.)?(?=\"|$)")
# Where what a scenario logged may differ.
LOGS_OF_WORKERS = ("processes",)
# What changed between the two releases; this tree follows the newest.
CHANGED_SINCE_OLDEST = ("bad_catalogs", "bad_nodes_and_pipelines", "namespaces_and_filters")


def check(folder: Path) -> str:
    """Compare everything with the newest release, results and hooks with the oldest."""
    ours = outcomes(Environment(ROOT / ".venv"), folder)
    newest = outcomes(kedro(NEWEST), folder)
    oldest = outcomes(kedro(OLDEST), folder)
    assert list(ours) == list(newest) == list(oldest)
    differing = [
        f"{name}, {part}, Kedro {NEWEST}:\n  theirs {theirs}\n  ours   {mine}"
        for name in ours
        for part in ("gave", "raised", "logged")
        if not (part == "logged" and name in LOGS_OF_WORKERS)
        for theirs, mine in [(plain(newest[name].get(part)), plain(ours[name].get(part)))]
        if not agree(theirs, mine)
    ]
    differing += [
        f"{name}, {part}, Kedro {OLDEST}:\n  theirs {theirs}\n  ours   {mine}"
        for name in ours
        if name not in CHANGED_SINCE_OLDEST
        for part in ("gave",)
        for theirs, mine in [(plain(oldest[name].get(part)), plain(ours[name].get(part)))]
        if not agree(theirs, mine)
    ]
    assert not differing, "\n".join(differing)
    return f"{len(ours)} scenarios agree with Kedro {OLDEST} and {NEWEST}"


def kedro(version: str) -> Environment:
    """Return an environment with a release of Kedro and nothing of ours."""
    return environment(f"kedro-{version}", f"kedro=={version}", with_deodar=False)


def outcomes(where: Environment, folder: Path) -> dict[str, Any]:
    """Return what the scenarios gave there."""
    found: dict[str, Any] = json.loads(where.python("scenarios.py", cwd=folder).splitlines()[-1])
    return found


def differences(
    commands: Iterable[tuple[str, ...]],
    outcome: Callable[[Environment, Path, tuple[str, ...]], dict[str, Any]],
    folder: Path,
) -> list[str]:
    """Give each command to the newest release and to this tree, and say which parts of the outcomes are not the same.

    Args:
        outcome: from where, a folder that is not there yet and a command, to its parts by name.
    """
    ways = {"theirs": kedro(NEWEST), "ours": Environment(ROOT / ".venv")}
    found = []
    for number, command in enumerate(commands):
        left = {name: outcome(where, folder / f"{name}{number}", command) for name, where in ways.items()}
        assert left["theirs"].keys() == left["ours"].keys()
        for part, theirs in left["theirs"].items():
            if not agree(theirs, left["ours"][part]):
                found.append(f"{' '.join(command)}, {part}\n  theirs {theirs}\n  ours   {left['ours'][part]}")
    return found


def plain(value: Any) -> Any:
    """Leave out the links to Kedro's documentation, and the order in which the nodes of a circle are listed."""
    match value:
        case str():
            text = LINKS.sub("", value)
            head, mark, nodes = text.partition("item(s): ")
            if "Circular" not in head:
                return text
            return head + mark + str(sorted(nodes.strip("[]").removeprefix("Node").split(", Node")))
        case list():
            return [plain(item) for item in value]
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case _:
            return value


def agree(theirs: Any, ours: Any) -> bool:
    """Tell whether two outcomes are the same; a message of ours may say more than theirs."""
    match theirs, ours:
        case (str(), str()):
            return ours.startswith(theirs.rstrip('"').rstrip("."))
        case (list(), list()):
            return len(theirs) == len(ours) and all(map(agree, theirs, ours))
        case (dict(), dict()):
            return theirs.keys() == ours.keys() and all(agree(theirs[key], ours[key]) for key in theirs)
        case _:
            return bool(theirs == ours)
