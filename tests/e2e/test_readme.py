"""The README does what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def test_the_example_runs_as_printed(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    script = tmp_path / "example.py"
    script.write_text(code)
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "2.33", done.stderr
    assert len(code.strip().splitlines()) <= 20


def test_every_page_that_is_linked_is_there() -> None:
    pages = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert pages
    assert [page for page in pages if not (ROOT / page).exists()] == []


def test_both_commands_are_in_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert all(f"\n{target}:" in makefile for target in ("demo", "test"))
