"""Whether kedro-telemetry may speak.

Kedro's distribution requires that plugin, so it is often installed by nobody's wish, and it sends unless it is told
not to. Here it is loaded only for a project whose file ``.telemetry`` says ``consent: true``.
"""

import re
from pathlib import Path

from ..utils import find_kedro_project
from ._installed import has_plugins

ENTRY_POINT = "kedro-telemetry"
_CONSENT = r"(?im)^\s*consent\s*:\s*['\"]?(true|yes|on)['\"]?\s*(#.*)?$"


def has_consent() -> bool:
    """Tell whether the project of the current folder has agreed to telemetry."""
    try:
        root = find_kedro_project(Path.cwd())
        return root is not None and bool(re.search(_CONSENT, (root / ".telemetry").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        # No folder, no file, or none that can be read: nobody has agreed.
        return False


def is_unwanted(group: str) -> bool:
    """Tell whether the plugin has an entry point in a group, and nobody has agreed to it."""
    if not has_plugins(group):
        return False
    # Imported here: it is slow to import, and only environments with plugins come here.
    from importlib.metadata import entry_points

    return bool(entry_points(group=group, name=ENTRY_POINT)) and not has_consent()
