"""A node: one function, what it reads and what it writes.

A node never changes, apart from its function, which hooks may replace. Everything that can be derived from
its definition is derived once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from .._front_door import front_door
from ..utils import KedroExperimentalWarning
from ._calling import call
from ._definition import (
    Names,
    _dict_inputs_to_list,
    _get_readable_func_name,
    _node_error_message,
    _to_list,
    bound_inputs,
    check_distinct,
    check_function,
    check_label,
    checked_names,
    default_name,
    first_dotted,
    hashable,
    in_a_row,
    rename_names,
    warn_partial,
)
from ._outputs import outputs_by_name, spy, unzip, warn_ignored
from ._warning import warn
from .transcoding import _strip_transcoding, base_names

if TYPE_CHECKING:
    from ._grouping import GroupedNodes
    from .preview_contract import PreviewPayload

__all__ = [
    "GroupedNodes",
    "Node",
    "_dict_inputs_to_list",
    "_get_readable_func_name",
    "_node_dataset_name_validation",
    "_node_error_message",
    "_strip_transcoding",
    "_to_list",
    "node",
    "spy",
    "unzip",
]

_DOTTED_DATASET_NAME_WARNED = "__dotted_dataset_name_warned__"
_PREVIEW_FN_WARNED = "__preview_fn_warned__"
_FRAMEWORK = __name__.partition(".")[0].capitalize()

# Derived from the rest of a node, hence no part of its pickle. The last two are the caches of the contract's
# own nodes, which pickles made elsewhere may hold.
_DERIVED = frozenset({"_derived_inputs", "_derived_outputs", "_derived_bases", "_derived_name", "_derived_key"})
_FOREIGN_CACHES = frozenset({"inputs", "namespace_prefixes", "_unique_key"})

logger = logging.getLogger(__name__)

__getattr__, __dir__ = front_door(__name__, {"GroupedNodes": "_grouping"})

Key = tuple[Any, ...]


class Node:
    """One function of a pipeline, with the names of the datasets it reads and writes.

    Nodes compare and sort by name, inputs and outputs; the function takes no part.
    """

    _preview_fn: Callable[..., PreviewPayload] | None = None
    # Class-level, so that a node made without __init__ (a pickle, a copy) derives them when first asked.
    _derived_inputs: tuple[str, ...] | None = None
    _derived_outputs: tuple[str, ...] | None = None
    _derived_bases: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    _derived_name: str | None = None
    _derived_key: Key | None = None

    def __init__(
        self,
        func: Callable[..., Any],
        inputs: Names,
        outputs: Names,
        *,
        name: str | None = None,
        tags: str | Iterable[str] | None = None,
        confirms: str | list[str] | None = None,
        namespace: str | None = None,
        preview_fn: Callable[..., PreviewPayload] | None = None,
    ) -> None:
        """Define a node.

        Args:
            func: what to call.
            inputs: name(s) of the datasets that it reads: one, a list for positional arguments, or a dict from
                parameter to dataset.
            outputs: name(s) of the datasets that it writes: one, a list, or a dict from the key of the returned
                dict to the dataset.
            name: letters, digits, hyphens, underscores and full stops; by default the function's name and a
                digest of inputs and outputs.
            tags: labels to select nodes by.
            confirms: name(s) of the datasets to confirm after the node has run.
            namespace: dotted name of the group that the node belongs to.
            preview_fn: called without arguments for a picture of the node.

        Raises:
            ValueError: a part of the definition is of the wrong type or form.
            TypeError: the function cannot be called with these inputs.
        """
        check_function(func)
        input_names = checked_names("inputs", inputs)
        self._warn_if_dotted(input_names, namespace)
        output_names = checked_names("outputs", outputs)
        self._warn_if_dotted(output_names, namespace)
        if not input_names and not output_names:
            raise ValueError(_node_error_message("it must have some 'inputs' or 'outputs'."))
        self._derived_inputs = bound_inputs(func, inputs)
        self._derived_outputs = output_names
        if name:
            check_label("name", name)
        own_tags = set(_to_list(tags))
        for tag in own_tags:
            check_label("tag", tag)

        self._func = func
        self._inputs = inputs
        self._outputs = outputs
        self._name = name
        self._namespace = namespace
        self._tags = own_tags
        self._confirms = confirms
        self._derived_bases = check_distinct(self._derived_inputs, output_names, self.__str__)
        if preview_fn:
            self._preview_fn = _checked_preview_fn(preview_fn)

    @staticmethod
    def _warn_if_dotted(names: tuple[str, ...], namespace: str | None) -> None:
        # The flag is asked first: it is nearly always set where names are dotted at all.
        if not hasattr(Node, _DOTTED_DATASET_NAME_WARNED) and (name := first_dotted(names, namespace)):
            _warn_dotted(name)

    def _copy(self, **overwrite_params: Any) -> Node:
        """Return a node made anew from the same definition, with some of its parts replaced."""
        definition = {
            "func": self._func,
            "inputs": self._inputs,
            "outputs": self._outputs,
            "name": self._name,
            "namespace": self._namespace,
            "tags": self._tags,
            "confirms": self._confirms,
            "preview_fn": self._preview_fn,
        }
        return Node(**{**definition, **overwrite_params})

    def _twin(self) -> Node:
        """Return a plain node of the same definition without checking it again."""
        twin = object.__new__(Node)
        twin._func, twin._inputs, twin._outputs = self._func, self._inputs, self._outputs
        twin._name, twin._namespace, twin._tags = self._name, self._namespace, self._tags
        twin._confirms, twin._preview_fn = self._confirms, self._preview_fn
        twin._derived_inputs, twin._derived_outputs = self.input_names, self.output_names
        twin._derived_bases = self.base_names
        return twin

    def _renamed(self, rename: Callable[[str], str], namespace: str | None) -> Node:
        """Return this node in a namespace, with every dataset renamed.

        How the inputs bind depends on their number and keys alone, so it is not worked out again.

        Args:
            rename: from old to new name of a dataset.
            namespace: the new node's full namespace.

        Raises:
            ValueError: two outputs, or an input and an output, got one name.
        """
        inputs, outputs = rename_names(self._inputs, rename), rename_names(self._outputs, rename)
        confirms = rename_names(self._confirms, rename)
        if type(self)._copy is not Node._copy:
            return self._copy(inputs=inputs, outputs=outputs, confirms=confirms, namespace=namespace)
        twin = self._twin()
        twin._inputs, twin._outputs, twin._namespace = inputs, outputs, namespace
        twin._confirms = confirms  # type: ignore[assignment]  # of the shape it had, and that was no dict
        # Renaming keeps the order in which a dict was bound.
        input_names = tuple(map(rename, self.input_names)) if isinstance(inputs, dict) else in_a_row(inputs)
        output_names = in_a_row(outputs)
        twin._derived_inputs, twin._derived_outputs = input_names, output_names
        twin._derived_bases = check_distinct(input_names, output_names, twin.__str__)
        return twin

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in _DERIVED}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update({name: value for name, value in state.items() if name not in _FOREIGN_CACHES})

    @property
    def input_names(self) -> tuple[str, ...]:
        """Names of the datasets it reads, in the order in which the function takes them."""
        if self._derived_inputs is None:
            # Only a dict needs the signature for its order, and a function that a hook put here may have another.
            declared = self._inputs
            is_dict = isinstance(declared, dict) and declared
            self._derived_inputs = bound_inputs(self._func, declared) if is_dict else checked_names("inputs", declared)
        return self._derived_inputs

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the datasets it writes."""
        if self._derived_outputs is None:
            self._derived_outputs = checked_names("outputs", self._outputs)
        return self._derived_outputs

    @property
    def base_names(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Inputs and outputs, all without transcoding."""
        if self._derived_bases is None:
            self._derived_bases = base_names(self.input_names), base_names(self.output_names)
        return self._derived_bases

    @property
    def inputs(self) -> list[str]:
        """Names of the datasets it reads, in the order in which the function takes them."""
        return list(self.input_names)

    @property
    def outputs(self) -> list[str]:
        """Names of the datasets it writes."""
        return list(self.output_names)

    @property
    def confirms(self) -> list[str]:
        """Names of the datasets to confirm after it has run."""
        return _to_list(self._confirms)

    @property
    def func(self) -> Callable[..., Any]:
        """The function; hooks may replace it."""
        return self._func

    @func.setter
    def func(self, func: Callable[..., Any]) -> None:
        check_function(func)
        self._func = func
        # The key stays: whoever holds this node in a set or dict must still find it.
        self._derived_inputs = self._derived_bases = self._derived_name = None

    @property
    def name(self) -> str:
        """Full name: the namespace, and the given or default name."""
        if self._derived_name is None:
            name = self._name or default_name(self._func, self.input_names, self.output_names)
            self._derived_name = f"{self._namespace}.{name}" if self._namespace else name
        return self._derived_name

    @property
    def short_name(self) -> str:
        """The given name, or the function's written for people; without the namespace."""
        return self._name or self._func_name.replace("_", " ").title()

    @property
    def _func_name(self) -> str:
        name = _get_readable_func_name(self._func)
        if name == "<partial>":
            warn_partial(self.outputs)
        return name

    @property
    def namespace(self) -> str | None:
        """Dotted name of the group that it belongs to."""
        return self._namespace

    @property
    def namespace_prefixes(self) -> list[str]:
        """The namespace and all that it lies in, the outermost first."""
        if not self._namespace:
            return []
        parts = self._namespace.split(".")
        return [".".join(parts[:depth]) for depth in range(1, len(parts) + 1)]

    @property
    def tags(self) -> set[str]:
        """Labels to select it by."""
        return set(self._tags)

    def tag(self, tags: str | Iterable[str] | None) -> Node:
        """Return this node with tags added."""
        added = _to_list(tags)
        if type(self)._copy is not Node._copy:
            return self._copy(tags=self.tags | set(added))
        for tag in added:
            check_label("tag", tag)
        twin = self._twin()
        twin._tags = self._tags.union(added)
        twin._derived_name, twin._derived_key = self._derived_name, self._derived_key
        return twin

    @property
    def _unique_key(self) -> Key:
        if self._derived_key is None:
            self._derived_key = (self.name, hashable(self._inputs), hashable(self._outputs))
        return self._derived_key

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Node):
            return NotImplemented
        return self is other or self._unique_key == other._unique_key

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Node):
            return NotImplemented
        return self._unique_key < other._unique_key

    def __hash__(self) -> int:
        return hash(self._unique_key)

    def __str__(self) -> str:
        prefix = f"{self._name}: " if self._name else ""
        inputs, outputs = (f"[{';'.join(names)}]" if names else None for names in (self.input_names, self.output_names))
        return f"{prefix}{self._func_name}({inputs}) -> {outputs}"

    def __repr__(self) -> str:
        return f"Node({self._func_name}, {self._inputs!r}, {self._outputs!r}, {self._name!r})"

    def __call__(self, **kwargs: Any) -> dict[str, Any]:
        return self.run(inputs=kwargs)

    def preview(self) -> PreviewPayload | None:
        """Return the picture that ``preview_fn`` gives of this node, or None without one.

        Raises:
            ValueError: the function returned no preview.
        """
        if not self._preview_fn:
            return None
        # Imported here: few nodes have a preview, and only a page that shows pipelines asks for it.
        from .preview_contract import CustomPreview, ImagePreview, MermaidPreview, TextPreview

        payload = self._preview_fn()
        if not isinstance(payload, TextPreview | MermaidPreview | ImagePreview | CustomPreview):
            raise ValueError(
                f"preview_fn must return one of the valid preview types (TextPreview, MermaidPreview, "
                f"ImagePreview, or CustomPreview), but got '{type(payload).__name__}' instead."
            )
        return payload

    def run(self, inputs: dict[str, Any] | None = None) -> dict[str, Any]:
        """Call the function and return its outputs by name.

        Args:
            inputs: data by name; exactly the names that the node declares.

        Raises:
            ValueError: ``inputs`` are others than declared, or the function returned another shape than the
                outputs have.
            Exception: whatever the function raises, unchanged.
        """
        if inputs is not None and not isinstance(inputs, dict):
            raise ValueError(f"Node.run() expects a dictionary or None, but got {type(inputs)} instead")
        # Brackets in a node's text are no markup.
        plain = {"markup": False}
        logger.info("Running node: %s", self, extra=plain)
        try:
            return self._named_outputs(call(self, self._func, self._inputs, inputs or {}))
        except Exception as exc:
            logger.error("Node %s failed with error: \n%s", self, exc, extra=plain)
            raise

    def _named_outputs(self, returned: Any) -> dict[str, Any]:
        # An empty list or dict says no outputs too, but what a function returned against it is an error.
        if self._outputs is None or (not self._outputs and returned is None):
            if returned is not None:
                warn_ignored(self._name or self._func_name, returned)
            return {}
        # From this module's namespace, where the contract wants it to be replaceable.
        return outputs_by_name(self, self._outputs, returned, unzip)


