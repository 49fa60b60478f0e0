"""Decisions: reasons and edges that random graphs rarely meet."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from deodar.engine.cache.digests import digest_text
from deodar.engine.cache.fingerprint import Fingerprint, Leaf
from deodar.engine.graph import TaskGraph
from deodar.engine.model import TaskId, TaskSpec, ValueId, ValueSpec
from deodar.engine.plan import Plan, Record, Request, decide, join_identity, same_identity
from deodar.engine.plan_gate import describe

RAW, MID, OUT = ValueId(0), ValueId(1), ValueId(2)
MARKS = [Fingerprint(digest_text(name), (Leaf("constant", "RATE", digest_text(name), name),)) for name in "ab"]

AFTER = "run: it comes after a, which writes mid"
NEEDED = "mid is needed by b, and was kept in memory only"


@dataclass
class Stub:
    """Evidence from three small tables."""

    now: dict[int, str] = field(default_factory=lambda: {RAW: "r", OUT: "o"})
    stored: set[str] = field(default_factory=set)
    packages: dict[str, str] = field(default_factory=dict)

    def exists(self, value: ValueId) -> bool:
        return value in self.now

    def is_same(self, value: ValueId, recorded: str | None) -> bool:
        return recorded is not None and self.now.get(value) == recorded

    def is_stored(self, value: ValueId, key: str) -> bool:
        return key in self.stored

    def package_version(self, name: str) -> str | None:
        return self.packages.get(name)


def chain(kept: bool = False) -> TaskGraph:
    """``a`` reads a file and writes a value in memory, ``b`` makes a file of it."""
    return TaskGraph(
        [TaskSpec("a", (RAW,), (MID,)), TaskSpec("b", (MID,), (OUT,))],
        [ValueSpec("raw", kept=True), ValueSpec("mid", carried=True), ValueSpec("out", kept=True)],
        [[TaskId(1)], []],
    )


def records(**changes: object) -> dict[str, Record]:
    b = {"fingerprint": MARKS[1].root, "reads": {"mid": "m"}, "writes": {"out": "o"}, "run": "r1", **changes}
    return {
        "a": Record(MARKS[0].root, {"raw": "r"}, {"mid": "m"}, stored={"mid": "k"}, run="r1"),
        "b": Record(**b),
    }


def plan(evidence: Stub | None = None, known: dict[str, Record] | None = None, **request: object) -> Plan:
    return decide(chain(), records() if known is None else known, MARKS, evidence or Stub(), Request(**request))


def reasons(found: Plan) -> list[str]:
    return [f"{'run' if verdict.runs else 'reuse'}: {verdict.reason}" for verdict in found.verdicts]


def test_nothing_runs_when_nothing_changed() -> None:
    assert reasons(plan()) == ["reuse: nothing changed since run r1"] * 2


def test_an_ordinary_run_runs_everything() -> None:
    assert plan(everything=True).running() == [0, 1]


def test_without_records_everything_runs_and_says_why() -> None:
    found = plan(known={}, unknown="it had not ended in run r7")
    assert reasons(found) == ["run: it had not ended in run r7"] * 2


def test_a_record_without_a_fingerprint_vouches_for_nothing() -> None:
    assert reasons(plan(known=records(fingerprint="")))[1] == "run: what it was made of was not recorded"


@pytest.mark.parametrize(
    ("evidence", "known", "expected"),
    [
        (Stub({RAW: "other", OUT: "o"}), records(), ["run: input raw changed", AFTER]),
        (Stub({OUT: "o"}), records(), ["run: input raw is missing", AFTER]),
        (Stub({RAW: "r"}), records(), [f"run: {NEEDED}", "run: output out is missing"]),
        (Stub({RAW: "r", OUT: "x"}), records(), [None, "run: output out was changed from outside"]),
        (Stub(), records(reads={"mid": "older"}), [None, "run: input mid changed"]),
        (Stub(), records(fingerprint="x", leaves=lambda: MARKS[1].leaves), [None, "run: what it is made of changed"]),
        (Stub(), records(packages={"pandas": "2.2"}), [None, "run: package pandas 2.2 → gone"]),
        (Stub(packages={"pandas": "3"}), records(packages={"pandas": "2"}), [None, "run: package pandas 2 → 3"]),
    ],
)  # fmt: skip
def test_the_first_thing_that_changed_is_named(
    evidence: Stub, known: dict[str, Record], expected: list[str | None]
) -> None:
    found = reasons(plan(evidence, known))
    assert [now for now, wanted in zip(found, expected, strict=True) if wanted is not None] == [
        wanted for wanted in expected if wanted is not None
    ]


def test_the_leaf_that_changed_is_named() -> None:
    old = records(fingerprint="x", leaves=lambda: (Leaf("constant", "RATE", "old", "0.1"),))
    assert reasons(plan(known=old))[1] == "run: constant `RATE`: 0.1 → b"


def test_a_stored_value_is_brought_back_instead_of_made_again() -> None:
    found = plan(Stub({RAW: "r"}, stored={"k"}))
    assert (found.running(), found.restored) == ([1], {MID: "k"})


def test_a_result_that_somebody_wants_is_made_again() -> None:
    assert reasons(plan(results=frozenset({MID})))[0] == "run: mid is needed by the caller, and was kept in memory only"


def test_a_missing_input_of_a_running_task_is_told() -> None:
    nothing, something = Stub({OUT: "o"}), Stub()
    assert plan(nothing).missing(nothing) == [(0, RAW)]
    assert plan(something).missing(something) == []


def test_an_explanation_goes_down_to_what_changed_first() -> None:
    assert describe(plan(Stub({RAW: "x", OUT: "o"})), TaskId(1)) == [
        "b may run: it comes after a, which writes mid",
        "a runs: input raw changed",
    ]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("c", "c", True),
        ("c", "d", False),
        (None, None, False),
        ("c", None, False),
        (join_identity("c", "p"), join_identity("c", "q"), True),
        (join_identity("c", "p"), join_identity("d", "p"), False),
        (join_identity(None, "p"), join_identity("d", "p"), True),
        (join_identity(None, "p"), join_identity(None, "q"), False),
        (join_identity("c", None), join_identity(None, "q"), False),
    ],
)
def test_what_a_value_is_counts_more_than_what_it_was_made_from(one: str | None, other: str | None, same: bool) -> None:
    assert same_identity(one, other) is same
    assert same_identity(other, one) is same
