"""What a command says, as far as it can be said without click."""

import warnings
from pathlib import Path

PACKAGE_FOLDER = str(Path(__file__).resolve().parents[2])

_python_formatwarning = warnings.formatwarning


def plain_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
) -> str:
    """Format a warning: one of ours without the place in our code, which tells a user nothing."""
    if filename.startswith(PACKAGE_FOLDER):
        return f"Warning: {message}\n"
    return _python_formatwarning(message, category, filename, lineno, line)


def refusal(message: str) -> Exception:
    """Return the ``KedroCliError`` with a message for the user."""
    # Imported here: the error is one of click's, which only a command that fails has to load.
    from ._errors import KedroCliError

    return KedroCliError(message)
