"""The door to optional packages: imported when first needed, and missed with advice."""

import importlib
import importlib.util
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..io.core import DatasetError

# What each extra of this distribution installs, by the names that are imported.
_EXTRAS = {
    "pandas": ("pandas", "pyarrow", "openpyxl", "sqlalchemy"),
    "polars": ("polars",),
    "plots": ("matplotlib", "plotly"),
    "numpy": ("numpy",),
}


def package(name: str) -> Any:
    """Import an optional package.

    Args:
        name: dotted name of the module.

    Raises:
        DatasetError: it is not installed; the message says what to install.
    """
    with advising():
        return importlib.import_module(name)


def check_installed(name: str) -> None:
    """Look for an optional package without importing it, which may take a second.

    Raises:
        DatasetError: it is not installed; the message says what to install.
    """
    if name in sys.modules:
        found = sys.modules[name] is not None
    else:
        found = importlib.util.find_spec(name) is not None
    if not found:
        raise DatasetError(_advice(name, f"The package '{name}' is not installed"))


@contextmanager
def advising() -> Iterator[None]:
    """Turn an optional package that is found missing inside, such as an engine of pandas, into advice.

    Raises:
        DatasetError: the message says what to install.
    """
    try:
        yield
    except ImportError as exc:
        reason = str(exc)
        for name in _wanted_by(exc):
            raise DatasetError(_advice(name, reason.rstrip("."))) from exc
        raise


def _wanted_by(error: ImportError) -> Iterator[str]:
    said = set(re.findall(r"\w+", f"{error.name} {error}".lower()))
    return (name for names in _EXTRAS.values() for name in names if name in said)


def _advice(name: str, reason: str) -> str:
    extra = next(extra for extra, names in _EXTRAS.items() if name in names)
    return f"{reason}. Try: pip install 'deodar[{extra}]'"
