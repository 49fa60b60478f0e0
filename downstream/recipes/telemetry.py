"""kedro-telemetry: silent unless the project agreed, and working where it did."""

from __future__ import annotations

from pathlib import Path

from ..environment import small_environment
from ..project import make_project

# Noted when something is to be sent; nothing ever leaves the machine.
SPY = """
import os, sys, requests

def note(text):
    with open(os.environ["SPY"], "a") as file:
        file.write(text + "\\n")

class Spy:
    def find_spec(self, name, path=None, target=None):
        if name == "kedro_telemetry.plugin":
            note("imported")

sys.meta_path.insert(0, Spy())
requests.post = lambda *arguments, **named: note(f"posted {named}")
"""


def check(folder: Path) -> str:
    """Run a project without a word about telemetry, with a no, with a yes, and with a yes and the variable."""
    where = small_environment()
    project = make_project(where, folder)
    (folder / "site").mkdir()
    (folder / "site" / "sitecustomize.py").write_text(SPY)

    def run_and_look(consent: str | None, **variables: str) -> str:
        (project / ".telemetry").unlink(missing_ok=True)
        if consent is not None:
            (project / ".telemetry").write_text(f"consent: {consent}\n")
        noted = folder / "noted"
        noted.write_text("")
        where.run("kedro", "run", cwd=project, PYTHONPATH=str(folder / "site"), SPY=str(noted), **variables)
        return noted.read_text()

    for consent in (None, "false"):
        assert run_and_look(consent) == "", f"telemetry woke up with consent {consent}"
    assert "posted" not in run_and_look("true", DO_NOT_TRACK="1")
    assert "posted" not in run_and_look("true", KEDRO_DISABLE_TELEMETRY="1")
    told = run_and_look("true")
    assert "Kedro Project Statistics" in told, told
    return "not even imported unless .telemetry says yes; obeys the variables; works when wanted"
