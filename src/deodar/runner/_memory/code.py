"""What each node is made of: code, parameters, configuration of its datasets."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine.cache.code import CodeTracker
from ...engine.cache.digests import clipped, digest_text
from ...engine.cache.fingerprint import Fingerprint, Leaf, join, of_tree
from ...engine.cache.packages import Packages, is_standard
from ...engine.journal.records import CodeMemo
from ...io._validation import validation_is_on
from ...io.core import AbstractDataset, is_parameter, load_obj
from .configuration import Configurations, Role
from .datasets import NOTHING, find, held, is_in_memory
from .hooks import hooks_that_change_inputs

if TYPE_CHECKING:
    from ...engine.journal.store import Journal
    from ...pipeline import Node
    from .._catalog import Catalog
    from .._inherited import Inherited

_NONE: Mapping[str, Any] = {}
_MODES: dict[Role, str] = {"read": "load", "write": "save"}
_OWN = __name__.partition(".")[0]
_INSTALLED = ("site-packages", "dist-packages")


class ProjectModules:
    """Says which modules are the user's own: those of the project's package, and all that is not installed."""

    def __init__(self, package_name: str | None = None) -> None:
        self._package = package_name
        self._known: dict[str, bool] = {}

    def __call__(self, module: str) -> bool:
        """Say whether a module, by dotted name, is the user's own."""
        top = module.partition(".")[0]
        if top not in self._known:
            self._known[top] = self._decide(top)
        return self._known[top]

    def _decide(self, top: str) -> bool:
        if top == self._package:
            return True
        if top == _OWN or is_standard(top) or top in sys.builtin_module_names:
            return False
        # What lies nowhere was made by hand: no release of anything vouches for it.
        return not any(self._is_installed(place) for place in _places(top))

    def _is_installed(self, place: str) -> bool:
        return any(part in Path(place).parts for part in _INSTALLED) or place.startswith(_library())


@functools.cache
def _library() -> tuple[str, ...]:
    # Imported here: it reads how Python was built, and most modules are told by the folder that they lie in.
    import sysconfig

    paths = sysconfig.get_paths()
    return tuple(paths[name] for name in ("stdlib", "platstdlib"))


def _places(top: str) -> Iterator[str]:
    module = sys.modules.get(top)
    if module is None:
        spec = PathFinder.find_spec(top)
        if spec is not None:
            yield from [spec.origin] if spec.has_location and spec.origin else spec.submodule_search_locations or []
        return
    file = getattr(module, "__file__", None)
    if file:
        yield file
    else:
        yield from map(str, getattr(module, "__path__", None) or ())


