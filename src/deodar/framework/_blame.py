"""Where in a project an error came from."""

import traceback
from pathlib import Path


def project_line(error: BaseException, source: str) -> str | None:
    """Return ``file:line`` of the innermost frame of an error that lies in a file or folder, or None."""
    if isinstance(error, SyntaxError) and error.filename and _is_within(error.filename, source):
        return f"{error.filename}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    inner = next((frame for frame in reversed(frames) if _is_within(frame.filename, source)), None)
    return inner and f"{inner.filename}:{inner.lineno}"


def _is_within(filename: str, source: str) -> bool:
    path = Path(filename)
    return path == Path(source) or Path(source) in path.parents
