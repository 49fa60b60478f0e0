"""The page of runs as a process of its own."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

PYPROJECT = '[tool.deodar]\npackage_name = "shop"\nproject_name = "Shop"\ndeodar_init_version = "0.1.0"\n'


def test_an_interrupt_ends_it_without_an_error_while_a_page_listens(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / "src" / "shop").mkdir(parents=True)
    command = [sys.executable, "-m", "deodar", "ui", "--no-open", "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        address = re.search(r"http://\S+", server.stdout.readline())
        assert address is not None
        with urllib.request.urlopen(f"{address[0]}/api/events") as events:
            assert events.readline() == b"id: 0\n"
            server.send_signal(signal.SIGINT)
            _, errors = server.communicate(timeout=60)
    assert (server.returncode, errors) == (0, "")
