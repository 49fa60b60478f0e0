"""A node, taken apart into cells of a notebook: its inputs, the imports, the function with what it needs, the call."""

import ast
import importlib.util
import inspect
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from ..pipeline import Node
from ..utils import get_close_matches

logger = logging.getLogger(__package__)

_FUTURE = "from __future__ import "
_RELATIVE = re.compile(r"from (\.+[\w.]*)(?= import\b)")

_Function = ast.FunctionDef | ast.AsyncFunctionDef


class _NodeBoundArguments(inspect.BoundArguments):
    """The datasets of a node, bound to the arguments of its function."""

    def _find_var_positional_arg(self) -> str | None:
        """Return the name of the argument that takes any number of values, or None."""
        kinds = ((name, parameter.kind) for name, parameter in self.signature.parameters.items())
        return next((name for name, kind in kinds if kind is inspect.Parameter.VAR_POSITIONAL), None)

    def _find_var_keyword_arg(self) -> str | None:
        """Return the name of the argument that takes values of any name, or None."""
        kinds = ((name, parameter.kind) for name, parameter in self.signature.parameters.items())
        return next((name for name, kind in kinds if kind is inspect.Parameter.VAR_KEYWORD), None)


def _load_node(node_name: str, pipelines: Mapping[str, Any]) -> list[str]:
    """Return the cells that run a node step by step.

    Raises:
        ValueError: no pipeline has a node of this name.
        FileNotFoundError: the source of its function cannot be found.
    """
    node = _find_node(node_name, pipelines)
    bound = _get_node_bound_arguments(node)
    inputs = _format_node_inputs_text(_prepare_node_inputs(bound))
    imports = _prepare_imports(node.func)
    # Python takes these at the very beginning only.
    future = [line for line in imports.splitlines() if line.startswith(_FUTURE)]
    rest = "\n".join(line for line in imports.splitlines() if line not in future)
    cells = [inputs, rest, _prepare_function_body(node.func), _prepare_function_call(node.func, bound)]
    written = [cell for cell in cells if cell is not None]
    if future:
        written[0] = "\n".join([*future, written[0]])
    return written


def _find_node(node_name: str, pipelines: Mapping[str, Any]) -> Node:
    nodes: dict[str, Node] = {node.name: node for pipeline in pipelines.values() for node in pipeline.nodes}
    if node_name in nodes:
        return nodes[node_name]
    message = (
        f"Node with name='{node_name}' not found in any pipelines. "
        "Remember to specify the node name, not the node function."
    )
    if close := get_close_matches(str(node_name), nodes):
        message += f" Did you mean one of these: {', '.join(close)}?"
    raise ValueError(message)


def _get_node_bound_arguments(node: Node) -> _NodeBoundArguments:
    inputs: Any = node._inputs
    signature = inspect.signature(node.func)
    if isinstance(inputs, dict):
        bound = signature.bind(**inputs)
    else:
        bound = signature.bind(*([inputs] if isinstance(inputs, str) else inputs or []))
    return _NodeBoundArguments(bound.signature, bound.arguments)


def _prepare_node_inputs(node_bound_arguments: _NodeBoundArguments) -> dict[str, str] | None:
    """Return the dataset that each variable of the cells is loaded from."""
    variables: dict[str, str] = {}
    many, named = node_bound_arguments._find_var_positional_arg(), node_bound_arguments._find_var_keyword_arg()
    for argument, value in node_bound_arguments.arguments.items():
        if argument == many:
            variables.update({_as_variable(dataset): dataset for dataset in value})
        elif argument == named:
            variables.update(value)
        else:
            variables[argument] = value
    return variables


def _as_variable(dataset: str) -> str:
    name = re.sub(r"\W", "_", dataset)
    return name if name.isidentifier() else f"_{name}"


def _format_node_inputs_text(input_params_dict: dict[str, str] | None) -> str | None:
    if not input_params_dict:
        return None
    return "\n".join(
        [
            "# Prepare necessary inputs for debugging",
            "# All debugging inputs must be defined in your project catalog",
            *(f'{variable} = catalog.load("{dataset}")' for variable, dataset in input_params_dict.items()),
        ]
    )


