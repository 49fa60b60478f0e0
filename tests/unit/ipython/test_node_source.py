"""A node as cells of a notebook."""

import importlib
import inspect
import sys

import pytest

from deodar.ipython import _node_source as source
from deodar.pipeline import node, pipeline

MODULE = '''
"""from here on: no import."""
import os
from pathlib import (
    Path,
    PurePath,
)
from .sibling import thing
from functools import wraps

CONST = 3
OTHER: int = CONST + 1

def deco(func):
    @wraps(func)
    def inner(*args):
        return func(*args)
    return inner

class Helper:
    value = OTHER

def unused():
    return 1

@deco
def helper(a, b=CONST):
    return Helper, os

def func(x, y, *rest, **named):
    import csv
    return helper(x), Path(y), csv

unnamed = lambda q: q
'''


@pytest.fixture
def module(tmp_path, monkeypatch, request):
    name = f"cells_of_{abs(hash(request.node.name))}"
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").touch()
    (tmp_path / name / "sibling.py").write_text("thing = 1")
    (tmp_path / name / "nodes.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module(f"{name}.nodes")
    for loaded in [loaded for loaded in sys.modules if loaded.partition(".")[0] == name]:
        del sys.modules[loaded]


def bound(func, inputs):
    return source._get_node_bound_arguments(node(func, inputs, "out", name="n"))


def test_imports_are_complete_stripped_and_absolute(module):
    package = module.__package__
    assert source._prepare_imports(module.func).splitlines() == [
        "import os",
        "from pathlib import (",
        "Path,",
        "PurePath,",
        ")",
        f"from {package}.sibling import thing",
        "from functools import wraps",
        "import csv",
    ]


def test_the_body_brings_what_it_needs_in_the_order_of_the_file(module):
    body = source._prepare_function_body(module.func)
    names = ["CONST = 3", "OTHER: int", "def deco", "class Helper", "@deco\ndef helper", "def func"]
    assert [body.index(name) for name in names] == sorted(body.index(name) for name in names)
    assert "unused" not in body


def test_what_is_not_at_the_top_of_its_module_is_cut_out_alone(module, caplog):
    assert source._prepare_function_body(module.unnamed) == "unnamed = lambda q: q\n"
    assert "Falling back to basic source extraction for '<lambda>'" in caplog.text


def test_a_source_that_cannot_be_cut_falls_back_as_well(module, monkeypatch, caplog):
    monkeypatch.setattr("ast.get_source_segment", lambda *args: None)
    assert source._prepare_function_body(module.func) == inspect.getsource(module.func)
    assert "Falling back" in caplog.text


def test_inputs_are_loaded_into_variables_with_the_names_of_arguments(module):
    arguments = bound(module.func, ["a", "b.c@d", "rest_1", "ns.rest-2"])
    variables = source._prepare_node_inputs(arguments)
    assert variables == {"x": "a", "y": "b.c@d", "rest_1": "rest_1", "ns_rest_2": "ns.rest-2"}
    assert source._prepare_function_call(module.func, arguments) == "func(x, y, rest_1, ns_rest_2)"


def test_arguments_of_any_name_are_passed_by_name(module):
    arguments = bound(module.func, {"x": "a", "y": "b", "z": "params:c"})
    assert source._prepare_node_inputs(arguments) == {"x": "a", "y": "b", "z": "params:c"}
    assert source._prepare_function_call(module.func, arguments) == "func(x, y, z=z)"


def test_inputs_become_two_lines_of_comment_and_one_per_variable():
    assert source._format_node_inputs_text({"x": "a"}) == (
        "# Prepare necessary inputs for debugging\n"
        "# All debugging inputs must be defined in your project catalog\n"
        'x = catalog.load("a")'
    )
    assert source._format_node_inputs_text({}) is None


def test_a_node_without_inputs_has_no_cell_for_them(module):
    pipelines = {"__default__": pipeline([node(module.unused, None, "one", name="n")])}
    assert source._load_node("n", pipelines)[1:] == ["def unused():\n    return 1\n", "unused()"]


def test_a_misspelled_node_is_an_error_with_a_suggestion(module):
    pipelines = {"__default__": pipeline([node(module.unused, None, "one", name="compute_one")])}
    message = "Node with name='compute_on' not found in any pipelines. Remember to specify the node name, not the node"
    with pytest.raises(ValueError, match=message) as caught:
        source._load_node("compute_on", pipelines)
    assert "Did you mean one of these: compute_one?" in str(caught.value)


def test_a_function_without_a_file_is_an_error(module, monkeypatch):
    monkeypatch.setattr("inspect.getsourcefile", lambda func: None)
    with pytest.raises(FileNotFoundError, match="Could not find func"):
        source._prepare_imports(module.func)
