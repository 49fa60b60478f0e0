"""What compiled code says when its source is not there: the second best witness.

Moving code does not change its digest; reformatting may, since the compiler leaves traces of lines.
"""

from __future__ import annotations

from types import CodeType

from .digests import NotPlainError, digest_bytes, digest_plain


def digest(code: CodeType, doc: str | None) -> str:
    """Digest a code object without its file, lines and docstring."""
    constants = [_constant(value) for position, value in enumerate(code.co_consts) if not _is_doc(position, value, doc)]
    head = (
        code.co_name,
        code.co_argcount,
        code.co_posonlyargcount,
        code.co_kwonlyargcount,
        code.co_flags,
        code.co_names,
        code.co_varnames,
        code.co_freevars,
        code.co_cellvars,
        tuple(constants),
    )
    return digest_bytes(b"bytecode", digest_plain(head).encode(), code.co_code)


def names(code: CodeType) -> tuple[str, ...]:
    """Return the names from outside that it may reach for, each followed by all attributes it could be asked for.

    Which attribute belongs to which name is not written in ``co_names``: every pair counts, so that nothing is missed.
    """
    found: dict[str, None] = dict.fromkeys(code.co_freevars)
    pending = [code]
    while pending:
        part = pending.pop()
        found.update(dict.fromkeys(part.co_names))
        found.update((f"{name}.{attribute}", None) for name in part.co_names for attribute in part.co_names)
        found.update((f"{name}.{attribute}", None) for name in part.co_freevars for attribute in part.co_names)
        pending.extend(constant for constant in part.co_consts if isinstance(constant, CodeType))
    return tuple(found)


def _is_doc(position: int, value: object, doc: str | None) -> bool:
    return position == 0 and doc is not None and value == doc


def _constant(value: object) -> str:
    if isinstance(value, CodeType):
        # The docstring of a nested function cannot be told from its other constants.
        return digest(value, None)
    try:
        return digest_plain(value)
    except NotPlainError:
        return repr(value)
