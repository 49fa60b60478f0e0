"""What a source text says: its syntax, normalised, its functions, and what it imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from types import CodeType

from .digests import digest_text
from .names import absolute
from .syntax import DYNAMIC, DYNAMIC_ATTRIBUTES, DYNAMIC_METHODS, CodeFacts, LocalImport

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class SourceIndex:
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
    def of(cls, source: str, filename: str) -> SourceIndex | None:
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
        self.dynamic.update(dict.fromkeys(DYNAMIC_ATTRIBUTES.intersection(chain)))

    def visit_Call(self, node: ast.Call) -> None:
        called = ast.unparse(node.func) if isinstance(node.func, (ast.Name, ast.Attribute)) else ""
        by_variable = called == "getattr" and len(node.args) > 1 and not isinstance(node.args[1], ast.Constant)
        if by_variable or called in DYNAMIC or called.rpartition(".")[2] in DYNAMIC_METHODS:
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
            if name.name in DYNAMIC_METHODS:
                self.dynamic[name.name] = None


def imports_in(source: str, package: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what a source imports anywhere, with the names it takes from there."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                # All packages on the way are loaded, too.
                parts = alias.name.split(".")
                yield from ((".".join(parts[: length + 1]), ()) for length in range(len(parts)))
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names if alias.name != "*")
            yield absolute(package, node.level, node.module or ""), names
