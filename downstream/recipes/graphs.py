"""Random pipelines, slices and operators on this tree and on real Kedro: every answer is the same.

Both are asked in processes of their own, so that Hypothesis can shrink a request that they answer differently.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..conversation import answering
from ..environment import ROOT, Environment
from .compare import NEWEST, agree, kedro

EXAMPLES = int(os.environ.get("DEODAR_GRAPH_EXAMPLES", "400"))

EXAMPLE = re.compile(r", such as '[^']*'(?=, which)")
# Of several paths that leave a namespace, which one is shown changes from run to run.
BETWEEN = re.compile(r"(?<=is interrupted by nodes ).*(?= and thus)")
# Names in the order of a set, which changes from run to run.
LISTED = re.compile(r"(?<=without the separator: )[^.]*")
FREE = ["f", "g", "t.u", "f@one", "g@two", "params:p", "params:q.r", "parameters"]
SPACES = [None, None, None, "n", "n.m", "k", "k.n"]
TAGS = ["t", "u", "v"]
REFERENCES = ["#n0", "#n1", "#n2", "#n3", "#n5", "#n7", "#n8", "absent"]
DATASETS = ["#d0", "#d1", "#d2", "#d3", "#d5", "#d8", "#b0", "#b1", "#b2", "#b4", "#b5", "#b6", "absent", "f"]
NAMESPACES = ["#s0", "#s1", "#s2", "#s3", "#s4", "n"]


def some(names: list[str], least: int = 0, most: int = 3) -> st.SearchStrategy[list[str]]:
    """Return a few of the names, each once."""
    return st.lists(st.sampled_from(names), unique=True, min_size=least, max_size=most)


@st.composite
def tables(draw: st.DrawFn) -> list[Any]:
    """Return nodes that mostly fit together: node ``i`` writes ``o{i}`` and reads what came before."""
    count = draw(st.integers(0, 6))
    transcoded = draw(st.sets(st.integers(0, count)))
    names = draw(st.permutations(["a", "B", "1", "é", "a.b", "_", "node-x", "zz"]))
    rows = []
    for number in range(count):
        written = [transcode(draw, before, transcoded) for before in range(number)]
        reads = draw(some(FREE, most=2)) + (draw(some(written, most=3)) if written else [])
        writes = [transcode(draw, number, transcoded)]
        if draw(st.booleans()):
            writes.append(f"x{number}")
        name: str | None = names[number]
        if draw(st.integers(0, 60)) == 33:
            writes.append(draw(st.sampled_from(["f", "o0", "o3", "params:p", "a@b@c"])))
            name = draw(st.sampled_from(["a", "a b", None]))
        rows.append(draw(node_rows(reads, writes, name if draw(st.booleans()) else None)))
    return ["nodes", draw(st.permutations(rows))]


def transcode(draw: st.DrawFn, number: int, transcoded: set[int]) -> str:
    """Return the name of what a node writes, in one of its forms if it has several."""
    return f"o{number}" + (draw(st.sampled_from(["@one", "@two"])) if number in transcoded else "")


@st.composite
def node_rows(draw: st.DrawFn, reads: list[str], writes: list[str], name: str | None) -> list[Any]:
    """Return one node in one of the shapes that inputs and outputs may have."""
    func = draw(st.sampled_from(["many", "many", "wrapped"] + (["one", "two", "len"] if len(reads) == 1 else [])))
    inputs: Any = reads or None
    match draw(st.sampled_from(["list", "str", "dict"])):
        case "dict" if reads and func != "len":
            keys = ["first", *draw(st.permutations(["second", "third", "fourth", "fifth"]))]
            inputs = dict(draw(st.permutations(list(zip(keys, reads, strict=False)))))
        case "str" if len(reads) == 1:
            inputs = reads[0]
    outputs: Any = writes
    if draw(st.booleans()):
        outputs = writes[0] if len(writes) == 1 else {f"k{n}": written for n, written in enumerate(writes)}
    options = {
        "name": name,
        "tags": draw(some(TAGS)) or None,
        "namespace": draw(st.sampled_from(SPACES)),
        # One in a few: two nodes that confirm the same do not fit together.
        "confirms": draw(st.sampled_from([None] * 4 + [writes[0], ["f", "g@two"]])),
    }
    return [func, inputs, outputs, {key: value for key, value in options.items() if value is not None}]


def renames(names: list[str], targets: list[str]) -> st.SearchStrategy[Any]:
    """Return names that keep theirs, or new ones for them."""
    return st.one_of(some(names, 1), st.dictionaries(st.sampled_from(names), st.sampled_from(targets), max_size=2))


PIPELINE_OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "namespace": st.sampled_from(["N", "N.M", "n"]),
        "tags": some(TAGS),
        "inputs": renames(["#i0", "#i1", "#i2", "#i3", "#b1"], ["new", "newer", "new@x", "o1", "a.b"]),
        "outputs": renames(["#o0", "#o1", "#o2", "#o3", "#d2"], ["made", "more", "made@x", "f"]),
        "parameters": renames(["#p0", "#p1", "#p0", "#p1", "p"], ["p2", "params:p3"]),
        "prefix_datasets_with_namespace": st.booleans(),
    },
)
SLICES = st.one_of(
    st.tuples(st.sampled_from(["only_nodes", "from_nodes", "to_nodes"]), some(REFERENCES, 1)),
    st.tuples(
        st.sampled_from(["only_nodes_with_inputs", "from_inputs", "only_nodes_with_outputs", "to_outputs"]),
        some(DATASETS, 1),
    ),
    st.tuples(st.just("only_nodes_with_tags"), some(TAGS)),
    st.tuples(st.just("only_nodes_with_namespaces"), some(NAMESPACES, 1, 2)),
)
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "tags": some(TAGS, 1),
        "from_nodes": some(REFERENCES[:-1], 1),
        "to_nodes": some(REFERENCES[:-1], 1),
        "node_names": some(REFERENCES, 1),
        "from_inputs": some(DATASETS[:-2], 1),
        "to_outputs": some(DATASETS[:-2], 1),
        "node_namespaces": some(NAMESPACES[:-1], 1, 1),
    },
)


def larger(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return expressions made of smaller ones."""
    return st.one_of(
        st.tuples(st.just("pipeline"), st.lists(inner, min_size=1, max_size=2), PIPELINE_OPTIONS),
        st.tuples(st.just("operator"), st.sampled_from(["+", "|", "-", "&"]), inner, inner),
        SLICES.flatmap(lambda cut: st.tuples(st.just("slice"), st.just(cut[0]), st.just(cut[1]), inner)),
        SLICES.flatmap(lambda cut: inner.map(lambda whole: ["operator", "-", whole, ["slice", *cut, whole]])),
        st.tuples(st.just("filter"), FILTERS, inner),
        st.tuples(st.just("tag"), some(TAGS, 1), inner),
    )


