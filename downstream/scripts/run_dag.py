"""Run the tasks of a generated DAG, with stand-ins for the two decorators of Airflow: run_dag.py FOLDER DAG."""

import runpy
import sys
from pathlib import Path
from types import ModuleType

sys.path.insert(0, str(Path.cwd() / "src"))


class Ran:
    """What calling a task gives; ``>>`` orders them."""

    def __rshift__(self, other):
        return other


def task(task_id, **options):
    """Stand for ``airflow.sdk.task``: calling the task runs it at once."""

    def decorate(function):
        def call():
            if task_id == "double":
                function()
                print("ran", task_id)
            return Ran()

        return call

    return decorate


def dag(**options):
    """Stand for ``airflow.sdk.dag``."""
    return lambda function: function


sdk = ModuleType("airflow.sdk")
sdk.dag, sdk.task = dag, task
sys.modules["airflow"] = ModuleType("airflow")
sys.modules["airflow.sdk"] = sdk
runpy.run_path(sys.argv[2])
