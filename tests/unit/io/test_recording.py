"""The arguments of a dataset, named by what its ``__init__`` takes."""

import functools
import inspect

import pytest

from deodar.io._recording import _Signature


def keywords(self, *, filepath, load_args=None): ...
def positional(self, a, b=2, *, c=3): ...
def only_positional(self, a, /, b=2): ...
def anything(self, a, *rest, **others): ...
@functools.wraps(positional)
def wrapping(self, *args, **kwargs): ...


CALLS = [
    (keywords, (), {"filepath": "x"}),
    (keywords, (), {"load_args": {"a": 1}, "filepath": "x"}),
    (positional, (1,), {}),
    (positional, (1, 3), {"c": 4}),
    (positional, (), {"a": 1, "c": 4}),
    (only_positional, (1,), {"b": 3}),
    (anything, (1, 2, 3), {"d": 4}),
    (wrapping, (1,), {"c": 5}),
]


@pytest.mark.parametrize(("init", "args", "kwargs"), CALLS)
def test_arguments_are_named_as_the_signature_binds_them(init, args, kwargs):
    bound = inspect.signature(init).bind(None, *args, **kwargs)
    bound.apply_defaults()
    expected = dict(list(bound.arguments.items())[1:])
    found = _Signature(init).arguments(args, kwargs)
    assert found == expected
    assert list(found) == list(expected)
