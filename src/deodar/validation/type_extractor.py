"""Which parameters nodes want as models or dataclasses, read from the type hints of their functions."""

import functools
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, get_type_hints

from .model_factory import is_dataclass_type
from .utils import _members, _unwrap_optional, is_pydantic_class

if TYPE_CHECKING:
    from inspect import Signature

logger = logging.getLogger(__name__)

_PARAMS_PREFIX = "params:"


class TypeExtractor:
    """Collects the typed parameters of pipelines."""

    def __init__(self, pipelines: Mapping[str, Any]) -> None:
        """Remember whose nodes to look at.

        Args:
            pipelines: pipelines by name; what is no pipeline is passed over.
        """
        self.pipelines = pipelines
        self._hints: dict[int, dict[str, Any]] = {}
        self._warned: set[str] = set()

    def extract_types_from_pipelines(self) -> dict[str, Any]:
        """Return the wanted type by parameter, without the ``params:`` before it."""
        self._hints.clear()
        self._warned.clear()
        found: dict[str, Any] = {}
        for pipeline in self.pipelines.values():
            for key, wanted in self._extract_types_from_pipeline(pipeline).items():
                if key in found and found[key] != wanted:
                    logger.warning(
                        "Conflicting type requirements for parameter '%s': %s and %s. Using %s.",
                        key,
                        _type_name(found[key]),
                        _type_name(wanted),
                        _type_name(wanted),
                    )
                found[key] = wanted
        logger.debug("Found %d type requirement(s) across %d pipeline(s)", len(found), len(self.pipelines))
        return found

    def _extract_types_from_pipeline(self, pipeline: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for node in getattr(pipeline, "nodes", None) or ():
            found.update(self._extract_types_from_node(node))
        return found

    def _extract_types_from_node(self, node: Any) -> dict[str, Any]:
        inputs = getattr(node, "inputs", None) or ()
        func = getattr(node, "func", None)
        if func is None or not any(str(name).startswith(_PARAMS_PREFIX) for name in inputs):
            return {}
        # Imported here: many projects have no parameters, and it is slow to import.
        import inspect

        try:
            signature = inspect.signature(func)
        except (TypeError, ValueError) as exc:
            logger.warning("Could not read the signature of function %s: %s", _name(func), exc)
            return {}
        hints = self._type_hints(func)
        found = {}
        for dataset, argument in self._build_dataset_to_arg_mapping(node, signature).items():
            if dataset.startswith(_PARAMS_PREFIX) and self._is_supported(hints.get(argument)):
                key = dataset.removeprefix(_PARAMS_PREFIX)
                found[key] = hints[argument]
                logger.debug("Found parameter requirement: %s -> %s", key, _type_name(hints[argument]))
        return found

    @staticmethod
    def _build_dataset_to_arg_mapping(node: Any, signature: "Signature") -> dict[str, str]:
        """Return the name of the argument that each dataset becomes."""
        given = getattr(node, "_inputs", None)
        if not isinstance(given, (str, list, tuple, dict)):
            given = node.inputs
        positional = [given] if isinstance(given, str) else [] if isinstance(given, dict) else list(given)
        named = given if isinstance(given, dict) else {}
        try:
            bound = signature.bind(*positional, **named).arguments
        except TypeError:
            # A node that cannot be called has no types to offer; running it says why.
            return {}
        arguments: dict[str, str] = {}
        for name, value in bound.items():
            kind = signature.parameters[name].kind
            if kind is kind.VAR_POSITIONAL:
                datasets = list(value)
            elif kind is kind.VAR_KEYWORD:
                datasets = list(value.values())
            else:
                datasets = [value]
            arguments.update(dict.fromkeys(datasets, name))
        return arguments

    def _type_hints(self, func: Callable[..., Any]) -> dict[str, Any]:
        import inspect

        target = inspect.unwrap(func.func if isinstance(func, functools.partial) else func)
        if not (inspect.isroutine(target) or inspect.isclass(target)) and hasattr(type(target), "__call__"):  # noqa: B004
            target = type(target).__call__
        # By identity: a callable need not be hashable, and its node keeps it alive.
        if id(target) in self._hints:
            return self._hints[id(target)]
        try:
            hints = get_type_hints(target)
        # Hints are expressions of the project's own, and evaluating them may raise anything.
        except Exception as exc:
            logger.warning("Could not extract type hints from function %s: %s", _name(func), exc)
            hints = {}
        self._hints[id(target)] = hints
        return hints

    def _is_supported(self, hint: Any) -> bool:
        wanted = _unwrap_optional(hint)
        if any(_is_model(member) for member in _members(wanted)):
            text = str(wanted)
            if text not in self._warned:
                self._warned.add(text)
                logger.warning(
                    "Union type hint (%s) is not supported for validation. "
                    "Parameters with this type will be passed as raw dictionaries.",
                    " | ".join(_type_name(member) for member in _members(wanted)),
                )
            return False
        return _is_model(wanted)


def _is_model(tp: Any) -> bool:
    return is_pydantic_class(tp) or is_dataclass_type(tp)


def _type_name(tp: Any) -> str:
    """Return a type as it reads in messages."""
    return tp.__name__ if isinstance(tp, type) else str(tp)


def _name(func: Any) -> str:
    return getattr(func, "__name__", None) or repr(func)