class NodePrints:
    """Fingerprints nodes against a catalog; make one for each look, as it remembers what it has seen.

    Args:
        hooks: code that may change what any node is given.
    """

    def __init__(
        self,
        catalog: Catalog,
        *,
        package_name: str | None,
        project_path: Path | None,
        memo: CodeMemo,
        hooks: Sequence[Callable[..., Any]] = (),
    ) -> None:
        self._catalog = catalog
        self._configurations = Configurations(project_path)
        self._packages = Packages()
        self._is_project = ProjectModules(package_name)
        self._tracker = CodeTracker(self._is_project, memo, self._packages)
        self.memo = memo
        self.hooks = [self._tracker.fingerprint(hook) for hook in hooks]
        self._parts: dict[Role, dict[str, Fingerprint]] = {"read": {}, "write": {}}
        self._classes: dict[type, tuple[Fingerprint, ...]] = {}
        self._by_classes: dict[str, list[Fingerprint]] = {}
        self._no_datasets: set[type] = set()

    def of(self, node: Node) -> Fingerprint:
        """Return what a node is made of."""
        parts = [self.of_function(node.func), _signature(node)]
        parts += [self.of_dataset(name, "read") for name in node.input_names]
        parts += [self.of_dataset(name, "write") for name in node.output_names]
        return join([*parts, *self.hooks])

    def of_function(self, function: Callable[..., Any]) -> Fingerprint:
        """Return what a function is made of."""
        return self._tracker.fingerprint(function)

    def of_dataset(self, name: str, role: Role) -> Fingerprint:
        """Return what a dataset is made of, as far as it counts in this role; of a parameter, its value."""
        known = self._parts[role]
        if name not in known:
            known[name] = self._make(name, role)
        return known[name]

    def _make(self, name: str, role: Role) -> Fingerprint:
        dataset = find(self._catalog, name)
        if is_parameter(name):
            value = held(dataset)
            short = "" if name == "parameters" else name.partition(":")[2]
            return of_tree("parameter", short, None if value is NOTHING else value)
        parts = list(self._of_validator(name, role))
        if dataset is None or is_in_memory(dataset):
            parts.append(of_tree("config", f"{name}.type", "memory"))
        else:
            parts.append(self._configurations.of(name, dataset, role))
            parts += self._of_classes(name, dataset)
        return join(parts) if len(parts) > 1 else parts[0]

    def _of_validator(self, name: str, role: Role) -> Iterator[Fingerprint]:
        """Yield what looks at data on its way, and may change it."""
        spec = getattr(self._catalog, "_validator_specs", _NONE).get(name)
        if spec is None or not spec.enabled or _MODES[role] not in spec.on:
            return
        if not validation_is_on(getattr(self._catalog, "validation_enabled", True)):
            return
        yield of_tree("config", f"{name}.validator", spec.to_config())
        # One that is not there is what the run fails with.
        with contextlib.suppress(ImportError, AttributeError, ValueError):
            yield self._tracker.fingerprint(load_obj(spec.class_path))

    def _of_classes(self, name: str, dataset: Any) -> list[Fingerprint]:
        """Return what the classes of a dataset are made of, whoever reads or writes it."""
        if name not in self._by_classes:
            self._by_classes[name] = [mark for cls in self.classes_of(dataset) for mark in self.of_class(cls)]
        return self._by_classes[name]

    def classes_of(self, dataset: Any) -> Iterator[type]:
        """Yield the class of a dataset, and those of datasets that it has inside: for partitions, or to be cached."""
        yield type(dataset)
        for content in getattr(dataset, "__dict__", {}).values():
            kind = type(content)
            # To ask an abstract class costs more than all else, and what datasets hold is mostly of a few types.
            if kind in self._no_datasets:
                continue
            if issubclass(kind, type):
                if issubclass(content, AbstractDataset):
                    yield content
            elif issubclass(kind, AbstractDataset):
                yield from self.classes_of(content)
            else:
                self._no_datasets.add(kind)

    def of_class(self, cls: type) -> tuple[Fingerprint, ...]:
        """Return what a class of datasets is made of; nothing for one of this package."""
        if cls not in self._classes:
            self._classes[cls] = tuple(self._look_at_class(cls))
        return self._classes[cls]

    def is_own(self, cls: type) -> bool:
        """Say whether a class is the user's own, whose code may do anything when it is built."""
        return self._is_project(cls.__module__)

    def _look_at_class(self, cls: type) -> Iterator[Fingerprint]:
        if self.is_own(cls):
            yield self._tracker.fingerprint(cls)
        elif cls.__module__.partition(".")[0] != _OWN and not is_standard(cls.__module__):
            leaves = self._packages.leaves(cls.__module__)
            yield Fingerprint(digest_text(*(leaf.digest for leaf in leaves)), leaves)


def _signature(node: Node) -> Fingerprint:
    """Return which dataset goes to which argument, and which result to which dataset."""
    # Names in lists and dictionaries: their repr says all of them, and is cheap.
    inputs, outputs = repr(node._inputs), repr(node._outputs)

    def leaves() -> tuple[Leaf, ...]:
        bound = {"inputs": inputs, "outputs": outputs}
        return tuple(
            Leaf("config", f"{word} of the node", digest_text(text), clipped(text)) for word, text in bound.items()
        )

    # No digest of its own: it becomes part of that of the node.
    return Fingerprint(f"signature:{len(inputs)}:{inputs}{outputs}", leaves)


def prints_for(catalog: Catalog, project: Inherited, journal: Journal) -> NodePrints:
    """Return what fingerprints the nodes of a run."""
    return NodePrints(
        catalog,
        package_name=project.package_name,
        project_path=project.project_path,
        memo=CodeMemo(journal),
        hooks=hooks_that_change_inputs(project.hooks),
    )