def node(
    func: Callable[..., Any],
    inputs: Names,
    outputs: Names,
    *,
    name: str | None = None,
    tags: str | Iterable[str] | None = None,
    confirms: str | list[str] | None = None,
    namespace: str | None = None,
    preview_fn: Callable[..., PreviewPayload] | None = None,
) -> Node:
    """Define a node; the arguments are those of ``Node``."""
    return Node(
        func,
        inputs,
        outputs,
        name=name,
        tags=tags,
        confirms=confirms,
        namespace=namespace,
        preview_fn=preview_fn,
    )


def _node_dataset_name_validation(name: str, namespace: str | None) -> None:
    """Warn, once per process, about a name with a dot that no namespace put there."""
    Node._warn_if_dotted((name,), namespace)


def _warn_dotted(name: str) -> None:
    setattr(Node, _DOTTED_DATASET_NAME_WARNED, True)
    warn(
        f"One or more dataset names contain '.' characters, such as {name!r}, which is not recommended as the "
        f"dot notation is reserved for automatic namespacing in {_FRAMEWORK}. "
        f"Consider using a different naming convention."
    )


def _checked_preview_fn(preview_fn: Callable[..., PreviewPayload]) -> Callable[..., PreviewPayload]:
    if not callable(preview_fn):
        raise ValueError(_node_error_message(f"preview_fn must be a function, not '{type(preview_fn).__name__}'."))
    if not hasattr(Node, _PREVIEW_FN_WARNED):
        setattr(Node, _PREVIEW_FN_WARNED, True)
        warn(
            "The 'preview_fn' feature is experimental and may change in future versions.",
            KedroExperimentalWarning,
        )
    return preview_fn
