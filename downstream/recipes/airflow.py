"""kedro-airflow: a project becomes a DAG, and the tasks of the DAG run."""

from __future__ import annotations

from pathlib import Path

from ..environment import small_environment
from ..project import make_project


def check(folder: Path) -> str:
    """Generate DAGs in each grouping, then run the tasks of one with a stand-in for Airflow's decorators."""
    where = small_environment()
    project = make_project(where, folder)
    assert "kedro_airflow: " in where.run("kedro", "info", cwd=project)
    assert "airflow" in where.run("python", "-m", "deodar", "--help", cwd=project, DEODAR_DROPIN="")
    where.run("kedro", "airflow", "create", "--target-dir", "dags", cwd=project)
    dag = (project / "dags" / "shop_dag.py").read_text()
    assert 'tasks["double"] >> tasks["total"]' in dag
    where.run("kedro", "airflow", "create", "-t", "grouped", "--group-by", "memory", "--tags", "light", cwd=project)
    assert (project / "grouped" / "shop_dag.py").exists()
    # The whole of Airflow is too much to install for two decorators.
    ran = where.python("run_dag.py", str(project / "grouped"), str(project / "dags" / "shop_dag.py"), cwd=project)
    assert "ran double" in ran
    return "DAGs are generated, grouped, and their tasks run"
