"""What the tests of the contract share: under which name the package is loaded, and the name of a project's package."""

from __future__ import annotations

import importlib
import os
from typing import Any

PACKAGE = os.environ.get("DEODAR_TEST_PACKAGE", "deodar")
FAKE = "fake_package"


def load(name: str) -> Any:
    """Return a module of the package under test."""
    return importlib.import_module(f"{PACKAGE}.{name}")