EXPRESSIONS = st.recursive(tables(), larger, max_leaves=4)


def check(folder: Path) -> str:
    """Ask both about random pipelines until one answer differs."""
    counts = {"gave": 0, "raised": 0}
    here, script = Environment(ROOT / ".venv"), "answer_pipelines.py"
    with answering(kedro(NEWEST), script, folder) as theirs, answering(here, script, folder) as ours:

        @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(EXPRESSIONS)
        def same(expression: Any) -> None:
            expected, found = comparable(theirs(expression)), comparable(ours(expression))
            counts["gave" if "gave" in expected else "raised"] += 1
            assert agree(expected, found), f"{json.dumps(expression)}{differing(expected, found)}"

        same()
    assert min(counts.values()) > EXAMPLES // 20, f"too few of one kind to say anything: {counts}"
    return f"{counts['gave']} pipelines and {counts['raised']} errors agree with Kedro {NEWEST}"


def differing(theirs: Any, ours: Any, where: str = "") -> str:
    """Return which parts of two answers differ."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return "".join(differing(theirs.get(key), ours.get(key), f"{where}.{key}") for key in theirs | ours)
    return "" if theirs == ours else f"\n{where}\n  theirs {theirs}\n  ours   {ours}"


def comparable(answer: Any) -> Any:
    """Return an answer without what is allowed to differ."""
    # Groups that depend on each other are told of here alone, and so is which name has a dot.
    said = sorted({EXAMPLE.sub("", BETWEEN.sub("", each)) for each in answer.get("warned", ())})
    answer["warned"] = [each for each in said if not each.startswith("UserWarning: The groups [")]
    if "raised" in answer:
        kind, text = answer["raised"]
        # Of several circles, which one is shown changes too, and where it begins.
        text = text.partition("the following")[0] if "Circular" in text else text
        answer["raised"] = [kind, LISTED.sub(lambda found: ", ".join(sorted(found[0].split(", "))), text)]
    return answer
