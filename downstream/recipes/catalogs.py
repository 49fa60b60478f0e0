"""Random configuration and random calls of catalogs on this tree and on real Kedro: every answer is the same."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..conversation import answering
from ..environment import ROOT, Environment
from .compare import NEWEST, agree, kedro, plain

EXAMPLES = int(os.environ.get("DEODAR_CATALOG_EXAMPLES", "300"))


def words(text: str) -> list[str]:
    """Split a text at its spaces."""
    return text.split()


# --- Configuration ----------------------------------------------------------------------------------------------

KEYS = ["a", "b", "c", "d-e", "_t", "f"]
OTHER_KEYS = ["m", "n2", "o"]
PATHS = words("a b c _t f a.b a.b.c b.0 b[0] a._t nope a.nope d-e .a .b ..a ..b ...c .c.a a.a")
VARIABLES = ["g", "h", "h.i", "h.j", "n", "l", "t", "h.nope", "zz", "_p", "g.x", "l.0"]
NUMBERS = words("1 2.5 007 017 0o17 0x1F 0b11 1e3 1.5e-3 .5 5. +.inf .nan 1_000 12:30:45 -0.0 99999999999999999999")
WORDS = words("true yes No on ~ null 2020-01-01 '2020-01-01' plain 'quoted' '' ??? '???' '1' 'null' é a:b x-y [] {}")
MARKS = words(r"'{name}x' '{{x}}' '$' '$a' '\${a}' '\\${a}'")
SPACED = ["!!binary aGk=", "!!str 5", "'a # b'", "a b", "'it''s'", '"dq\\tx"']
SCALARS = st.sampled_from([*NUMBERS, *WORDS, *MARKS, *SPACED])
LITERALS = st.sampled_from(["1", "-3", "2.5", "null", "true", "word", "'q'", "a b", "[1, 2]", "{x: 1}", "", "1e3"])
SPACES = st.sampled_from(["", " "])
REFERENCES = st.builds("${{{}}}".format, st.sampled_from(PATHS))
OTHER_CALLS = st.sampled_from(
    words(
        "oc.select:a oc.select:nope,5 oc.env:DOWNSTREAM_KEY oc.env:NOPE_X oc.env:NOPE_X,d oc.decode:'[1,2]' "
        "add:1,2 up:abc none: unknown:1 oc.dict.keys:a"
    )
).map("${{{}}}".format)


def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return calls of resolvers whose defaults or arguments are smaller interpolations."""
    resolvers = st.sampled_from(["globals", "runtime_params"])
    without = st.builds("${{{}:{}{}}}".format, resolvers, SPACES, st.sampled_from(VARIABLES))
    default = st.builds(
        "${{{}:{}{},{}{}}}".format, resolvers, SPACES, st.sampled_from(VARIABLES), SPACES, LITERALS | inner
    )
    return without | default | OTHER_CALLS | st.builds("${{up:{}}}".format, inner)


INTERPOLATIONS = st.recursive(REFERENCES, larger, max_leaves=3)
TEXTS = st.lists(INTERPOLATIONS | st.sampled_from(["x", "/", " - ", "{n}", "é"]), min_size=1, max_size=3).map("".join)
QUOTED = TEXTS.map(lambda text: "'" + text.replace("'", "''") + "'")
# Globals that refer to globals fail in Kedro for a reason of its own.
SELF_CONTAINED = QUOTED.filter(lambda text: "globals:" not in text)


def branches(names: list[str]) -> Callable[[st.SearchStrategy[str]], st.SearchStrategy[str]]:
    """Return what makes lists and dictionaries, as YAML, of what is smaller."""
    return lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(st.sampled_from(names), inner, max_size=3).map(
            lambda items: "{" + ", ".join(f"{key}: {item}" for key, item in items.items()) + "}"
        ),
    )


