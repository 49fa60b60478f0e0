"""Resolving on plain dictionaries gives what OmegaConf gives, or leaves it to OmegaConf."""

from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from deodar.config import _interpolation, _resolution, _resolvers, _yaml

NAMES = ["a", "b", "c", "_t", "d-e", "f"]
PATHS = [*NAMES, "a.b", "a.b.c", "b.0", "c.1", "a._t", "nope", "a.nope", "true", "A", "x y"]
GLOBALS = {"g": 1, "h": {"i": "text", "j": [1, {"k": None}], "m": "???"}, "n": None, "s": "s-${x}", "t": "???"}
RUNTIME = {"r": 2.5, "q": {"a": {"b": True}}, "n": None, "l": [1, 2]}

paths = st.sampled_from(PATHS)
keys = st.sampled_from(
    ["g", "h", "h.i", "h.j", "h.m", "n", "s", "t", "r", "q", "q.a", "l", "g.x", "_p", "1", "null", "zz"]
)
literals = st.sampled_from(
    [
        *("0", "-3", "007", "1.50", "1e3", "null", "NULL", "true", "inf", "word", "a/b-c.d", "'q, }'", '"x y"', "''"),
        *("a b", "[1, 2]", "{a: 1}", "", "1_0", "a:b", "w-", "a,b", "+1", ".5"),
    ]
)
spaces = st.sampled_from(["", " "])
references = st.builds("${{{1}{0}{1}}}".format, paths, spaces)


def calls(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    resolvers = st.sampled_from(["globals", "runtime_params", "oc.select"])
    without = st.builds("${{{0}:{2}{1}}}".format, resolvers, keys, spaces)
    default = st.builds("${{{0}:{3}{1}{3},{3}{2}}}".format, resolvers, keys, literals | inner, spaces)
    return without | default


expressions = st.recursive(references, calls, max_leaves=3) | calls(references)
texts = st.lists(
    expressions | st.sampled_from(["x", "/", " ", "$", "{", "}", "\\", "???", "é", "?"]), min_size=1, max_size=3
).map("".join)
scalars = st.sampled_from([1, 2.5, True, None, "plain", "???", "", b"b", "2020-01-01", -0.0, 10**20]) | texts
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=6,
)
configs = st.dictionaries(st.sampled_from(NAMES), trees, max_size=5)


def scope(runtime: dict[str, Any] | None = None) -> _resolvers.Scope:
    return _resolvers.Scope(GLOBALS, RUNTIME if runtime is None else runtime, {})


@settings(max_examples=200, deadline=None)
@given(configs)
@example({"a": "${b}", "b": "${a}"})
@example({"a": "${b.c}", "b": "${c}", "c": {"c": "${runtime_params:q}"}})
@example({"a": "${c}${c}", "c": "?", "b": "${a}?"})
def test_what_is_resolved_plainly_is_what_omegaconf_resolves(config: dict[str, Any]) -> None:
    document = _resolution.document(config)
    if not document.plain:
        return
    try:
        plainly = _interpolation.Interpolator(config, scope()).tree(config)
    except (_interpolation.BeyondError, RecursionError):
        return
    assert repr(plainly) == repr(_resolution.resolve_by_omegaconf([document], scope()))


@settings(max_examples=60, deadline=None)
@given(configs, configs)
def test_documents_merge_and_resolve_as_omegaconf_does_it(first: dict[str, Any], second: dict[str, Any]) -> None:
    documents = [_resolution.document(first), _resolution.document(second)]
    try:
        expected = _resolution.resolve_by_omegaconf(documents, scope())
    except Exception:
        # It also objects to what another document replaces.
        return
    assert repr(sorted(_resolution.resolve(documents, scope()).items())) == repr(sorted(expected.items()))


@pytest.mark.parametrize(
    "text",
    ["${a}", "x${a.b}y", "${globals:a}", "${globals: a.b, 5}", "${runtime_params:a, ${globals:b, 'c d'}}/${e}"],
)
def test_the_usual_forms_are_not_left_to_omegaconf(text: str) -> None:
    assert _interpolation.parse(text)


yaml_scalars = st.text("0123456789.eE_+-:xonyabfINT~", min_size=1, max_size=8) | st.sampled_from(
    ["12:30:45.5", "190:20:30", "0b11", "1_0.5_0", ".e5", "1__0", "+.inf", ".NaN", "2020-01-01T10:00:00Z", "=", "<<"]
)


@settings(max_examples=300, deadline=None)
@given(yaml_scalars)
def test_scalars_are_read_as_omegaconf_reads_them(text: str) -> None:
    content = f"a: {text}\n"
    outcomes = []
    for read in (_read_here, _read_by_omegaconf):
        try:
            outcomes.append(repr(read(content)))
        except (yaml.YAMLError, ValueError, OverflowError):
            outcomes.append("an error")
    assert outcomes[0] == outcomes[1]


def _read_here(content: str) -> Any:
    return _yaml.parse(content.encode(), "x.yml", text_keys=True).tree


def _read_by_omegaconf(content: str) -> Any:
    return OmegaConf.to_container(OmegaConf.create(content))
