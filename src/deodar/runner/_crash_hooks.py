"""Telling hooks of nodes whose process could not: it died, or was ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..engine.events import Event, TaskFailed
from ..engine.model import FailureKind
from ._hooks import tell_of_node_error

if TYPE_CHECKING:
    from ..pipeline import Node
    from ._catalog import Catalog

_UNTOLD = frozenset({FailureKind.LOST, FailureKind.MEMORY, FailureKind.TIMEOUT})
"""Ways to fail in which no code of the node's own process had the last word."""


class InputsOnDemand(Mapping[str, Any]):
    """The inputs of a node that its process took along, loaded anew when somebody looks; most hooks do not."""

    def __init__(self, names: Sequence[str], load: Callable[[str], Any]) -> None:
        self._names = tuple(dict.fromkeys(names))
        self._load = load

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        return self._load(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class CrashHooks:
    """Calls ``on_node_error`` in the driver's process, once for each attempt that ended with its process.

    Args:
        load: returns an input by its name, while the run goes on.
    """

    def __init__(
        self,
        manager: Any,
        nodes: Sequence[Node],
        catalog: Catalog,
        load: Callable[[str], Any],
        *,
        is_async: bool,
        run_id: str | None,
    ) -> None:
        self._manager = manager
        self._nodes = nodes
        self._catalog = catalog
        self._load = load
        self._is_async = is_async
        self._run_id = run_id

    def observe(self, event: Event) -> None:
        """Tell the hooks of a crash."""
        if isinstance(event, TaskFailed) and event.failure.kind in _UNTOLD:
            node = self._nodes[event.task]
            tell_of_node_error(
                self._manager,
                event.failure.error,
                node,
                self._catalog,
                InputsOnDemand(node.inputs, self._load),
                is_async=self._is_async,
                run_id=self._run_id,
            )
