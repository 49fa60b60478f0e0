"""kedro-boot: a program runs a project's pipeline again and again, with other inputs and parameters."""

from __future__ import annotations

import json
from pathlib import Path

from ..environment import environment
from ..project import make_project


def check(folder: Path) -> str:
    """Run the project by its command, which the plugin's hook takes part in, and from a program."""
    # What the plugin imports but does not ask for itself is named too.
    where = environment("plugin-boot", "kedro-boot==0.3.0", "importlib-metadata", "kedro-datasets[pandas,json]")
    project = make_project(where, folder)
    assert "Completed 2 out of 2 tasks" in where.run("deodar", "run", cwd=project)
    commands = where.run("deodar", "boot", "--help", cwd=project)
    assert all(name in commands for name in ("compile", "fastapi", "run"))
    compiled = where.run("deodar", "boot", "compile", cwd=project)
    assert "Loading data from numbers" not in compiled
    said = json.loads(where.python("boot_app.py", cwd=project).splitlines()[-1])
    assert said == {"totals": [{"total": 60.0}, {"total": 30.0}], "kedro": "deodar"}, said
    return "its commands work, and a program runs the pipeline with inputs and parameters of its own"
