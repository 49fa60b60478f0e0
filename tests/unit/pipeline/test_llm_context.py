"""Nodes that put together what a language model works with."""

import pickle
from typing import Any

import pytest

from deodar.pipeline import LLMContext, LLMContextNode, Node, Pipeline, llm_context_node, tool
from deodar.pipeline.llm_context import _get_tool_name, _normalize_outputs


class Search:
    name = "search"

    def __init__(self, index: Any, limit: Any) -> None:
        self.given = (index, limit)


def build_search(index: Any, limit: Any) -> Search:
    return Search(index, limit)


def made(**kwargs: Any) -> LLMContextNode:
    return llm_context_node(**{"outputs": "ctx", "llm": "llm", "prompts": ["p1", "p2"], **kwargs})


def test_node_reads_model_prompts_and_inputs_of_tools() -> None:
    node = made(tools=[tool(build_search, "index", "params:limit")])
    assert node._inputs == {name: name for name in ("llm", "p1", "p2", "index", "params:limit")}
    assert str(node).startswith("construct_context([llm;p1;p2;")


def test_run_puts_the_context_together() -> None:
    node = made(tools=[tool(build_search, "index", "params:limit")], llm="gpt", name="agent")
    context = node.run({"gpt": "model", "p1": 1, "p2": 2, "index": "i", "params:limit": 5})["ctx"]
    assert (context.context_id, context.llm, context.prompts) == ("agent", "model", {"p1": 1, "p2": 2})
    assert context.tools["search"].given == ("i", 5)


def test_context_is_named_after_the_output_by_default() -> None:
    context = made(prompts=[]).run({"llm": 1})["ctx"]
    assert context == LLMContext("llm_context_node__ctx", 1)


def test_namespace_keeps_the_names_of_prompts() -> None:
    (node,) = Pipeline([made()], namespace="ns").nodes
    assert type(node) is Node and node.inputs == ["ns.llm", "ns.p1", "ns.p2"]
    assert node.run({"ns.llm": 0, "ns.p1": 1, "ns.p2": 2})["ns.ctx"].prompts == {"p1": 1, "p2": 2}


def test_node_goes_through_pickle() -> None:
    node = pickle.loads(pickle.dumps(made(tools=[tool(build_search, "index", "params:limit")])))
    context = node.run({"llm": 0, "p1": 1, "p2": 2, "index": "i", "params:limit": 5})["ctx"]
    assert context.tools["search"].given == ("i", 5)


def test_function_of_the_node_has_a_name() -> None:
    assert made()._func_name == "construct_context"


@pytest.mark.parametrize(("obj", "name"), [(build_search, "build_search"), (Search(1, 2), "search"), (3, "int")])
def test_tool_is_known_by_the_best_name_it_has(obj: object, name: str) -> None:
    assert _get_tool_name(obj) == name


@pytest.mark.parametrize(
    ("outputs", "word"), [("a", "a"), (["a", "b"], "a__b"), ({"x": "p", "y": "q"}, "p__q"), (5, "5")]
)
def test_outputs_become_one_word(outputs: Any, word: str) -> None:
    assert _normalize_outputs(outputs) == word
