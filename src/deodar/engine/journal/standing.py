"""Decisions that nothing has to run, and what must still be as it was for them to stand.

A run that had nothing to do leaves its decision here. The file itself drops it as soon as any record of its scope is
written (triggers, see ``schema``); what lies outside of the journal is told by stats of files and versions of packages.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from ..._records import dataclass
from ..cache.content import Stat
from .store import Journal

# A number that is another as soon as another connection has written anything.
_WRITES_OF_OTHERS = "PRAGMA data_version"

_MOST = 20
"""How many decisions one scope keeps: one for each part of the project that is asked for in turn."""

# Path, size, times of the last change of content and of inode in ns, inode. As JSON has it: a record for each of
# some thousand files would take longer than the calls that ask for their stats.
Seen: TypeAlias = list[str | int]


@dataclass(frozen=True, slots=True)
class Standing:
    """A decision that nothing has to run.

    Attributes:
        files: what was looked at.
        packages: versions of packages that tasks were seen to use, beyond those that their code names.
        reasons: for each task, in the order of the question, why it need not run.
        bundle: under which digest the journal has the tasks that were reused.
    """

    files: Sequence[Seen]
    packages: Mapping[str, str]
    reasons: Sequence[str]
    bundle: str

    def holds(self, version_of: Callable[[str], str | None]) -> bool:
        """Say whether the world is as it was.

        Args:
            version_of: from the name of a package to its version, or None.
        """
        return all(version_of(name) == version for name, version in self.packages.items()) and all(
            map(_is_untouched, self.files)
        )


class StandingDecisions:
    """The decisions of one scope.

    To be made before the records are read that a decision is made from: what others write from then on ends it.
    """

    def __init__(self, journal: Journal, scope: str) -> None:
        self._journal = journal
        self._scope = scope
        self._writes_of_others = journal.read(_WRITES_OF_OTHERS)[0][0]

    def find(self, question: str) -> Standing | None:
        """Return the decision on a question, if it was made and no record was written since."""
        rows = self._journal.read(
            "SELECT answer, bundle FROM standing JOIN bundles ON digest = bundle WHERE scope = ? AND question = ?",
            self._scope,
            question,
        )
        if not rows:
            return None
        answer = json.loads(rows[0]["answer"])
        reasons = [answer["reasons"][number] for number in answer["by_task"]]
        return Standing(answer["files"], answer["packages"], reasons, rows[0]["bundle"])

    def note(self, question: str, decision: Standing) -> bool:
        """Keep a decision, and let go of the oldest ones. Nothing is kept if anybody else has written meanwhile."""
        # Most tasks have the same reason.
        reasons = {reason: number for number, reason in enumerate(dict.fromkeys(decision.reasons))}
        answer = json.dumps(
            {
                "files": list(decision.files),
                "packages": dict(decision.packages),
                "reasons": list(reasons),
                "by_task": [reasons[reason] for reason in decision.reasons],
            }
        )
        scope = self._scope

        def write(connection: sqlite3.Connection) -> None:
            # A record that is dropped between a decision and this would not end what is not there yet.
            if connection.execute(_WRITES_OF_OTHERS).fetchone()[0] != self._writes_of_others:
                return
            connection.execute(
                "INSERT OR REPLACE INTO standing (scope, question, made, bundle, answer) VALUES (?, ?, ?, ?, ?)",
                (scope, question, time.time(), decision.bundle, answer),
            )
            connection.execute(
                "DELETE FROM standing WHERE scope = ? AND question NOT IN"
                " (SELECT question FROM standing WHERE scope = ? ORDER BY made DESC LIMIT ?)",
                (scope, scope, _MOST),
            )

        return self._journal.write(write)


def as_seen(path: str, found: Stat) -> Seen:
    """Return what is kept of a look at a file."""
    return [path, found.size, found.mtime_ns, found.ctime_ns, found.inode]


def _is_untouched(seen: Seen) -> bool:
    path = str(seen[0])
    try:
        return as_seen(path, Stat.of(os.stat(path))) == seen  # noqa: PTH116  # Once for each file of a run.
    except OSError:
        return False
