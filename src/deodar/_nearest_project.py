"""Whose project a folder is in, found out before anything is imported."""

import os


def nearest_project(folder: str) -> str | None:
    """Return whose project a folder is in: ``"deodar"``, ``"kedro"`` or nobody's."""
    # os.path rather than pathlib, whose import costs as much as everything else that the console script needs.
    while True:
        try:
            with open(os.path.join(folder, "pyproject.toml"), encoding="utf-8") as file:  # noqa: PTH118, PTH123
                text = file.read()
        except (OSError, ValueError):
            text = ""
        for name in ("deodar", "kedro"):
            if f"[tool.{name}]" in text:
                return name
        parent = os.path.dirname(folder)  # noqa: PTH120
        if parent == folder:
            return None
        folder = parent
