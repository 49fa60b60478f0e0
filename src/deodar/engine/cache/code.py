"""Fingerprints of code: a function and all of the project that it can reach.

Followed: helpers, module constants, closures, defaults, methods, classes and their bases, decorators, partials,
attributes of the project's modules. Not followed: packages of others (their version counts) and the standard library
(the version of Python counts). What cannot be followed is said in the notes.

The root is a digest of the reachable graph, each thing by its content and its edges: neither the module nor the line
where something stands is part of it, but which name leads where is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable
from typing import Any

from ..._records import dataclass, field
from .digests import digest_text
from .fingerprint import Fingerprint, Leaf
from .objects import Describer
from .packages import Packages, python_leaf
from .parts import Part
from .syntax import Memo, SourceReader


@dataclass(slots=True)
class _Node:
    """A thing that was reached: what it is, and the numbers of what it reaches."""

    part: Part
    edges: list[tuple[str, int]] = field(default_factory=list)


class CodeTracker:
    """Fingerprints functions; facts are kept for the tracker's life, so make one for each look at the code.

    Args:
        is_project_module: which modules are the user's own, by dotted name.
        memo: remembers facts of code from run to run.
        packages: versions of other people's code.
    """

    def __init__(
        self,
        is_project_module: Callable[[str], bool],
        memo: Memo | None = None,
        packages: Packages | None = None,
    ) -> None:
        self._describer = Describer(is_project_module, SourceReader(memo), packages or Packages())
        self._done: dict[int, tuple[Any, Fingerprint]] = {}

    def fingerprint(self, function: Callable[..., Any]) -> Fingerprint:
        """Return what ``function`` is made of."""
        found = self._done.get(id(function))
        if found is None:
            # The function is kept beside its fingerprint: an id may be used again once its object is gone.
            found = self._done[id(function)] = (function, self._walk(function))
        return found[1]

    def _walk(self, function: Callable[..., Any]) -> Fingerprint:
        nodes: list[_Node] = []
        numbers: dict[Hashable, int] = {}
        pending: deque[_Node] = deque()

        def reach(part: Part) -> int:
            number = numbers.get(part.key)
            if number is None:
                number = numbers[part.key] = len(nodes)
                nodes.append(_Node(part))
                pending.append(nodes[number])
            return number

        reach(self._describer.describe(function, "function", ""))
        # Breadth first and in the order of appearance: the numbers are the same in every process.
        while pending:
            node = pending.popleft()
            for label, part in self._describer.edges(node.part):
                node.edges.append((label, reach(part)))
        return _summarise(nodes)


def _summarise(nodes: list[_Node]) -> Fingerprint:
    spelled = [python_leaf().digest, *(_spell(node.part.kind, node.part.digest, node.edges) for node in nodes)]
    noted = dict.fromkeys(note for node in nodes for note in node.part.notes)
    # Most functions have not changed, and nobody asks what they are made of.
    return Fingerprint(digest_text(*spelled), lambda: _leaves(nodes), tuple(noted))


def _leaves(nodes: list[_Node]) -> tuple[Leaf, ...]:
    parts = [node.part for node in nodes if node.part.kind and node.part.name]
    wiring = [
        f"{nodes[number].part.kind}:{label}:{nodes[number].part.digest}" for n in nodes for label, number in n.edges
    ]
    leaves = [
        python_leaf(),
        *(Leaf(part.kind, part.name, part.digest, part.shown) for part in parts),
        Leaf("wiring", "what its names stand for", digest_text(*wiring)),
    ]
    return tuple(dict.fromkeys(leaves))


def _spell(kind: str, digest: str, edges: Iterable[tuple[str, int]]) -> str:
    return digest_text(kind, digest, *(f"{label}>{number}" for label, number in edges))
