"""Resolvers of interpolations, bound in OmegaConf for the length of one load.

OmegaConf keeps resolvers in one registry per process. Two loaders that are alive at once, or two threads, must not see
each other's values, so a loader binds its resolvers under a lock for as long as it resolves, and no longer.
"""

import sys
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .._records import dataclass, field

NO_VALUE: Any = object()
ENVIRONMENT = "oc.env"

# Guards OmegaConf's registry; reentrant, because a custom resolver may read configuration itself.
_registry_lock = threading.RLock()
_depth = 0
# Whether a loader was made since somebody last looked whether `oc.env` is registered.
_unsettled = False
# What loaders have put into the registry, as opposed to the program around them.
_ours: "weakref.WeakSet[Callable[..., Any]]" = weakref.WeakSet()


@dataclass(slots=True)
class Scope:
    """What the resolvers of one load can see.

    Attributes:
        global_values: what ``${globals:…}`` selects from.
        runtime_params: what ``${runtime_params:…}`` selects from, or None where it is not supported.
        custom: the project's own resolvers.
        environment: whether ``${oc.env:…}`` may be used whatever the project says.
        used: values that really came from the runtime parameters, in the order they were asked for.
    """

    global_values: Mapping[str, Any]
    runtime_params: Mapping[str, Any] | None
    custom: Mapping[str, Callable[..., Any]]
    environment: bool = False
    used: list[Any] = field(default_factory=list)
    _configs: dict[str, Any] = field(default_factory=dict)

    def global_value(self, variable: str, default: Any = NO_VALUE) -> Any:
        """Resolve ``${globals:variable, default}``."""
        from omegaconf.errors import InterpolationResolutionError

        if str(variable).startswith("_"):
            raise InterpolationResolutionError("Keys starting with '_' are not supported for globals.")
        value = self._select("globals", self.global_values, variable)
        if value is not NO_VALUE:
            return value
        if default is NO_VALUE:
            raise InterpolationResolutionError(f"Globals key '{variable}' not found and no default value provided.")
        return default

    def runtime_value(self, variable: str, default: Any = NO_VALUE) -> Any:
        """Resolve ``${runtime_params:variable, default}``."""
        value = self._select("runtime_params", self.runtime_params or {}, variable)
        if value is not NO_VALUE:
            self.used.append(value)
            return value
        if default is NO_VALUE:
            from omegaconf.errors import InterpolationResolutionError

            raise InterpolationResolutionError(
                f"Runtime parameter '{variable}' not found and no default value provided."
            )
        return default

    def _select(self, name: str, values: Mapping[str, Any], variable: Any) -> Any:
        from omegaconf import OmegaConf

        if name not in self._configs:
            # Flagged, because parameters given from Python may hold any object.
            self._configs[name] = OmegaConf.create(dict(values), flags={"allow_objects": True})
        # Below a scalar there is nothing. A name where a list wants a number is a mistake, which is raised.
        return OmegaConf.select(self._configs[name], str(variable), default=NO_VALUE)


def announce(scope: Scope) -> None:
    """Make a new loader's resolvers known to a program that uses OmegaConf itself.

    Only credentials may read environment variables, unless the project says otherwise: ``oc.env`` is forgotten.
    If nobody has imported OmegaConf yet, all this waits until a loader does.
    """
    global _unsettled
    _unsettled = True
    if "omegaconf" in sys.modules:
        with bound(scope):
            pass


@contextmanager
def bound(scope: Scope) -> Iterator[None]:
    """Bind the resolvers of a scope for the length of a block.

    Afterwards those of nobody else stay known, as programs expect of a loader; what others had bound is put back.
    """
    global _depth, _unsettled
    from omegaconf import OmegaConf, resolvers
    from omegaconf.basecontainer import BaseContainer

    lasting: dict[str, Callable[..., Any]] = {**scope.custom, "globals": scope.global_value}
    passing: dict[str, Callable[..., Any]] = {}
    if scope.runtime_params is not None:
        lasting["runtime_params"] = scope.runtime_value
    with _registry_lock:
        if _unsettled:
            OmegaConf.clear_resolver(ENVIRONMENT)
            _unsettled = False
        registry = BaseContainer._resolvers
        if scope.environment and not OmegaConf.has_resolver(ENVIRONMENT):
            passing[ENVIRONMENT] = resolvers.oc.env
        before = {name: registry.get(name) for name in (*lasting, *passing, "runtime_params")}
        _depth += 1
        try:
            if scope.runtime_params is None:
                OmegaConf.clear_resolver("runtime_params")
            for name, resolver in (lasting | passing).items():
                _register(name, resolver)
                _ours.add(registry[name])
            yield
        finally:
            _depth -= 1
            for name, old in before.items():
                if name in lasting and not _depth and (old is None or old in _ours):
                    continue
                registry.pop(name, None)
                if old is not None:
                    registry[name] = old


def _register(name: str, resolver: Callable[..., Any]) -> None:
    from omegaconf import OmegaConf

    # Newer releases deprecate the usual name for one that meant something else before, and check annotations, which
    # older ones never did.
    if "annotation_validation" in (OmegaConf.register_resolver.__kwdefaults__ or {}):
        OmegaConf.register_resolver(name, resolver, replace=True, annotation_validation="off")
    else:
        OmegaConf.register_new_resolver(name, resolver, replace=True)
