"""Dataset-name patterns."""

from __future__ import annotations

import subprocess
import sys

_CODE = """
import sys
from deodar.io._patterns import fields_of

assert fields_of("{ns}.{x}@pandas", "Europe.flights@pandas") == {"ns": "Europe", "x": "flights"}
print("parse" in sys.modules)
"""


def test_patterns_of_text_and_names_alone_need_no_parser() -> None:
    done = subprocess.run([sys.executable, "-c", _CODE], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False"
