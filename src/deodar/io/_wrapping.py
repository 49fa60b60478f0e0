"""What surrounds every load and save of a dataset: the debug line, the checks, and errors that name it."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from logging import DEBUG, Logger
from typing import Any

from ._errors import DatasetError
from ._joint_saves import foreign, staging_of, sweep_folder_of
from ._staging_rules import saves_what_it_lists, setting
from ._stand_ins import saving_partitions, writing_elsewhere

_Load = Callable[[Any], Any]
_Save = Callable[[Any, Any], Any]

NOTHING_TO_SAVE = "Saving 'None' to a 'Dataset' is not allowed"

_PACKAGE = __name__.partition(".")[0]
_AS_AROUND = contextlib.nullcontext()


def is_abstract(function: Any) -> bool:
    """Tell by the contract's rule whether a method belongs to a base class named ``Abstract…``."""
    return str(getattr(function, "__qualname__", "")).startswith("Abstract")


def wrapped_load(load_func: _Load, logger: Logger) -> _Load:
    """Wrap the raw ``load`` of a class."""

    @functools.wraps(load_func)
    def load(self: Any) -> Any:
        describe(self, "Loading %s", logger)
        if type(self)._lists_a_folder:
            sweep_folder_of(self)
        try:
            return load_func(self)
        except DatasetError:
            raise
        except Exception as exc:
            raise DatasetError(f"Failed while loading data from dataset {self!s}.\n{exc!s}") from exc

    annotations = _annotations(load_func)
    load.__annotations__ = {"return": annotations.get("return")}
    load.__dict__["__loadwrapped__"] = True
    return load


def wrapped_save(save_func: _Save, logger: Logger) -> _Save:
    """Wrap the raw ``save`` of a class."""

    @functools.wraps(save_func)
    def save(self: Any, data: Any) -> None:
        with _surroundings(self, save_func) as writer:
            guarded_save(self, data, save_func, logger, writer)

    return marked_as_save(save, save_func)


def marked_as_save(save: _Save, save_func: _Save) -> _Save:
    """Leave the marks on a wrapper by which the contract tells it from a raw ``save``."""
    annotations = _annotations(save_func)
    save.__annotations__ = {"data": annotations.get("data", Any), "return": annotations.get("return")}
    save.__dict__["__savewrapped__"] = True
    return save


def _surroundings(dataset: Any, save_func: _Save) -> contextlib.AbstractContextManager[Any]:
    """Return when what a save writes appears; it gives what saves in place of the dataset, if something does."""
    if type(dataset)._lists_a_folder:
        return saving_partitions(dataset) if saves_what_it_lists(type(dataset), save_func) else foreign()
    if type(dataset)._writes_its_path or setting(dataset, "atomic") is True:
        return writing_elsewhere(dataset)
    return _AS_AROUND if type(dataset)._passes_on else foreign()


def guarded_save(dataset: Any, data: Any, save_func: _Save, logger: Logger, writer: Any = None) -> None:
    """Call a raw ``save``; whatever it raises names the dataset.

    Args:
        writer: what saves in its place.
    """
    if data is None:
        raise DatasetError(NOTHING_TO_SAVE)
    describe(dataset, "Saving %s", logger)
    try:
        save_func(dataset if writer is None else writer, data)
    except DatasetError as exc:
        staging = staging_of(dataset)
        if staging is not None and len(exc.args) == 1:
            exc.args = (staging.explain(exc),)
        raise
    except (FileNotFoundError, NotADirectoryError):
        raise
    except Exception as exc:
        staging = staging_of(dataset)
        reason = str(exc) if staging is None else staging.explain(exc)
        raise DatasetError(f"Failed while saving data to dataset {dataset!s}.\n{reason}") from exc


def describe(dataset: Any, message: str, logger: Logger) -> None:
    """Log what is done with a dataset, for those who debug.

    Printing a dataset costs more than loading a small one, so it is left out when nobody reads it. Only a
    class from elsewhere with a ``__repr__`` of its own is always printed: the tests of kedro-datasets
    count what that does.
    """
    if logger.isEnabledFor(DEBUG):
        logger.debug(message, str(dataset))
    elif type(dataset)._prints_itself:
        str(dataset)


def prints_itself(cls: type, base: type) -> bool:
    """Tell whether a class from outside this package brings its own ``__repr__``."""
    owner = next(owner for owner in cls.__mro__ if "__repr__" in vars(owner))
    return owner is not base and owner.__module__.partition(".")[0] != _PACKAGE


def _annotations(function: Any) -> dict[str, Any]:
    try:
        return dict(getattr(function, "__annotations__", None) or {})
    except NameError:
        # Python 3.14 evaluates them late; one that is for the type checker only cannot be.
        return {}
