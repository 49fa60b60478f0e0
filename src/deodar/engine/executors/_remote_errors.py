"""Exceptions on their way out of a worker: the same type where possible, a stand-in of the same name where not."""

from __future__ import annotations

import builtins
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from ..transport.pickling import pack, unpack

_OWN_FOLDER = str(Path(__file__).resolve().parents[2])
_DEEPEST = 8

PackedError = tuple[bytes | None, tuple[tuple[str, str], ...], str, str]
"""The pickled error with its causes, names of its classes, its text, its traceback."""


class RemoteError(Exception):
    """Stands for an exception of a worker that cannot be brought here; it carries the same name and text."""


class RemoteTraceback(Exception):
    """The traceback of an exception that was raised in another process."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f'\n"""\n{self.text}"""'


def pack_error(error: BaseException) -> PackedError:
    """Return an error as plain values; whatever it is, this does not fail."""
    link: BaseException | None = error
    for _ in range(_DEEPEST):
        if link is None:
            break
        link.__traceback__ = _from_users_frame(link.__traceback__)
        link = link.__cause__ or link.__context__
    try:
        text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    except Exception:
        text = f"{type(error).__qualname__} (its text could not be had)\n"
    names = tuple((cls.__module__, cls.__qualname__) for cls in type(error).__mro__ if cls is not object)
    return _pickle_chain(error), names, _text_of(error), text


def unpack_error(packed: PackedError) -> BaseException:
    """Return the error, or its stand-in, with the worker's traceback as its first cause."""
    data, names, text, trace = packed
    errors: list[BaseException] = []
    if data is not None:
        try:
            errors = [_load(one) for one in unpack(bytearray(data))]
        except Exception:
            errors = []
    if not errors:
        errors = [_stand_in(names, text)]
    for error, cause in zip(errors, [*errors[1:], RemoteTraceback(trace)], strict=True):
        error.__cause__ = cause
    return errors[0]


def _from_users_frame(trace: TracebackType | None) -> TracebackType | None:
    """Return the traceback from the first frame that is not this package's own; its last one when all are."""
    frame = trace
    while frame is not None and frame.tb_frame.f_code.co_filename.startswith(_OWN_FOLDER):
        trace, frame = frame, frame.tb_next
    return trace if frame is None else frame


def _text_of(thing: object) -> str:
    try:
        return str(thing)
    except Exception:
        return "(its text could not be had)"


def _pickle_chain(error: BaseException) -> bytes | None:
    forms: list[Any] = []
    link: BaseException | None = error
    while link is not None and len(forms) < _DEEPEST:
        form = _portable_form(link)
        if form is None:
            break
        forms.append(form)
        link = link.__cause__
    return pack(forms).join() if forms else None


def _portable_form(error: BaseException) -> Any:
    """Return what brings the error to another process, tried here; None when nothing does."""
    for form in _forms(error):
        try:
            back = _load(unpack(bytearray(pack(form).join())))
        except Exception:
            continue
        if type(back) is type(error) or type(back).__qualname__ == type(error).__qualname__:
            return form
    return None


def _forms(error: BaseException) -> Iterator[Any]:
    """Yield ways to pickle an error, the most faithful first."""
    yield error
    yield type(error), error.args, error.__dict__
    # The type counts for more than a lock or a connection that the error happens to hold.
    arguments = tuple(argument if _travels(argument) else _text_of(argument) for argument in error.args)
    yield type(error), arguments, {name: value for name, value in error.__dict__.items() if _travels(value)}


def _travels(value: object) -> bool:
    try:
        unpack(bytearray(pack(value).join()))
    except Exception:
        return False
    return True


def _load(form: Any) -> BaseException:
    if isinstance(form, BaseException):
        return form
    # Without its __init__, whose arguments are not what the error keeps in args.
    kind, arguments, state = form
    error: BaseException = kind.__new__(kind, *arguments)
    error.args = arguments
    error.__dict__.update(state)
    return error


def _stand_in(names: tuple[tuple[str, str], ...], text: str) -> BaseException:
    """Return an error whose classes have the names of the real one's, so that they can be told apart by name.

    It is an instance of the built-in class that the real one is, too, where that can be made of a text alone.
    """
    kinds = [vars(builtins)[name] for module, name in names if module == "builtins" and name in vars(builtins)]
    for bases in ((RemoteError, kinds[0]), (RemoteError,)) if kinds else ((RemoteError,),):
        kind: type[BaseException] = RemoteError
        try:
            if issubclass(bases[-1], Exception) and bases[-1] is not Exception:
                kind = type("RemoteError", bases, {"__module__": __name__})
            for module, name in reversed(names):
                if module != "builtins":
                    kind = type(name.rpartition(".")[2], (kind,), {"__module__": module, "__qualname__": name})
            named = names and names[0][0] == "builtins"
            return kind(f"{names[0][1]}: {text}" if named else text)
        except TypeError:
            continue
    return RemoteError(text)
