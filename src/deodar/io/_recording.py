"""Which arguments a dataset was built with, so that its catalog entry can be written back."""

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any

_Init = Callable[..., None]

# Attributes of a function whose signature is not that of its code.
_OTHER_SIGNATURE = ("__signature__", "__wrapped__")
# Of a code object's flags: it takes *args, or **kwargs.
_TAKES_ANY = 0x04 | 0x08


class _Signature:
    """The parameters of one ``__init__``; turns a call that succeeded into a dictionary.

    Much cheaper than ``inspect.getcallargs``, as the call needs no checking any more.
    """

    __slots__ = ("_extra", "_positional", "_rest", "_template")

    def __init__(self, init: _Init) -> None:
        self._template: dict[str, Any] = {}
        self._positional: list[str] = []
        self._rest: str | None = None
        self._extra: str | None = None
        if self._read_code(init):
            return
        # Imported here: most say in their code all that there is to know, and it is slow to import.
        import inspect

        parameters = list(inspect.signature(init).parameters.values())
        if parameters and parameters[0].kind is not parameters[0].VAR_POSITIONAL:
            del parameters[0]
        for parameter in parameters:
            if parameter.kind is parameter.VAR_POSITIONAL:
                self._rest = parameter.name
                self._template[parameter.name] = ()
            elif parameter.kind is parameter.VAR_KEYWORD:
                self._extra = parameter.name
            else:
                self._template[parameter.name] = parameter.default
                if parameter.kind is not parameter.KEYWORD_ONLY:
                    self._positional.append(parameter.name)

    def _read_code(self, init: _Init) -> bool:
        """Read the parameters from a plain function's code; return False for what has a signature of another kind."""
        if not isinstance(init, FunctionType) or not vars(init).keys().isdisjoint(_OTHER_SIGNATURE):
            return False
        code, defaults, kwdefaults = init.__code__, init.__defaults__ or (), init.__kwdefaults__ or {}
        positional = code.co_varnames[: code.co_argcount]
        if not positional or code.co_flags & _TAKES_ANY:
            return False
        self._positional = list(positional[1:])
        known = dict(zip(positional[len(positional) - len(defaults) :], defaults, strict=True)) | kwdefaults
        keyword_only = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
        self._template = {name: known.get(name) for name in (*positional[1:], *keyword_only)}
        return True

    def arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Name the arguments of a call, defaults included, in the order of the signature."""
        values = self._template.copy()
        if args:
            values.update(zip(self._positional, args, strict=False))
        if self._rest is not None:
            values[self._rest] = args[len(self._positional) :]
        if self._extra is None:
            values.update(kwargs)
            return values
        extra = {}
        for name, value in kwargs.items():
            if name in self._template:
                values[name] = value
            else:
                extra[name] = value
        values[self._extra] = extra
        return values


def recording(init: _Init) -> _Init:
    """Wrap an ``__init__`` so that ``_init_args`` holds its arguments once it is done.

    The values are references, not copies. In a chain of classes the outermost one has the last word.
    """
    signature: _Signature | None = None

    @functools.wraps(init)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        nonlocal signature
        init(self, *args, **kwargs)
        # Read at the first instance: most classes that get imported are never used.
        if signature is None:
            signature = _Signature(init)
        self._init_args = signature.arguments(args, kwargs)

    __init__.__dict__["__records_init_args__"] = True
    return __init__


def records_itself(init: _Init) -> _Init:
    """Mark an ``__init__`` that sets ``_init_args`` on its own."""
    init.__dict__["__records_init_args__"] = True
    return init


def needs_recording(cls: type) -> bool:
    """Tell whether the ``__init__`` of a new class must be wrapped.

    One that is inherited and records already serves as it is, and keeps the real signature.
    """
    init: Any = cls.__init__  # type: ignore[misc]  # Looked at, not called.
    if init is object.__init__:
        return False
    return not getattr(init, "__records_init_args__", False) or (
        "__init__" in vars(cls) and hasattr(init, "__wrapped__")
    )
