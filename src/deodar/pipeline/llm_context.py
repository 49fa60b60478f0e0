"""Nodes that put together what a language model works with: the model, its prompts and its tools."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .node import Node
from .preview_contract import PreviewPayload

_PARAMETER = "params:"


@dataclass
class LLMContext:
    """What a language model works with in one place of a pipeline.

    Attributes:
        context_id: which context it is.
        llm: the model.
        prompts: by the name of the dataset.
        tools: by their own names.
    """

    context_id: str
    llm: object
    prompts: dict[str, Any] = field(default_factory=dict)
    tools: dict[str, object] = field(default_factory=dict)


class _ToolConfig(NamedTuple):
    """A function that builds a tool, and the datasets that it is given."""

    func: Callable[..., object]
    inputs: list[str]


def tool(func: Callable[..., object], *inputs: str) -> _ToolConfig:
    """Declare a tool for ``llm_context_node``.

    Args:
        func: builds the tool. Called with keywords: the names of the inputs, without ``params:``.
        inputs: names of the datasets and parameters that it takes.
    """
    return _ToolConfig(func=func, inputs=list(inputs))


def _get_tool_name(obj: object) -> str:
    """Return a tool's name: its ``__name__``, else its ``name``, else that of its class."""
    name = getattr(obj, "__name__", None) or getattr(obj, "name", None)
    return str(name) if name else type(obj).__name__


def _normalize_outputs(outputs: str | list[str] | dict[str, str]) -> str:
    """Return the names of outputs as one word."""
    if isinstance(outputs, dict):
        return "__".join(outputs.values())
    return "__".join(outputs) if isinstance(outputs, list) else str(outputs)


class _Recipe:
    """How to put a context together. A bound method of it is the node's function: unlike a closure it pickles."""

    def __init__(self, context_id: str, prompts: list[str], tools: list[_ToolConfig]) -> None:
        self.context_id = context_id
        self.prompts = prompts
        self.tools = tools

    def construct_context(self, llm: object, **kwargs: Any) -> LLMContext:
        built = [
            each.func(**{name.removeprefix(_PARAMETER): kwargs[name] for name in each.inputs}) for each in self.tools
        ]
        return LLMContext(
            context_id=self.context_id,
            llm=llm,
            prompts={name: kwargs[name] for name in self.prompts if name in kwargs},
            tools={_get_tool_name(each): each for each in built},
        )


class LLMContextNode(Node):
    """A node that puts an ``LLMContext`` together."""

    def __init__(  # noqa: PLR0913 - the contract's signature
        self,
        *,
        outputs: str,
        llm: str,
        prompts: list[str],
        tools: list[_ToolConfig] | None = None,
        name: str | None = None,
        tags: str | Iterable[str] | None = None,
        confirms: str | list[str] | None = None,
        namespace: str | None = None,
        preview_fn: Callable[..., PreviewPayload] | None = None,
    ) -> None:
        """Define the node.

        Args:
            outputs: name of the dataset that gets the context.
            llm: name of the dataset that holds the model.
            prompts: names of the datasets that hold the prompts.
            tools: made by ``tool``.
            name: of the node, and of the context; by default made from the output.
            tags: labels to select the node by.
            confirms: name(s) of the datasets to confirm after the node has run.
            namespace: dotted name of the group that the node belongs to.
            preview_fn: called without arguments for a picture of the node.
        """
        declared = list(tools or ())
        names = [*prompts, *(each for config in declared for each in config.inputs)]
        context_id = name or f"llm_context_node__{_normalize_outputs(outputs)}"
        super().__init__(
            _Recipe(context_id, list(prompts), declared).construct_context,
            {"llm": llm, **{each: each for each in names}},
            outputs,
            name=name,
            tags=tags,
            confirms=confirms,
            namespace=namespace,
            preview_fn=preview_fn,
        )


def llm_context_node(  # noqa: PLR0913 - the contract's signature
    *,
    outputs: str,
    llm: str,
    prompts: list[str],
    tools: list[_ToolConfig] | None = None,
    name: str | None = None,
    tags: str | Iterable[str] | None = None,
    confirms: str | list[str] | None = None,
    namespace: str | None = None,
    preview_fn: Callable[..., PreviewPayload] | None = None,
) -> LLMContextNode:
    """Define a node that puts an ``LLMContext`` together; the arguments are those of ``LLMContextNode``."""
    return LLMContextNode(
        outputs=outputs,
        llm=llm,
        prompts=prompts,
        tools=tools,
        name=name,
        tags=tags,
        confirms=confirms,
        namespace=namespace,
        preview_fn=preview_fn,
    )
