"""Which arguments a dataset was built with, so that its catalog entry can be written back."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

_Init = Callable[..., None]


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
