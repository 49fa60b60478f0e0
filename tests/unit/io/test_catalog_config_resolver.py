"""Entries, patterns and credentials."""

from __future__ import annotations

import copy
import logging
from typing import Any

import pytest

from deodar.io import CatalogConfigResolver, DatasetError
from deodar.io.catalog_config_resolver import _fetch_credentials, _resolve_credentials

RUNTIME = {"{default}": {"type": "Runtime"}}


def resolver(config: Any, credentials: Any = None) -> CatalogConfigResolver:
    return CatalogConfigResolver(config, credentials, RUNTIME)


def test_an_explicit_entry_is_returned_itself() -> None:
    found = resolver({"a": {"type": "A"}, "{x}": {"type": "B"}})
    assert found.resolve_pattern("a") is found.config["a"]


def test_the_more_specific_pattern_wins() -> None:
    found = resolver({"{a}_{b}": {"type": "{b}"}, "{a}_csv": {"type": "csv"}, "{all}": {"type": "all"}})
    assert found.list_patterns() == ["{a}_csv", "{a}_{b}", "{all}", "{default}"]
    assert [found.resolve_pattern(n)["type"] for n in ("x_csv", "x_y", "x")] == ["csv", "y", "all"]


def test_without_a_match_the_runtime_pattern_serves() -> None:
    assert resolver({}).resolve_pattern("a") == {"type": "Runtime"}


def test_a_catch_all_is_announced(caplog: pytest.LogCaptureFixture) -> None:
    resolver({"{all}": {"type": "A"}}).resolve_pattern("cars")
    assert caplog.messages == [
        "Config from the dataset pattern '{all}' in the catalog will be used to override the default dataset "
        "creation for 'cars'"
    ]


def test_two_catch_alls_are_refused() -> None:
    with pytest.raises(DatasetError, match=r"Multiple catch-all patterns found in the catalog: {a}, {b}{c}|{b}"):
        resolver({"{a}": {"type": "A"}, "{b}{c}": {"type": "A"}})


def test_a_placeholder_must_be_in_the_name() -> None:
    with pytest.raises(DatasetError, match=r"Keys used in the configuration \{'\{b\}'\} should present"):
        resolver({"{a}_x": {"type": "A", "nested": {"list": ["{b}"]}}})


def test_values_are_filled_and_keys_are_not() -> None:
    found = resolver({"{a}_x": {"type": "T", "{a}": 1, "l": ["{a}", {"d": "{a}!"}], "t": ("{a}",)}})
    assert found.resolve_pattern("q_x") == {"type": "T", "{a}": 1, "l": ["q", {"d": "q!"}], "t": ["q"]}


def test_each_resolution_is_its_own() -> None:
    found = resolver({"{a}_x": {"type": "T", "l": [1]}})
    found.resolve_pattern("q_x")["l"].append(2)
    assert found.resolve_pattern("q_x")["l"] == [1]


def test_subclasses_of_tuple_pass_through() -> None:
    class Url(tuple):  # type: ignore[type-arg]
        pass

    url = Url(("{a}",))
    assert CatalogConfigResolver._resolve_dataset_config("q_x", "{a}_x", {"u": url})["u"] is url


def test_format_specifications_are_honoured() -> None:
    found = resolver({"{n:d}_ds": {"type": "T", "x": "{n:d}"}})
    assert found.resolve_pattern("12_ds")["x"] == "12"
    assert found.match_dataset_pattern("ab_ds") is None


def test_matching_ignores_case() -> None:
    assert resolver({"{a}_CSV": {"type": "T"}}).match_dataset_pattern("X_csv") == "{a}_CSV"


def test_credentials_are_put_in_at_any_depth() -> None:
    config = {"a": {"type": "T", "credentials": "key", "inner": {"credentials": "key"}, "list": [1]}}
    before = copy.deepcopy(config)
    found = resolver(config, {"key": {"secret": 1}}).config["a"]
    assert (found["credentials"], found["inner"]["credentials"]) == ({"secret": 1}, {"secret": 1})
    assert config == before


@pytest.mark.parametrize("name", ["a", "{x}_a"])
def test_unknown_credentials_are_an_error_at_once(name: str) -> None:
    with pytest.raises(KeyError, match=r"Unable to find credentials 'key'"):
        resolver({name: {"type": "T", "credentials": "key"}})


def test_inline_credentials_stay() -> None:
    assert _resolve_credentials({"credentials": {"a": 1}}, None) == {"credentials": {"a": 1}}


def test_missing_credentials_are_named() -> None:
    with pytest.raises(KeyError, match=r"Unable to find credentials 'x': check your data catalog"):
        _fetch_credentials("x", {})


@pytest.mark.parametrize("password", ["br}ace", "{a}", "{", "}}"])
def test_a_password_may_look_like_a_placeholder(password: str) -> None:
    found = resolver({"{a}_x": {"type": "T", "credentials": "key"}}, {"key": {"password": password}})
    assert found.resolve_pattern("q_x")["credentials"] == {"password": password}


def test_a_placeholder_can_choose_the_credentials() -> None:
    found = resolver({"{a}_x": {"type": "T", "credentials": "{a}_key"}}, {"q_key": {"k": 1}})
    assert found.resolve_pattern("q_x")["credentials"] == {"k": 1}


def test_a_chosen_credential_that_is_missing_is_named() -> None:
    found = resolver({"{a}_x": {"type": "T", "credentials": "{a}_key"}}, {})
    with pytest.raises(KeyError, match=r"Unable to find credentials 'q_key'"):
        found.resolve_pattern("q_x")


def test_credentials_taken_out_leave_a_reference() -> None:
    config = {"type": "T", "credentials": {"a": 1}, "inner": {"credentials": {"b": 2}}}
    taken = CatalogConfigResolver._unresolve_credentials("n", config)
    assert taken == (
        {"type": "T", "credentials": "n_credentials", "inner": {"credentials": "n_credentials_2"}},
        {"n_credentials": {"a": 1}, "n_credentials_2": {"b": 2}},
    )


def test_no_credentials_leave_none() -> None:
    assert CatalogConfigResolver._unresolve_credentials("n", {"credentials": None}) == (
        {"credentials": None},
        {},
    )


def test_a_pattern_that_is_no_dictionary_is_an_error() -> None:
    with pytest.raises(DatasetError, match=r"'{a}_x' is not a valid dataset configuration"):
        resolver({"{a}_x": 3})


def test_a_missing_runtime_pattern_is_replaced_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    CatalogConfigResolver()
    assert caplog.records[0].levelno == logging.WARNING
    assert "Since runtime patterns are not provided" in caplog.messages[0]


def test_class_methods_serve_raw_configuration() -> None:
    ranked = CatalogConfigResolver._sort_patterns({"{a}_b": 1, "{a}_{b}": 2, "abc{x}": 3})  # type: ignore[dict-item]
    assert list(ranked) == ["abc{x}", "{a}_b", "{a}_{b}"]
    assert list(CatalogConfigResolver._get_matches(ranked, "abc_b")) == ["abc{x}", "{a}_b", "{a}_{b}"]
    assert CatalogConfigResolver.is_pattern("a{b}")
    assert not CatalogConfigResolver.is_pattern("a}")


def test_misspelled_credentials_are_told_with_the_nearest_ones() -> None:
    with pytest.raises(KeyError, match=r"configuration\. Did you mean 'dev_db'\?"):
        CatalogConfigResolver({"a": {"type": "T", "credentials": "dv_db"}}, {"dev_db": {}, "other": {}}, {})