def documents(names: list[str], leaves: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return the text of a file with some of the names as keys."""
    trees = st.recursive(leaves, branches([*KEYS, "1", "on"]), max_leaves=5)
    return st.dictionaries(st.sampled_from(names), trees, max_size=4).map(
        lambda items: "".join(f"{key}: {item}\n" for key, item in items.items())
    )


def files(key: str) -> st.SearchStrategy[dict[str, str]]:
    """Return the files of a key and of globals. Two files of one environment have no key in common, as a rule."""
    texts = SCALARS | QUOTED | QUOTED
    more = documents([*OTHER_KEYS, "b"] if key == "catalog" else OTHER_KEYS, texts)
    named = {f"base/{key}.yml": documents(KEYS, texts), f"base/{key}_x.yml": more}
    named |= {f"local/{key}.yml": documents(KEYS, texts), f"local/sub/{key}_y.yml": more}
    shared = documents(["g", "h", "n", "l", "t", "_p"], SCALARS | SELF_CONTAINED)
    return st.fixed_dictionaries({}, optional=named | {"base/globals.yml": shared, "local/globals.yml": shared})


GIVEN = st.recursive(
    st.sampled_from([1, 2.5, True, None, "text", "${a}", "1"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "b", "i", "j"]), inner, max_size=2)
    ),
    max_leaves=3,
)


@st.composite
def configurations(draw: st.DrawFn) -> Any:
    """Return files, the options of a loader and what to read."""
    key = draw(st.sampled_from(["catalog", "parameters", "credentials"]))
    options: dict[str, Any] = {}
    strategy = draw(st.sampled_from([None, "soft"]))
    if draw(st.booleans()):
        options["runtime_params"] = draw(
            st.dictionaries(st.sampled_from(["a", "b", "g", "h", "n", "l", "t"]), GIVEN, max_size=3)
        )
        # By the other strategy Kedro loses the siblings of what was given.
        strategy = "soft" if key == "parameters" else strategy
    if strategy:
        options["merge_strategy"] = {key: strategy, "globals": strategy}
    return {"files": draw(files(key)), "options": options, "resolvers": draw(st.booleans()), "keys": ["globals", key]}


def differing_configuration(question: Any, theirs: Any, ours: Any) -> Iterator[str]:
    """Yield where two answers differ. Of several errors in one configuration, either may be the one that is told."""
    for key in theirs | ours:
        expected, found = (answer.get(key, answer.get("loader", {})) for answer in (theirs, ours))
        if "raised" in expected and "raised" in found:
            continue
        several = sum("credentials" in path for path in question["files"]) > 1
        if several and key == "credentials" and "InterpolationKeyError" in str(expected):
            continue  # Files of credentials may refer to each other here.
        if key == "credentials" and any("\\${" in text for text in question["files"].values()):
            continue  # Kedro resolves them twice, so that what is escaped is looked for all the same.
        if expected != found:
            yield f"{key}:\n  theirs {expected}\n  ours   {found}"


# --- Catalogs ---------------------------------------------------------------------------------------------------

NAMES = ["a", "b", "c.d", "x_csv", "ns.x_csv", "e@p"]
PATTERNS = ["{x}_csv", "{x}.{n}_csv", "ns.{x}", "{x}", "{any}", "{x}@p", "pre_{x}_csv", "{x}.d"]
ASKED = [*NAMES, "q_csv", "pre_q_csv", "ns.q", "ns.q_csv", "zz", "params:a", "Q_CSV", "w.d"]
VALUES = ["memory", "text", "versioned", "other", "cached", "failing", "lazy", "data", "none"]


def entries(file: str, field: str | None) -> st.SearchStrategy[Any]:
    """Return entries of a catalog; those of a pattern hold its field."""
    filled = "{" + field + "}" if field else "x"
    plain_text = {"type": st.just("answer_catalogs.Text"), "filepath": st.just(f"FOLDER/{file}")}
    arguments = {
        "credentials": st.sampled_from(["db", "api", {"u": "inline"}]),
        "load_args": st.sampled_from([None, {"a": filled}, {"a": [1]}]),
        "metadata": st.just({"m": 1}),
    }
    version = {"versioned": st.sampled_from([True, True, False]), "version": st.just("v")}
    text = st.fixed_dictionaries(plain_text, optional=arguments | version)
    behind = st.fixed_dictionaries(plain_text, optional=arguments)
    cached = st.fixed_dictionaries(
        {"type": st.just("CachedDataset"), "dataset": behind}, optional={"versioned": st.just(True)}
    )
    memory = st.fixed_dictionaries(
        {
            "type": st.sampled_from(["MemoryDataset", "kedro.io.MemoryDataset", "memory_dataset.MemoryDataset"]),
            "data": st.sampled_from([1, filled, [1, 2]]),
        },
        optional={"copy_mode": st.sampled_from(["assign", None])},
    )
    return text | text | cached | memory


NAMED = st.fixed_dictionaries({}, optional={name: entries(f"{name}.txt", None) for name in NAMES})
FIELDS = {pattern: pattern.partition("{")[2].partition("}")[0] for pattern in PATTERNS}
MATCHED = st.lists(st.sampled_from(PATTERNS), unique=True, max_size=2).flatmap(
    lambda chosen: st.fixed_dictionaries({each: entries(f"{{{FIELDS[each]}}}.txt", FIELDS[each]) for each in chosen})
)
names = st.sampled_from(ASKED)
FILTERS = st.sampled_from(
    [
        {"name_regex": "a"},
        {"type_regex": "Text"},
        {"by_type": ["MemoryDataset"]},
        {"by_type": ["Text"], "name_regex": "c"},
    ]
)
CALLS = st.one_of(
    st.tuples(st.just("set"), names, st.sampled_from(VALUES)),
    st.tuples(st.sampled_from(["item", "contains", "resolve", "exists", "release", "confirm", "get_type"]), names),
    st.tuples(st.just("get"), names, st.booleans(), st.sampled_from([None, None, "v1"])),
    st.tuples(st.sampled_from(words("list values repr copy pickle again equal resolver versions config"))),
    st.tuples(st.just("filter"), FILTERS),
    st.tuples(st.just("load"), names),
    st.tuples(st.just("load"), names, st.sampled_from(["v1", "s1"])),
    st.tuples(st.just("save"), names, st.sampled_from(["text", "text", "more", None])),
)
CATALOGS = st.fixed_dictionaries(
    {
        "catalog": st.builds(lambda named, matched: named | matched, NAMED, MATCHED),
        "credentials": st.just({"db": {"p": "w"}, "api": "token"}),
        "load_versions": st.sampled_from([None, None, {"x_csv": "v1"}, {"zz": "v1"}]),
        "calls": st.lists(CALLS, min_size=3, max_size=14),
    }
)


def differing_catalog(question: Any, theirs: Any, ours: Any) -> Iterator[str]:
    """Yield the first call that is answered differently."""
    del question
    is_copied = False
    for expected, found in zip(theirs, ours, strict=True):
        told = json.dumps(expected)
        is_copied = is_copied or told.startswith(('["copy"', '["pickle"'))
        if "VersionAlreadyExistsError" in told or (is_copied and ("<object" in told or told.startswith('["exists"'))):
            # Kedro has lost the dataset that was there before, or what stands for no data has become data.
            return
        if not agree(plain(expected), plain(found)):
            yield f"  theirs {expected}\n  ours   {found}"
            return


# --- Both -------------------------------------------------------------------------------------------------------


def check(folder: Path) -> str:
    """Ask both about random configuration and catalogs until one answer differs."""
    said = [
        compared("configurations", "answer_configs.py", configurations(), differing_configuration, folder),
        compared("catalogs", "answer_catalogs.py", CATALOGS, differing_catalog, folder),
    ]
    return f"{' and '.join(said)} agree with Kedro {NEWEST}"


def compared(
    what: str,
    script: str,
    questions: st.SearchStrategy[Any],
    differing: Callable[[Any, Any, Any], Iterator[str]],
    folder: Path,
) -> str:
    """Ask both; return how many answers were compared."""
    counts: Counter[str] = Counter()
    here = Environment(ROOT / ".venv")
    with answering(kedro(NEWEST), script, folder) as theirs, answering(here, script, folder) as ours:

        @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(questions)
        def same(question: Any) -> None:
            expected, found = theirs(question), ours(question)
            counts.update(word for word in ("gave", "raised") if f'"{word}"' in json.dumps(expected))
            differences = list(differing(question, expected, found))
            assert not differences, "\n".join([json.dumps(question), *differences])

        same()
    assert min(counts["gave"], counts["raised"]) > EXAMPLES // 20, f"too few of one kind to say anything: {counts}"
    return f"{EXAMPLES} {what}"
