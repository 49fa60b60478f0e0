"""The line behind ``%reload_kedro``."""

import argparse

import pytest

from deodar.ipython._arguments import _normalise_reload_kedro_params, _split_reload_kedro_params


@pytest.mark.parametrize(
    ("line", "normalised"),
    [
        ("", ""),
        ("/p/x -e local", "/p/x -e local"),
        ("--params a=1,b='x y'", '--params "a=1,b=x y"'),
        ("--params=foo='bar baz' -e prod", '--params "foo=bar baz" -e prod'),
        ("path --params a=1 --env x", 'path --params "a=1" --env x'),
        ("--params 'a=1,b=2'", '--params "a=1,b=2"'),
        ("--params foo='--env x' --env y", '--params "foo=--env x" --env y'),
        ("--params foo='a,b'", "--params \"foo='a,b'\""),
    ],
)
def test_values_with_spaces_come_into_one_pair_of_quotes(line, normalised):
    assert _normalise_reload_kedro_params(line) == normalised


@pytest.mark.parametrize(
    ("value", "params"),
    [
        ("\"a=1,b='x y'\"", {"a": 1, "b": "x y"}),
        ("a.b=2", {"a": {"b": 2}}),
        ("\"foo='a,b'\"", {"foo": "a,b"}),
    ],
)
def test_parameters_are_read_as_on_the_command_line(value, params):
    assert _split_reload_kedro_params(value) == params


def test_ill_formed_parameters_are_an_error_of_the_argument():
    with pytest.raises(argparse.ArgumentTypeError, match="Item `a` must contain"):
        _split_reload_kedro_params("a")
