"""The page of runs in a real browser, beside real runs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

pytestmark = pytest.mark.browser

PYPROJECT = '[tool.deodar]\npackage_name = "shop"\nproject_name = "Shop"\ndeodar_init_version = "0.1.0"\n'
# The node that waits goes on when the test says so; the failing one bears what could be taken for markup.
REGISTRY = """
import os
from deodar.pipeline import Pipeline, node

def first():
    return 1

def wait(x):
    with open("gate") as gate:
        return gate.read()

def fail(x):
    raise ValueError("<img src=x onerror=alert(1)>")

def register_pipelines():
    begin = node(first, None, "x", name="begin")
    return {
        "__default__": Pipeline([begin, node(wait, "x", "y", name="wait")]),
        "bad": Pipeline([begin, node(fail, "x", "y", name="fail"), node(wait, "y", "z", name="after")]),
    }
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "src" / "shop").mkdir(parents=True)
    for env in ("base", "local"):
        (root / "conf" / env).mkdir(parents=True)
    (root / "conf" / "base" / "catalog.yml").write_text("{}")
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / "src" / "shop" / "__init__.py").touch()
    (root / "src" / "shop" / "pipeline_registry.py").write_text(REGISTRY)
    os.mkfifo(root / "gate")
    return root


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "deodar", *arguments]


@pytest.fixture
def address(project: Path, browser: Chrome) -> Iterator[str]:
    """Serve the page; return where. The page is left before the server ends, which it would have to report."""
    server = subprocess.Popen(command("ui", "--no-open", "--port", "0"), cwd=project, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield server.stdout.readline().split(": ", 1)[1].split(" ")[0]
        browser.get("about:blank")
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture
def until(browser: Chrome) -> Callable[[str, str], None]:
    """Return a function that waits until the text of an element contains something."""

    def wait(selector: str, text: str) -> None:
        script = "return document.querySelector(arguments[0])?.textContent ?? ''"
        WebDriverWait(browser, 60, 0.05).until(
            lambda chrome: text in chrome.execute_script(script, selector), f"{text!r} in {selector!r}"
        )

    return wait


def test_a_run_is_shown_from_its_start_to_its_end(
    browser: Chrome, address: str, project: Path, until: Callable[[str, str], None]
) -> None:
    browser.get(address)
    until("#link", "live")
    until("main", "No run was recorded yet")
    run = subprocess.Popen(command("run"), cwd=project, stdout=subprocess.DEVNULL)
    until('tr[data-task="begin"]', "done")
    until('tr[data-task="wait"]', "running")
    until("main h2", "running")
    (project / "gate").write_text("go")
    assert run.wait(60) == 0
    until("main h2", "completed")
    until("#counts", "2 run of 2")
    assert len(browser.find_elements(By.CSS_SELECTOR, "svg rect")) == 2


def test_a_failure_is_shown_as_text_with_its_traceback(
    browser: Chrome, address: str, project: Path, until: Callable[[str, str], None]
) -> None:
    subprocess.run(command("run", "--pipelines", "bad", "--on-error", "continue"), cwd=project, capture_output=True)
    browser.get(address)
    until("main h2", "failed")
    until('tr[data-task="fail"]', "<img src=x onerror=alert(1)>")
    until('tr[data-task="after"]', "fail failed")
    assert browser.find_elements(By.CSS_SELECTOR, "main img") == []
    # In one step: what stands there may be drawn again between finding and clicking.
    browser.execute_script("document.querySelector('tr[data-task=fail]').click()")
    until("pre", "pipeline_registry.py")


def test_a_run_that_was_killed_says_so(
    browser: Chrome, address: str, project: Path, until: Callable[[str, str], None]
) -> None:
    browser.get(address)
    until("#link", "live")
    run = subprocess.Popen(command("run"), cwd=project, stdout=subprocess.DEVNULL)
    until('tr[data-task="wait"]', "running")
    run.kill()
    run.wait(20)
    until("main h2", "killed")
    until('tr[data-task="wait"]', "killed")
