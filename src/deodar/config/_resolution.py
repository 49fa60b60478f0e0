"""From the raw documents of one environment to its configuration: merged, interpolations resolved, plain.

Only what is out of the ordinary meets OmegaConf: it takes ten seconds for two thousand interpolated catalog entries,
which plain dictionaries resolve in some tens of milliseconds.
"""

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import _merge, _resolvers, _yaml


def resolve(
    documents: Sequence[_yaml.Document], scope: _resolvers.Scope, *, guard_types: bool = False
) -> dict[str, Any]:
    """Merge documents, later ones over earlier ones, and resolve what they refer to.

    Args:
        documents: never changed.
        scope: what resolvers can see.
        guard_types: refuse a ``type`` that was chosen by a runtime parameter.

    Raises:
        omegaconf.errors.OmegaConfBaseException: something cannot be resolved, or is no value for configuration.
    """
    if all(document.plain for document in documents):
        resolved = _resolved_plainly(documents, scope)
        if resolved is not None and not (guard_types and scope.used):
            return resolved
    return resolve_by_omegaconf(documents, scope, guard_types=guard_types)


def resolve_each(documents: Sequence[_yaml.Document], scope: _resolvers.Scope) -> dict[str, Any]:
    """Resolve each document for itself, then merge them: templates of the same name do not meet.

    A document that refers to what only the others hold is resolved with them around it.
    """
    merged: dict[str, Any] = {}
    for document in documents:
        try:
            resolved = resolve([document], scope)
        except ValueError as exc:
            from omegaconf.errors import InterpolationKeyError

            if not isinstance(exc, InterpolationKeyError) or len(documents) == 1:
                raise
            others = [other for other in documents if other is not document]
            resolved = _merge.pick(resolve([*others, document], scope), document.tree)
        _merge.merge_into(merged, resolved)
    return merged


def document(tree: Mapping[str, Any]) -> _yaml.Document:
    """Make a document of values that come from the program, not from a file."""
    return _yaml.Document(dict(tree), *_yaml.examine(dict(tree)))


def _resolved_plainly(documents: Sequence[_yaml.Document], scope: _resolvers.Scope) -> dict[str, Any] | None:
    """Return the configuration, or None when there is something in it that takes OmegaConf."""
    merged: dict[str, Any] = {}
    try:
        for document in documents:
            _merge.merge_into(merged, document.tree, raw=True)
    except (_merge.NotPlainError, RecursionError):
        return None
    if not any(document.interpolated for document in documents):
        return merged
    # Imported here: most configuration refers to nothing.
    from . import _interpolation

    try:
        resolved: dict[str, Any] = _interpolation.Interpolator(merged, scope).tree(merged)
    except (_interpolation.BeyondError, RecursionError):
        return None
    return resolved


def resolve_by_omegaconf(
    documents: Sequence[_yaml.Document], scope: _resolvers.Scope, *, guard_types: bool = False
) -> dict[str, Any]:
    """Do what ``resolve`` does, leaving everything to OmegaConf."""
    # Imported here: the grammar behind interpolations takes a quarter of a second to load.
    from omegaconf import OmegaConf
    from omegaconf.errors import UnsupportedInterpolationType

    config = OmegaConf.unsafe_merge({}, *(OmegaConf.create(document.tree) for document in documents))
    scope.used.clear()
    with _resolvers.bound(scope):
        try:
            resolved: dict[str, Any] = OmegaConf.to_container(config, resolve=True)
        except UnsupportedInterpolationType as exc:
            if scope.runtime_params is None and "runtime_params" in str(exc):
                raise UnsupportedInterpolationType(
                    "The `runtime_params:` resolver is not supported for globals."
                ) from exc
            raise
        if guard_types and scope.used:
            _refuse_chosen_types(config, scope)
    return resolved


def _refuse_chosen_types(config: Any, scope: _resolvers.Scope) -> None:
    from omegaconf import OmegaConf
    from omegaconf.errors import InterpolationResolutionError

    given = [OmegaConf.to_container(value, resolve=True) for value in scope.used if OmegaConf.is_config(value)]
    for path in (path for tree in given for path, _ in _types(tree)):
        raise InterpolationResolutionError(_refusal(path, "comes with a value of"))
    for path, written in list(_types(OmegaConf.to_container(config))):
        if not (isinstance(written, str) and "${" in written):
            continue
        scope.used.clear()
        functools.reduce(lambda node, step: node[step], path, config)
        if scope.used:
            raise InterpolationResolutionError(_refusal(path, "resolves a 'type' field via"))


def _types(tree: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield the path and value of everything called ``type``, at any depth."""
    branches = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for step, value in branches:
        if step == "type":
            yield (*above, step), value
        yield from _types(value, (*above, step))


def _refusal(path: tuple[Any, ...], how: str) -> str:
    return (
        f"'{'.'.join(map(str, path))}' {how} the 'runtime_params:' resolver, which is not permitted here: "
        "whoever starts a run could choose the class to be loaded. Write the type out, or give it through 'globals:'."
    )
