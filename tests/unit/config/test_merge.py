"""Plain merging."""

import pytest

from deodar.config._merge import NotPlainError, merge_into, pick


def merged(target, source, **options):
    merge_into(target, source, **options)
    return target


@pytest.mark.parametrize(
    ("target", "source", "result"),
    [
        ({"a": {"b": 1}}, {"a": {"c": 2}}, {"a": {"b": 1, "c": 2}}),
        ({"a": [1]}, {"a": [2, 3]}, {"a": [2, 3]}),
        ({"a": {"b": 1}}, {"a": None}, {"a": None}),
        ({"a": None}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({"a": 1}, {"a": "???"}, {"a": 1}),
        ({"a": {"b": 1}}, {"a": {}}, {"a": {"b": 1}}),
    ],
)
def test_dictionaries_are_joined_and_all_else_replaced(target, source, result):
    assert merged(target, source) == result


def test_a_list_cannot_replace_a_dictionary():
    with pytest.raises(TypeError, match=r"incompatible container types at 'a\.b': a list cannot replace a dict"):
        merged({"a": {"b": {}}}, {"a": {"b": []}})


def test_the_source_is_copied_not_shared():
    source = {"a": {"b": [1]}}
    merged({}, source)["a"]["b"].append(2)
    assert source == {"a": {"b": [1]}}


def test_a_branch_over_an_interpolation_cannot_be_merged_while_it_is_raw():
    with pytest.raises(NotPlainError):
        merged({"a": "${b}"}, {"a": {"c": 1}}, raw=True)
    assert merged({"a": "${b}"}, {"a": {"c": 1}}) == {"a": {"c": 1}}


def test_pick_returns_what_has_the_shape_of_another_tree():
    assert pick({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": 0}, "x": 0}) == {"a": {"b": 1}}
