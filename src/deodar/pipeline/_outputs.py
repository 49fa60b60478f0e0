"""What a node's function returned, given to the names of the node's outputs.

A generator is never run to its end here: its items are split into one lazy stream per output.
"""

import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from types import GeneratorType
from typing import Any

from ._warning import warn

_FRAMEWORK = __name__.partition(".")[0].capitalize()

Unzip = Callable[[Iterable[Any]], Iterable[Iterator[Any]]]


def spy(iterable: Iterable[Any], n: int = 1) -> tuple[list[Any], Iterator[Any]]:
    """Return the first ``n`` items, and an iterator over all of them, those included."""
    iterator = iter(iterable)
    head = list(itertools.islice(iterator, n))
    return head, itertools.chain(head, iterator)


def unzip(iterable: Iterable[Any]) -> tuple[Iterator[Any], ...]:
    """Split an iterable of rows into one lazy iterator per column of the first row.

    A row that is too short ends the columns that it lacks. Columns may be read by different threads.
    """
    head, rows = spy(iterable)
    if not head:
        return ()
    columns = _Columns(rows, len(head[0]))
    return tuple(columns.column(index) for index in range(len(head[0])))


class _Columns:
    """Rows shared by the readers of their columns; a row is kept until the last column has read it."""

    def __init__(self, rows: Iterator[Any], width: int) -> None:
        self._rows = rows
        self._waiting: list[deque[Any]] = [deque() for _ in range(width)]
        # Guards the rows and what waits: a generator cannot be advanced by two threads at once.
        self._lock = threading.Lock()

    def column(self, index: int) -> Iterator[Any]:
        waiting = self._waiting[index]
        while True:
            with self._lock:
                if not waiting:
                    for row in itertools.islice(self._rows, 1):
                        for queue in self._waiting:
                            queue.append(row)
                if not waiting:
                    return
                row = waiting.popleft()
            try:
                value = row[index]
            except IndexError:
                return
            yield value


def outputs_by_name(
    node: object, declared: str | list[str] | dict[str, str], returned: Any, unzip: Unzip
) -> dict[str, Any]:
    """Return each output's value.

    Args:
        node: its text goes into errors.
        declared: the node's outputs.
        returned: what its function returned.
        unzip: splits the rows of a generator into columns.

    Raises:
        ValueError: the function returned another shape than the declared one.
    """
    if isinstance(declared, str):
        return {declared: returned}
    if isinstance(returned, GeneratorType):
        return _streams(node, declared, returned, unzip)
    if isinstance(declared, dict):
        _check_dict(node, declared, returned)
        return {name: returned[key] for key, name in declared.items()}
    _check_sequence(node, declared, returned)
    return dict(zip(declared, returned, strict=True))


def _streams(
    node: object, declared: list[str] | dict[str, str], returned: Iterable[Any], unzip: Unzip
) -> dict[str, Any]:
    head, rows = spy(returned)
    names = list(declared.values()) if isinstance(declared, dict) else declared
    if not head:
        return {name: iter(()) for name in names}
    if isinstance(declared, dict):
        _check_dict(node, declared, head[0])
        keys = list(declared)
        rows = ([row[key] for key in keys] for row in rows)
    else:
        _check_sequence(node, declared, head[0])
    # Not strict: this module's own unzip always gives one column for each output.
    return dict(zip(names, unzip(rows), strict=False))


def _check_dict(node: object, declared: dict[str, str], returned: Any) -> None:
    if not isinstance(returned, dict):
        problem = f"The node output is a dictionary, whereas the function output is {type(returned)}."
    elif returned.keys() != declared.keys():
        # The two sets are in the contract's order, what was returned first.
        problem = (
            f"The node's output keys {set(returned)} do not match with the returned output's keys {set(declared)}."
        )
    else:
        return
    raise ValueError(f"Failed to save outputs of node {node}.\n{problem}")


def _check_sequence(node: object, declared: list[str], returned: Any) -> None:
    if not isinstance(returned, list | tuple):
        problem = (
            f"The node definition contains a list of outputs {declared}, "
            f"whereas the node function returned a '{type(returned).__name__}'."
        )
    elif len(returned) != len(declared):
        problem = (
            f"The node function returned {len(returned)} output(s), "
            f"whereas the node definition contains {len(declared)} output(s)."
        )
    else:
        return
    raise ValueError(f"Failed to save outputs of node {node}.\n{problem}")


def warn_ignored(name: str, returned: Any) -> None:
    """Tell that a node without outputs returned something."""
    warn(
        f"Node '{name}' returned a value of type '{type(returned).__name__}', but the node is defined with "
        f"outputs=None. {_FRAMEWORK} ignores return values for nodes without declared outputs. If this return value "
        f"is intentional, declare outputs in the node definition to include it in the pipeline."
    )
