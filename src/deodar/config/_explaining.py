"""What an interpolation that failed is told with: the file and the key that hold it, and what it may have meant."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..utils import get_close_matches
from ._resolvers import Scope

_STEP = re.compile(r"[^.\[\]]+")
_RESOLVER = re.compile(r"Unsupported interpolation type (\S+)")
_BUILT_IN = ("globals", "runtime_params", "oc.create", "oc.decode", "oc.deprecated", "oc.dict.keys", "oc.dict.values",
             "oc.env", "oc.select")  # fmt: skip

_ENVIRONMENT_ADVICE = (
    "Environment variables are for credentials: elsewhere 'oc.env' is a resolver of your own, "
    "from omegaconf.resolvers, to be named in CONFIG_LOADER_ARGS['custom_resolvers'] of settings.py."
)


def explanation(error: Exception, key: str, per_file: Mapping[str, Any], scope: Scope) -> str:
    """Return what to tell with an error.

    Args:
        error: what was raised while files were resolved.
        key: the kind of configuration.
        per_file: the content of each file.
        scope: what the resolvers could see.
    """
    place = str(getattr(error, "full_key", None) or "")
    steps = _STEP.findall(place)
    holding = [path for path, tree in per_file.items() if steps and _holds(tree, steps)]
    where = f"'{place}' of '{key}' in {', '.join(holding)}" if holding else f"'{key}' from {', '.join(per_file)}"
    if _is_environment(str(error)):
        return f"While resolving {where}. {_ENVIRONMENT_ADVICE}"
    close = _close(str(error), per_file.values(), scope)
    return f"While resolving {where}.{f' Did you mean {_either(close)}?' if close else ''}"


def _is_environment(message: str) -> bool:
    unknown = _RESOLVER.match(message)
    return unknown is not None and unknown[1] == "oc.env"


def _holds(tree: Any, steps: list[str]) -> bool:
    for step in steps:
        if isinstance(tree, list) and step.isdigit() and int(step) < len(tree):
            tree = tree[int(step)]
        elif isinstance(tree, dict) and (found := {str(name): name for name in tree}.get(step)) is not None:
            tree = tree[found]
        else:
            return False
    return True


def _close(message: str, trees: Iterable[Any], scope: Scope) -> list[str]:
    """Return names close to the one that a message does not know."""
    if unknown := _RESOLVER.match(message):
        return get_close_matches(unknown[1], [*scope.custom, *_BUILT_IN])
    for told, values in (
        (r"Interpolation key '([^']*)' not found", list(trees)),
        (r"Globals key '([^']*)' not found", [scope.global_values]),
        (r"Runtime parameter '([^']*)' not found", [scope.runtime_params]),
    ):
        if missing := re.match(told, message):
            resolved = re.search(r"\(resolved to '([^']*)'\)", message)
            return _nearest((resolved or missing)[1], values)
    return []


def _nearest(path: str, trees: list[Any]) -> list[str]:
    """Follow a dotted path as far as it goes, and return what comes closest to the first step that is not there."""
    before = ""
    for step in path.split("."):
        inside = [tree for tree in trees if isinstance(tree, Mapping)]
        trees = [tree[step] for tree in inside if step in tree]
        if not trees:
            known = sorted({str(name) for tree in inside for name in tree})
            return [before + name for name in get_close_matches(step, known)]
        before += f"{step}."
    return []


def _either(names: list[str]) -> str:
    return " or ".join(f"'{name}'" for name in names)