def _prepare_imports(node_func: Callable[..., Any]) -> str:
    """Return the imports of the module that a function stands in, relative ones made absolute.

    Raises:
        FileNotFoundError: the function stands in no file.
    """
    file = inspect.getsourcefile(node_func)
    if file is None:
        raise FileNotFoundError(f"Could not find {node_func.__name__}")
    logger.info("Loading node definition from %s", file)
    source = Path(file).read_text(encoding="utf-8")
    lines = source.splitlines()
    spans = {
        (node.lineno, node.end_lineno or node.lineno)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    written = [line.strip() for start, end in sorted(spans) for line in lines[start - 1 : end]]
    package = getattr(inspect.getmodule(node_func), "__package__", None)
    return "\n".join(_RELATIVE.sub(lambda match: f"from {_absolute(match[1], package)}", line) for line in written)


def _absolute(name: str, package: str | None) -> str:
    try:
        return importlib.util.resolve_name(name, package)
    except ImportError:
        # The module was not imported as part of a package.
        return name


def _prepare_function_body(func: Callable[..., Any]) -> str:
    """Return the source of a function, after whatever of its own module it needs."""
    function = inspect.unwrap(func)
    name = getattr(function, "__name__", repr(function))
    try:
        source = Path(inspect.getsourcefile(function) or "").read_text(encoding="utf-8")
        tree = ast.parse(source)
        root = _resolve_function_node(tree, function)
        block = _build_dependency_source_block(
            _resolve_symbol_dependencies(_build_module_symbol_table(tree), root.name), source
        )
        if block is not None:
            return block
        problem = "its source could not be cut out"
    # Sources may be missing, of another version, or no Python at all; the function alone is better than nothing.
    except (OSError, TypeError, ValueError, SyntaxError) as error:
        problem = str(error)
    logger.warning("Falling back to basic source extraction for '%s': %s", name, problem)
    return inspect.getsource(func)


def _build_module_symbol_table(module_tree: ast.Module) -> dict[str, ast.AST]:
    """Return what a module defines at its top, imports aside."""
    symbols: dict[str, ast.AST] = {}
    for node in module_tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                symbols[name] = node
            case ast.Assign(targets=targets):
                names = (inner for target in targets for inner in ast.walk(target) if isinstance(inner, ast.Name))
                symbols.update({name.id: node for name in names if isinstance(name.ctx, ast.Store)})
            case ast.AnnAssign(target=ast.Name(id=name)):
                symbols[name] = node
    return symbols


def _resolve_function_node(module_tree: ast.Module, func: Callable[..., Any]) -> _Function:
    """Return where a function is defined at the top of its module.

    Raises:
        ValueError: it is defined elsewhere.
    """
    for node in module_tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == func.__name__:
            return node
    raise ValueError(f"there is no function '{func.__name__}' at the top of its module")


def _collect_required_symbols(node: ast.AST, known_symbols: set[str]) -> set[str]:
    """Return the known names that are used in a piece of code."""
    used = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load)}
    return used & known_symbols


def _resolve_symbol_dependencies(symbols: dict[str, ast.AST], root_symbol: str) -> list[ast.AST]:
    """Return the definition of a name and of all that it needs, each once."""
    known = set(symbols)
    found: dict[int, ast.AST] = {}
    waiting = [root_symbol]
    while waiting:
        node = symbols[waiting.pop()]
        if id(node) not in found:
            found[id(node)] = node
            waiting += sorted(_collect_required_symbols(node, known))
    return list(found.values())


def _build_dependency_source_block(nodes: Iterable[ast.AST], module_source: str) -> str | None:
    """Return the source of definitions in the order of the file, or None if some cannot be cut out."""
    segments = []
    for node in sorted(nodes, key=lambda node: getattr(node, "lineno", 0)):
        decorators = [ast.get_source_segment(module_source, found) for found in getattr(node, "decorator_list", ())]
        segment = ast.get_source_segment(module_source, node)
        if segment is None or None in decorators:
            return None
        segments.append("\n".join([*(f"@{decorator}" for decorator in decorators), segment]))
    return "\n\n".join(segments) + "\n" if segments else None


def _prepare_function_call(node_func: Callable[..., Any], node_bound_arguments: _NodeBoundArguments) -> str:
    parameters = node_bound_arguments.signature.parameters
    by_name = (inspect.Parameter.KEYWORD_ONLY,)
    written: list[str] = []
    for argument, value in node_bound_arguments.arguments.items():
        kind = parameters[argument].kind
        if kind is inspect.Parameter.VAR_POSITIONAL:
            written += map(_as_variable, value)
        elif kind is inspect.Parameter.VAR_KEYWORD:
            written += [f"{name}={name}" for name in value]
        else:
            written.append(f"{argument}={argument}" if kind in by_name else argument)
    return f"{getattr(node_func, '__name__', repr(node_func))}({', '.join(written)})"
