"""The parameters of a function, read from its code as from its signature."""

import inspect

import pytest

from deodar.pipeline._binding import _read_code, _read_signature, parameters_of

FUNCTIONS = [
    lambda: 1,
    lambda a: a,
    lambda a, b=1: a,
    lambda a, /: a,
    lambda a, /, b, c=2: a,
    lambda a=1, /, b=2: a,
    lambda *args: args,
    lambda a, *rest, b, c=3: a,
    lambda *, a, b=1: a,
    lambda **others: others,
    lambda a, /, b, *args, c, d=4, **others: a,
]


@pytest.mark.parametrize("func", FUNCTIONS, ids=lambda func: str(inspect.signature(func)))
def test_code_says_what_the_signature_says(func):
    local = 1
    del local
    assert _read_code(func) == _read_signature(func) == parameters_of(func)


def test_a_signature_that_was_set_goes_before_the_code():
    def func(a, b):
        return a, b

    func.__signature__ = inspect.signature(lambda only: only)
    assert parameters_of(func).names == ("only",)
