"""What a node may be made of: the checks of its definition and the words in which they fail."""

import functools
import re
from collections.abc import Callable, Iterable
from typing import Any

from ._binding import bind, parameters_of
from ._warning import warn
from .transcoding import base_names

Names = str | list[str] | dict[str, str] | None

# The line of the contract: re.match, so that word characters of every language are fine.
_VALID_NAME = re.compile(r"[\w\.-]+$")

_PURPOSES = {"inputs": "inputs to the function", "outputs": "outputs of the function"}


def _node_error_message(msg: str) -> str:
    return f"Invalid Node definition: {msg}\nFormat should be: node(function, inputs, outputs)"


def _to_list(element: str | Iterable[str] | dict[str, str] | None) -> list[str]:
    """Return names as a list, whatever they were declared in."""
    if element is None:
        return []
    if isinstance(element, str):
        return [element]
    if isinstance(element, dict):
        return list(element.values())
    return list(element)


def _dict_inputs_to_list(func: Callable[..., Any], inputs: dict[str, str]) -> list[str]:
    """Return the names of inputs in the order in which the function takes them."""
    return list(bound_inputs(func, inputs))


def _get_readable_func_name(func: Callable[..., Any]) -> str:
    """Return a name of the function for people."""
    if hasattr(func, "__name__"):
        return str(func.__name__)
    return "<partial>" if isinstance(func, functools.partial) else repr(func)


def check_function(func: object) -> None:
    """Refuse what cannot be called."""
    if not callable(func):
        raise ValueError(_node_error_message(f"first argument must be a function, not '{type(func).__name__}'."))


def checked_names(side: str, declared: Names) -> tuple[str, ...]:
    """Return declared names in a row.

    Args:
        side: ``inputs`` or ``outputs``.
        declared: the names as given to the node.

    Raises:
        ValueError: they are neither str, list, dict nor None, or one of them is no str.
    """
    if isinstance(declared, str):
        return (declared,) if declared else ()
    if isinstance(declared, list):
        names = tuple(declared)
    elif isinstance(declared, dict):
        names = tuple(declared.values())
    elif declared is None:
        return ()
    else:
        raise ValueError(
            _node_error_message(
                f"'{side}' type must be one of [String, List, Dict, None], not '{type(declared).__name__}'."
            )
        )
    for name in names:
        if not isinstance(name, str):
            raise ValueError(
                _node_error_message(
                    f"names of variables used as {_PURPOSES[side]} must be of 'String' type, "
                    f"but {name} from {declared} is '{type(name)}'."
                )
            )
    return names


def bound_inputs(func: Callable[..., Any], inputs: Names) -> tuple[str, ...]:
    """Return the names of inputs in the order in which the function takes them.

    Raises:
        TypeError: the function cannot be called with them.
    """
    names = bind(func, inputs)
    if names is None:
        parameters = parameters_of(func)
        expected = list(parameters.names) if parameters else []
        raise TypeError(f"Inputs of '{_get_readable_func_name(func)}' function expected {expected}, but got {inputs}")
    return names


def check_label(kind: str, label: str) -> None:
    """Refuse a node's name or tag that could not be typed on a command line."""
    if not _VALID_NAME.match(label):
        raise ValueError(
            f"'{label}' is not a valid node {kind}. It must contain only letters, digits, "
            f"hyphens, underscores and/or fullstops."
        )


def check_distinct(
    inputs: tuple[str, ...], outputs: tuple[str, ...], shown: Callable[[], str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Refuse outputs that repeat, or that are inputs too.

    Args:
        inputs: full names.
        outputs: full names.
        shown: gives the node's text for the message.

    Returns:
        Inputs and outputs without transcoding.
    """
    if len(outputs) > 1 and len(set(outputs)) < len(outputs):
        repeated = {name for name in outputs if outputs.count(name) > 1}
        raise ValueError(
            f"Failed to create node {shown()} due to duplicate output(s) {_braced(repeated)}.\n"
            f"Node outputs must be unique."
        )
    input_bases, output_bases = base_names(inputs), base_names(outputs)
    for base in output_bases:
        if base in input_bases:
            common = set(input_bases).intersection(output_bases)
            raise ValueError(
                f"Failed to create node {shown()}.\n"
                f"A node cannot have the same inputs and outputs even if they are transcoded: {_braced(common)}"
            )
    return input_bases, output_bases


def _braced(names: Iterable[str]) -> str:
    """Return names as a set prints them, but in order, so that a message is the same on every run."""
    return "{" + ", ".join(map(repr, sorted(names))) + "}"


def _is_dotted(name: str, namespace: str | None) -> bool:
    if "." not in name or name.startswith("params:"):
        return False
    # The contract compares strings, not components: with namespace "ns" the name "nsother.x" is fine too.
    return not (namespace and name.rpartition(".")[0].startswith(namespace.partition(".")[0]))


def first_dotted(names: Iterable[str], namespace: str | None) -> str | None:
    """Return the first name with a dot that no namespace put there."""
    return next((name for name in names if _is_dotted(name, namespace)), None)


def default_name(func: Callable[..., Any], inputs: tuple[str, ...], outputs: tuple[str, ...]) -> str:
    """Return the name of a node that was given none: its function and a digest of what it reads and writes."""
    if isinstance(func, functools.partial):
        base = key = f"partial({_plain_name(func.func)})"
    else:
        base = _plain_name(func)
        key = f"{getattr(func, '__module__', None)}.{base}"
    # Imported here: it loads OpenSSL, and most nodes have a name of their own.
    import hashlib

    digest = hashlib.sha256(f"{key}|{list(inputs)}|{list(outputs)}".encode(), usedforsecurity=False)
    return f"{base}__{digest.hexdigest()[:8]}"


def _plain_name(func: Callable[..., Any]) -> str:
    # An object that can be called has no name of its own, so it goes by its class.
    name = getattr(func, "__name__", None)
    return name if isinstance(name, str) else type(func).__name__


def warn_partial(outputs: list[str]) -> None:
    """Tell that a partial function makes for poor log messages."""
    warn(
        f"The node producing outputs '{outputs}' is made from a 'partial' function. "
        f"Partial functions do not have a '__name__' attribute: consider using "
        f"'functools.update_wrapper' for better log messages."
    )


def rename_names(declared: Names, rename: Callable[[str], str]) -> Names:
    """Return declared names renamed, in the shape they had."""
    if not declared:
        return declared
    if isinstance(declared, str):
        return rename(declared)
    if isinstance(declared, dict):
        return {key: rename(name) for key, name in declared.items()}
    return [rename(name) for name in declared]


def in_a_row(declared: Names) -> tuple[str, ...]:
    """Return names that were checked before, in a row."""
    if not declared:
        return ()
    if isinstance(declared, str):
        return (declared,)
    return tuple(declared.values()) if isinstance(declared, dict) else tuple(declared)


def hashable(declared: Names) -> Any:
    """Return declared names as nodes are compared by: the order of a list counts, that of a dict does not."""
    if isinstance(declared, dict):
        return tuple(sorted(declared.items()))
    return tuple(declared) if isinstance(declared, list) else declared
