"""Environment variables: each one has two spellings, ``KEDRO_X`` and ``DEODAR_X``."""

import os

# The spelling of the name under which the tree is loaded wins.
_PREFIXES = ("KEDRO", "DEODAR") if __name__.partition(".")[0] == "kedro" else ("DEODAR", "KEDRO")


def read(name: str) -> str | None:
    """Return the value of ``KEDRO_<name>`` or ``DEODAR_<name>``, or None where neither says anything."""
    for prefix in _PREFIXES:
        if value := os.environ.get(f"{prefix}_{name}"):
            return value
    return None
