"""What a function does: its normalised syntax, and the names it reaches for.

Comments, formatting, docstrings and line numbers do not count: see ``source``. The source is believed only when
compiling it gives the very code object that is loaded: a file edited after its import would otherwise vouch for code
that never ran. Where there is no such source, the bytecode speaks.
"""

from __future__ import annotations

import json
import linecache
import marshal
from types import CodeType
from typing import TYPE_CHECKING, Protocol

from ..._records import dataclass
from . import bytecode
from .digests import digest_bytes

if TYPE_CHECKING:
    from .source import SourceIndex

DYNAMIC = {"eval", "exec", "globals", "locals", "vars", "__import__", "compile"}
DYNAMIC_METHODS = {
    *("import_module", "__subclasses__", "resolve_name", "load_obj", "run_path", "run_module"),
    *("getsource", "getsourcelines", "getcomments", "getdoc"),
}
# Not called, but what is found there is anything all the same.
DYNAMIC_ATTRIBUTES = {"__globals__", "f_globals", "f_locals", "f_builtins"}


def reaches_anything(name: str) -> bool:
    """Say whether what is called this in the standard library, or in ours, finds things by names made at run time."""
    return name in DYNAMIC or name in DYNAMIC_METHODS


@dataclass(frozen=True, slots=True)
class LocalImport:
    """An import inside a function: the local name, and what it stands for."""

    alias: str
    module: str
    level: int
    attribute: str


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """What one code object does, and what it reaches for.

    Attributes:
        digest: of the normalised syntax.
        names: dotted chains that start with a name from outside, in order of appearance.
        imports: imports in its body.
        dynamic: calls through which it may reach what cannot be seen.
    """

    digest: str
    names: tuple[str, ...] = ()
    imports: tuple[LocalImport, ...] = ()
    dynamic: tuple[str, ...] = ()


class Memo(Protocol):
    """Remembers texts by key from run to run."""

    def get(self, key: str) -> str | None:
        """Return what was put, or None."""
        ...

    def put(self, key: str, text: str) -> None:
        """Remember a text."""
        ...


class SourceReader:
    """Facts of code objects; every file is parsed once, and with a memo only when it changed."""

    def __init__(self, memo: Memo | None = None) -> None:
        self._memo = memo
        self._files: dict[str, SourceIndex | None] = {}
        self._facts: dict[CodeType, CodeFacts] = {}

    def facts(self, code: CodeType, doc: str | None) -> CodeFacts:
        """Return the facts of a code object whose function has this docstring."""
        found = self._facts.get(code)
        if found is None:
            found = self._facts[code] = self._remembered(code, doc)
        return found

    def _remembered(self, code: CodeType, doc: str | None) -> CodeFacts:
        if self._memo is None:
            return self._read(code, doc)
        # Format 2 has no back references, so equal code gives equal bytes. They include file and line, so the
        # source can only say something else about the same bytes if comments or layout changed.
        key = digest_bytes(b"facts 2", marshal.dumps(code, 2))
        text = self._memo.get(key)
        if text is not None:
            return _load(text)
        facts = self._read(code, doc)
        self._memo.put(key, _dump(facts))
        return facts

    def _read(self, code: CodeType, doc: str | None) -> CodeFacts:
        index = self._index(code.co_filename)
        node = None if index is None else index.find(code)
        if node is None:
            return CodeFacts(bytecode.digest(code, doc), bytecode.names(code))
        # Imported here: what follows from a source is remembered, and the parser need not be loaded to know it again.
        from .source import read_syntax

        return read_syntax(node)

    def _index(self, filename: str) -> SourceIndex | None:
        from .source import SourceIndex

        if filename not in self._files:
            linecache.checkcache(filename)
            self._files[filename] = SourceIndex.of("".join(linecache.getlines(filename)), filename)
        return self._files[filename]


def _dump(facts: CodeFacts) -> str:
    imports = [[found.alias, found.module, found.level, found.attribute] for found in facts.imports]
    return json.dumps([facts.digest, facts.names, imports, facts.dynamic])


def _load(text: str) -> CodeFacts:
    digest, names, imports, dynamic = json.loads(text)
    return CodeFacts(digest, tuple(names), tuple(LocalImport(*found) for found in imports), tuple(dynamic))
