"""What the source of a function says: its normalised syntax, and the names it reaches for.

Comments, formatting, docstrings and line numbers do not count. The source is believed only when compiling it gives the
very code object that is loaded: a file edited after its import would otherwise vouch for code that never ran. Where
there is no such source, the bytecode speaks.
"""

from __future__ import annotations

import ast
import json
import linecache
import marshal
from collections.abc import Iterator
from types import CodeType
from typing import Protocol

from ..._records import dataclass
from . import bytecode
from .digests import digest_bytes, digest_text

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DYNAMIC = {"eval", "exec", "globals", "locals", "vars", "__import__", "compile"}
_DYNAMIC_METHODS = {
    *("import_module", "__subclasses__", "resolve_name", "load_obj", "run_path", "run_module"),
    *("getsource", "getsourcelines", "getcomments", "getdoc"),
}
# Not called, but what is found there is anything all the same.
_DYNAMIC_ATTRIBUTES = {"__globals__", "f_globals", "f_locals", "f_builtins"}


def reaches_anything(name: str) -> bool:
    """Say whether what is called this in the standard library, or in ours, finds things by names made at run time."""
    return name in _DYNAMIC or name in _DYNAMIC_METHODS


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
        self._files: dict[str, _SourceIndex | None] = {}
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
        return read_syntax(node)

    def _index(self, filename: str) -> _SourceIndex | None:
        if filename not in self._files:
            linecache.checkcache(filename)
            self._files[filename] = _SourceIndex.of("".join(linecache.getlines(filename)), filename)
        return self._files[filename]


class _SourceIndex:
    """The functions of one source text, found by the code objects they compile to."""

    def __init__(self, tree: ast.Module, code: CodeType) -> None:
        self._codes = set(_nested(code))
        self._nodes: dict[tuple[str, int], list[ast.AST]] = {}
        for node in ast.walk(tree):
            if isinstance(node, _FUNCTIONS):
                first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                self._nodes.setdefault((node.name, first), []).append(node)
            elif isinstance(node, ast.Lambda):
                self._nodes.setdefault(("<lambda>", node.lineno), []).append(node)

    @classmethod
    def of(cls, source: str, filename: str) -> _SourceIndex | None:
        """Index a source text; None when it does not compile."""
        try:
            tree = ast.parse(source, filename)
            return cls(tree, compile(source, filename, "exec", dont_inherit=True))
        except (SyntaxError, ValueError, RecursionError):
            return None

    def find(self, code: CodeType) -> ast.AST | None:
        """Return the one function that compiles to this code; two lambdas on a line cannot be told apart."""
        nodes = self._nodes.get((code.co_name, code.co_firstlineno), [])
        return nodes[0] if len(nodes) == 1 and code in self._codes else None


def _nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _nested(constant)


def digest_module(source: str) -> str:
    """Digest a whole module by its normalised syntax, or by its text when it does not parse."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return digest_text("source", source)
    return read_syntax(tree).digest


def read_syntax(node: ast.AST) -> CodeFacts:
    """Return the facts of a piece of syntax."""
    reader = _Reader()
    reader.visit(node)
    return CodeFacts(
        digest_text("syntax", ast.dump(_Normaliser().visit(node))),
        tuple(reader.names),
        tuple(reader.imports),
        tuple(reader.dynamic),
    )


class _Normaliser(ast.NodeTransformer):
    """Drops docstrings, and prefixes of strings that mean nothing."""

    def _without_docstring(self, node: ast.AST) -> ast.AST:
        body: list[ast.stmt] = node.body  # type: ignore[attr-defined]  # All four kinds that come here have one.
        # All leading strings, not one: a function inside another is normalised twice and must come out the same.
        # An empty body would not parse, but it dumps.
        while body and _is_string(body[0]):
            del body[0]
        return self.generic_visit(node)

    visit_Module = visit_ClassDef = visit_FunctionDef = visit_AsyncFunctionDef = _without_docstring

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        node.kind = None
        return node


def _is_string(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


class _Reader(ast.NodeVisitor):
    """Collects the dotted names, the imports and the dynamic calls."""

    def __init__(self) -> None:
        self.names: dict[str, None] = {}
        self.imports: list[LocalImport] = []
        self.dynamic: dict[str, None] = {}

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.names[node.id] = None

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        # Written and read at once, though its context says only the first.
        if isinstance(node.target, ast.Name):
            self.names[node.target.id] = None
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        chain, base = [node.attr], node.value
        while isinstance(base, ast.Attribute):
            chain.append(base.attr)
            base = base.value
        if isinstance(base, ast.Name):
            name = ".".join([base.id, *reversed(chain)])
            self.names[name] = None
            if name == "sys.modules":
                self.dynamic[name] = None
        else:
            if node.attr == "__doc__":
                self.dynamic[node.attr] = None
            self.visit(base)
        self.dynamic.update(dict.fromkeys(_DYNAMIC_ATTRIBUTES.intersection(chain)))

    def visit_Call(self, node: ast.Call) -> None:
        called = ast.unparse(node.func) if isinstance(node.func, (ast.Name, ast.Attribute)) else ""
        by_variable = called == "getattr" and len(node.args) > 1 and not isinstance(node.args[1], ast.Constant)
        if by_variable or called in _DYNAMIC or called.rpartition(".")[2] in _DYNAMIC_METHODS:
            self.dynamic[called] = None
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        for name in node.names:
            # ``import a.b`` binds ``a``, and loads ``a.b``.
            top = name.name if name.asname else name.name.partition(".")[0]
            self.imports.append(LocalImport(name.asname or top, top, 0, ""))
            if top != name.name:
                self.imports.append(LocalImport("", name.name, 0, ""))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for name in node.names:
            self.imports.append(LocalImport(name.asname or name.name, node.module or "", node.level, name.name))
            if name.name in _DYNAMIC_METHODS:
                self.dynamic[name.name] = None


def _dump(facts: CodeFacts) -> str:
    imports = [[found.alias, found.module, found.level, found.attribute] for found in facts.imports]
    return json.dumps([facts.digest, facts.names, imports, facts.dynamic])


def _load(text: str) -> CodeFacts:
    digest, names, imports, dynamic = json.loads(text)
    return CodeFacts(digest, tuple(names), tuple(LocalImport(*found) for found in imports), tuple(dynamic))
