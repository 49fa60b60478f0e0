"""Putting configuration together: files of one environment, then one environment over another.

Works on plain dictionaries and changes none of its inputs' branches in place, unless said so.
"""

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Any

from . import _yaml

_LONGEST_LIST_OF_KEYS = 100
_MISSING = "???"


class NotPlainError(Exception):
    """The outcome depends on an interpolation, so that plain dictionaries cannot be merged yet."""


def merge_into(target: dict[Any, Any], source: Mapping[Any, Any], path: str = "", *, raw: bool = False) -> None:
    """Merge deeply: dictionaries are joined, everything else is replaced.

    As everywhere in OmegaConf, ``???`` means "nothing yet" and replaces nothing.

    Args:
        target: changed in place.
        source: never changed; its branches are copied.
        path: where in the configuration this is, for messages.
        raw: whether interpolations are still to be resolved.

    Raises:
        TypeError: a dictionary meets a list.
        NotPlainError: a dictionary or list meets an interpolation.
    """
    for key, value in source.items():
        if key not in target:
            target[key] = _yaml.copy_tree(value)
            continue
        old = target[key]
        if isinstance(value, (dict, list)):
            if raw and isinstance(old, str) and "${" in old:
                raise NotPlainError
            if isinstance(old, dict) and isinstance(value, dict):
                merge_into(old, value, f"{path}{key}.", raw=raw)
                continue
            if isinstance(old, (dict, list)) and type(old) is not type(value):
                raise TypeError(
                    f"Cannot merge incompatible container types at '{path}{key}': "
                    f"a {type(value).__name__} cannot replace a {type(old).__name__}."
                )
            target[key] = _yaml.copy_tree(value)
        elif not (isinstance(value, str) and value == _MISSING):
            target[key] = value


def pick(tree: Mapping[Any, Any], shape: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return the part of a tree that has the shape of another."""
    return {
        key: pick(tree[key], value) if isinstance(value, dict) and isinstance(tree[key], dict) else tree[key]
        for key, value in shape.items()
        if key in tree
    }


def refuse_duplicates(per_file: Mapping[str, Mapping[Any, Any]], *, by_leaf: bool) -> None:
    """Raise ``ValueError`` if two files of one environment define the same key.

    Args:
        per_file: the content of each file.
        by_leaf: compare full dotted paths of values instead of top-level keys. Templates, whose names start with
            ``_``, may be repeated in any case.
    """
    if len(per_file) < 2:
        return
    keys = {
        path: {key for key in (_leaves(tree) if by_leaf else map(str, tree)) if not key.startswith("_")}
        for path, tree in per_file.items()
    }
    messages = []
    for first, second in combinations(keys, 2):
        if shared := keys[first] & keys[second]:
            names = ", ".join(sorted(shared))
            if len(names) > _LONGEST_LIST_OF_KEYS:
                names = f"{names[:_LONGEST_LIST_OF_KEYS]}..."
            messages.append(f"Duplicate keys found in {first} and {second}: {names}")
    if messages:
        raise ValueError("\n".join(messages))


def _leaves(tree: Mapping[Any, Any], prefix: str = "") -> Iterable[str]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"
