"""The project's pipelines, by name: what ``register_pipelines()`` returns, asked for when first read."""

from __future__ import annotations

import functools
import importlib
import logging
import sys
import threading
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, MutableMapping, ValuesView
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

if TYPE_CHECKING:
    from ...pipeline.pipeline import Pipeline

logger = logging.getLogger(__package__)

_P = ParamSpec("_P")
_R = TypeVar("_R")


def _load_data_wrapper(
    method: Callable[Concatenate[_ProjectPipelines, dict[str, Pipeline], _P], _R],
) -> Callable[Concatenate[_ProjectPipelines, _P], _R]:
    """Hand a method the mapping that loading returned.

    Not `_content` read a second time: another thread may have dropped it in between.
    """

    @functools.wraps(method)
    def with_data(self: _ProjectPipelines, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        return method(self, self._load_data(), *args, **kwargs)

    return with_data


class _ProjectPipelines(MutableMapping[str, "Pipeline"]):
    """The registered pipelines.

    Nothing is imported before the first read. Where only some pipelines were requested, a registry that uses
    `find_pipelines` imports only those; if that does not yield them all (one may be composed of others), or if
    another one is looked up, the whole registry is loaded.
    """

    def __init__(self) -> None:
        self._pipelines_module: str | None = None
        self._is_data_loaded = False
        self._content: dict[str, Pipeline] = {}
        self._requested_pipelines: list[str] | None = None
        # What programs have put in (or, as None, taken out): it outlives a reload for another request.
        self._edits: dict[str, Pipeline | None] = {}
        # Guards all of the above. Reentrant: a registry may look at the pipelines while it is being loaded.
        self._lock = threading.RLock()

    @staticmethod
    def _get_pipelines_registry_callable(pipelines_module: str) -> Callable[[], dict[str, Pipeline]]:
        module = importlib.import_module(pipelines_module)
        register: Callable[[], dict[str, Pipeline]] = module.register_pipelines
        return register

    def configure(self, pipelines_module: str | None = None) -> None:
        """Read from this module from now on; forget what was loaded and requested."""
        with self._lock:
            self._pipelines_module = pipelines_module
            self._requested_pipelines = None
            self._edits = {}
            self._forget()

    def set_requested(self, names: list[str] | None) -> None:
        """Say which pipelines will be used, so that the others need not be imported; None means all."""
        with self._lock:
            if set(names or ()) != set(self._requested_pipelines or ()):
                self._forget()
            self._requested_pipelines = list(names) if names else None

    def end_request(self) -> None:
        """Forget which pipelines were requested. What was loaded for them alone is dropped."""
        with self._lock:
            if self._requested_pipelines:
                self._requested_pipelines = None
                self._forget()

    def _forget(self) -> None:
        self._is_data_loaded = False
        self._content = {}

    def _load_data(self) -> dict[str, Pipeline]:
        with self._lock:
            if self._pipelines_module is None or self._is_data_loaded:
                return self._content
            content = self._load_requested() if self._requested_pipelines else None
            self._content = self._edited(self._call_registry()) if content is None else content
            self._is_data_loaded = True
            return self._content

    def _load_requested(self) -> dict[str, Pipeline] | None:
        """Return the registry's pipelines if it copes with loading only some, or None."""
        names = self._requested_pipelines or []
        try:
            content = self._edited(self._call_registry())
        except Exception:
            # Most registries cope; one that adds up pipelines by name need not. The whole one tells what is wrong.
            logger.debug("Only %s cannot be loaded; loading all pipelines.", names, exc_info=True)
        else:
            if all(name in content for name in names):
                return content
        self._requested_pipelines = None
        return None

    def _edited(self, content: dict[str, Pipeline]) -> dict[str, Pipeline]:
        for name, pipeline in self._edits.items():
            if pipeline is None:
                content.pop(name, None)
            else:
                content[name] = pipeline
        return content

    def _call_registry(self) -> dict[str, Pipeline]:
        module = self._pipelines_module or ""
        try:
            content = self._get_pipelines_registry_callable(module)()
        except Exception as error:
            # Imported here: they are needed when pipelines are broken.
            from ..._notes import add_note
            from .._blame import project_line

            if isinstance(error, ModuleNotFoundError) and error.name == module:
                add_note(error, "It is to define 'register_pipelines', which returns pipelines by their names.")
            if where := project_line(error, _folder_of(module)):
                add_note(error, f"Raised at {where}, while the pipelines of '{module}' were being registered.")
            raise
        if not isinstance(content, Mapping):
            raise TypeError(
                f"'register_pipelines' in '{module}' must return a dictionary of pipelines, "
                f"got '{type(content).__name__}' instead."
            )
        return content

    def _widened(self) -> dict[str, Pipeline]:
        """Return all pipelines, after dropping the request."""
        with self._lock:
            self.set_requested(None)
            return self._load_data()

    @_load_data_wrapper
    def __getitem__(self, data: dict[str, Pipeline], name: str) -> Pipeline:
        if name not in data and self._requested_pipelines:
            data = self._widened()
        return data[name]

    # Not Mapping's own, which takes any KeyError of the registry for an absent name.
    @_load_data_wrapper
    def __contains__(self, data: dict[str, Pipeline], name: object) -> bool:
        return name in data or (bool(self._requested_pipelines) and name in self._widened())

    @_load_data_wrapper
    def __setitem__(self, data: dict[str, Pipeline], name: str, value: Pipeline) -> None:
        data[name] = value
        self._edits[name] = value

    @_load_data_wrapper
    def __delitem__(self, data: dict[str, Pipeline], name: str) -> None:
        del data[name]
        self._edits[name] = None

    @_load_data_wrapper
    def __iter__(self, data: dict[str, Pipeline]) -> Iterator[str]:
        return iter(tuple(data))

    @_load_data_wrapper
    def __len__(self, data: dict[str, Pipeline]) -> int:
        return len(data)

    # Views of a copy: another thread may reload or add while a caller iterates.
    @_load_data_wrapper
    def keys(self, data: dict[str, Pipeline]) -> KeysView[str]:
        """Return the names, as they are now."""
        return dict(data).keys()

    @_load_data_wrapper
    def values(self, data: dict[str, Pipeline]) -> ValuesView[Pipeline]:
        """Return the pipelines, as they are now."""
        return dict(data).values()

    @_load_data_wrapper
    def items(self, data: dict[str, Pipeline]) -> ItemsView[str, Pipeline]:
        """Return names and pipelines, as they are now."""
        return dict(data).items()

    def __eq__(self, other: object) -> bool:
        return dict(self._load_data()) == (dict(other.items()) if isinstance(other, Mapping) else other)

    __hash__ = None  # type: ignore[assignment]  # a mapping that changes

    @_load_data_wrapper
    def __repr__(self, data: dict[str, Pipeline]) -> str:
        return repr(data)

    __str__ = __repr__


def _folder_of(module: str) -> str:
    package = sys.modules.get(module.partition(".")[0])
    return str(next(iter(getattr(package, "__path__", ())), "<unknown>"))
