"""kedro-dagster: a project's pipeline as a job of Dagster."""

from __future__ import annotations

import json
from pathlib import Path

from ..environment import environment
from ..project import make_project


def check(folder: Path) -> str:
    """Scaffold the integration by the plugin's command, and run the job that it makes in Dagster."""
    where = environment("plugin-dagster", "kedro-dagster==0.8.1", "kedro-datasets[pandas,json]")
    project = make_project(where, folder)
    where.run("deodar", "dagster", "init", "--env", "local", cwd=project)
    assert (project / "src" / "shop" / "definitions.py").exists()
    home = folder / "dagster"
    home.mkdir()
    said = json.loads(where.python("run_dagster.py", cwd=project, DAGSTER_HOME=str(home)).splitlines()[-1])
    assert said == {
        "success": True,
        "assets": ["double", "numbers", "total"],
        "steps": ["after_pipeline_run_hook_default", "before_pipeline_run_hook_default", "double", "total"],
        "total": {"total": 60.0},
        "kedro": "deodar",
    }, said
    return "its commands work, and Dagster runs the pipeline as a job"
