"""kedro-viz: its hooks record runs, ``viz build`` makes the site, and a browser shows the graph."""

from __future__ import annotations

import functools
import http.server
import json
import shutil
import subprocess
import threading
from pathlib import Path

from ..environment import environment
from ..project import make_project

REQUIREMENTS = ("kedro-viz", "kedro-datasets[pandas]")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def check(folder: Path) -> str:
    """Run the project, look at what was recorded, build the site and open it if there is a browser."""
    where = environment("plugin-viz", *REQUIREMENTS)
    project = make_project(where, folder)
    where.run("kedro", "run", cwd=project)
    events = json.loads((project / ".viz" / "kedro_pipeline_events.json").read_text())
    nodes = [event["node"] for event in events if event["event"] == "after_node_run"]
    assert nodes == ["double", "total"], nodes
    assert events[-1]["event"] == "after_pipeline_run"
    assert "numbers" in json.loads((project / ".viz" / "stats.json").read_text())
    where.run("kedro", "viz", "build", cwd=project)
    graph = json.loads((project / "build" / "api" / "main").read_text())
    names = {node["name"] for node in graph["nodes"]}
    assert {"double", "total", "numbers"} <= names
    where.run("kedro", "viz", "run", "--save-file", "saved", "--lite", "--no-browser", "--help", cwd=project)
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        return "runs are recorded, the site is built (no browser to open it)"
    shown = page_of(browser, project / "build")
    assert "pipeline-node" in shown and ">double<" in shown.replace("Double", "double"), shown[:2000]
    return "runs are recorded, the site is built, a browser shows the graph"


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing of it."""

    def log_message(self, *arguments: object) -> None:
        """Keep the terminal for the recipes' results."""


def page_of(browser: str, site: Path) -> str:
    """Return the page as the browser has it after its scripts ran."""
    handler = functools.partial(QuietHandler, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, name="site", daemon=True).start()
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=20000", "--dump-dom"]
        address = f"http://127.0.0.1:{server.server_port}/"
        done = subprocess.run([browser, *options, address], capture_output=True, text=True, timeout=180)
        server.shutdown()
    return done.stdout
